"""Jobs and health over the API."""

import pytest
from django.db import connection

from gallery import heartbeat, jobs
from gallery.models import Role
from tests.api.client import ApiClient
from tests.factories import make_user, unique_jpeg

pytestmark = pytest.mark.django_db


def test_jobs_count_owed_work_and_tell_when_all_is_done() -> None:
    api = ApiClient(make_user())
    assert api.get("jobs").json()["idle"]
    api.upload(unique_jpeg())

    body = api.get("jobs").json()
    assert body["stages"]["analyse"]["owed"] == 1
    assert not body["idle"]


def test_work_that_only_waits_for_the_model_does_not_keep_the_library_busy() -> None:
    api = ApiClient(make_user())
    photo_id = api.upload(unique_jpeg()).json()["id"]
    (job,) = jobs.claim(stage="analyse", limit=1)
    with jobs.finishing(job):
        jobs.owe(photo_ids=[photo_id], stage="embed")

    body = api.get("jobs").json()
    assert body["stages"]["embed"]["owed"] == 1
    assert body["stages"]["embed"]["unavailable"]
    assert body["idle"]


def test_a_paused_stage_leaves_the_library_idle_and_is_shown_as_paused() -> None:
    api = ApiClient(make_user(role=Role.MODERATOR))
    api.upload(unique_jpeg())

    body = api.post("jobs/analyse/pause").json()
    assert body["stages"]["analyse"]["paused"]
    assert body["idle"]

    assert not api.post("jobs/analyse/resume").json()["idle"]


def test_only_moderators_pause_and_only_what_there_is() -> None:
    assert ApiClient(make_user()).post("jobs/analyse/pause").status_code == 403
    assert ApiClient(make_user(role=Role.MODERATOR)).post("jobs/nothing/pause").status_code == 404


def test_health_is_503_and_names_the_queues_while_no_worker_lives() -> None:
    answer = ApiClient(make_user()).get("health")

    assert answer.status_code == 503
    assert "analyse" in answer.json()["workers"]["detail"]
    assert answer.json()["database"]["ok"]
    assert answer.json()["redis"]["ok"]
    assert answer.json()["storage"]["ok"]


def test_health_is_200_but_degraded_without_a_model() -> None:
    heartbeat.beat(heartbeat.redis_client(), ["analyse", "embed", "match", "query", "sweep"])
    answer = ApiClient(make_user()).get("health")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert not answer.json()["model"]["ok"]


def test_health_names_a_database_without_the_extension() -> None:
    heartbeat.beat(heartbeat.redis_client(), ["analyse", "embed", "match", "query", "sweep"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_extension SET extname = 'other' WHERE extname = 'vector'")
    answer = ApiClient(make_user()).get("health")

    assert answer.status_code == 503
    assert "pgvector" in answer.json()["database"]["detail"]


def test_strangers_learn_which_part_fails_but_not_why() -> None:
    body = ApiClient().get("health").json()

    assert not body["workers"]["ok"]
    assert {body[part]["detail"] for part in ("database", "redis", "workers", "storage", "model")} == {""}


def test_the_openapi_description_lists_the_contract() -> None:
    paths = ApiClient().get("openapi.json").json()["paths"]

    for path in (
        "photos",
        "photos/check",
        "photos/{photo_id}",
        "photos/{photo_id}/similar",
        "search/image",
        "jobs",
    ):
        assert f"/api/v1/{path}" in paths
