"""Numbers for Prometheus: who may read them, and that they are right."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from dedup.models import Group, GroupStatus
from gallery import alive, heartbeat, jobs
from gallery.models import PhotoState, Role
from gallery.requestmeter import RequestMeter
from gallery.trash import trash_photos
from tests.factories import make_photo, make_user, upload

pytestmark = pytest.mark.django_db
QUERIES_AT_MOST = 20


def read(client: Client) -> dict[str, dict[tuple[str, ...], float]]:
    """Sample name -> label values -> value."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_user(role=Role.ADMIN))
    return client


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.UPLOADER, Role.MODERATOR])
def test_others_may_not_read_them(role: Role | None) -> None:
    client = Client()
    if role is not None:
        client.force_login(make_user(role=role))
    answer = client.get("/metrics")

    assert answer.status_code == 401
    assert b"likeness_" not in answer.content


def test_a_program_reads_them_with_the_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = "a long secret"
    right = Client().get("/metrics", headers={"Authorization": "Bearer a long secret"})

    assert right.status_code == 200
    assert right.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize(
    ("known", "sent"),
    [
        ("", "Bearer "),
        ("", "Bearer x"),
        ("secret", "Bearer secre"),
        ("secret", "Basic secret"),
        ("secret", "Bearer ü"),
    ],
)
def test_a_wrong_token_opens_nothing(settings: Settings, known: str, sent: str) -> None:
    settings.METRICS_TOKEN = known
    assert Client().get("/metrics", headers={"Authorization": sent}).status_code == 401


@pytest.mark.parametrize(
    ("allowed", "address", "status"),
    [(False, "127.0.0.1", 401), (True, "127.0.0.1", 200), (True, "::1", 200), (True, "203.0.113.9", 401)],
)
def test_this_machine_may_read_them_where_that_is_set(
    settings: Settings, allowed: bool, address: str, status: int
) -> None:
    settings.METRICS_FROM_THIS_MACHINE = allowed
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == status


def test_only_reading_is_possible(admin: Client) -> None:
    assert admin.post("/metrics").status_code == 405


def test_stages_and_photos_are_counted(admin: Client) -> None:
    owner = make_user()
    photos = [upload(owner).photo for _ in range(3)]
    make_photo(owner, state=PhotoState.DAMAGED)
    (job,) = jobs.claim(stage="analyse", limit=1)
    with jobs.finishing(job, seconds=2.5):
        pass
    (job,) = jobs.claim(stage="analyse", limit=1)
    jobs.fail(job, "It is broken.", final=True)
    trash_photos(photos=photos[2:], by=owner)

    found = read(admin)
    assert found["likeness_jobs"]["analyse", "owed"] == 1
    assert found["likeness_jobs"]["analyse", "failed"] == 1
    assert found["likeness_jobs"]["embed", "running"] == 0
    assert found["likeness_jobs_done_total"]["analyse",] == 1
    assert found["likeness_jobs_seconds_total"]["analyse",] >= 2.5
    assert found["likeness_jobs_oldest_due_seconds"]["analyse",] > 0
    assert found["likeness_stage_available"] == {("analyse",): 1, ("embed",): 0, ("match",): 1, ("group",): 1}
    assert found["likeness_photos"]["damaged",] == 1
    assert found["likeness_photos"]["processing",] == 2
    assert found["likeness_trash_photos"][()] == 1
    assert found["likeness_trash_bytes"][()] == photos[2].file_size


def test_other_apps_add_their_numbers(admin: Client) -> None:
    Group.objects.create(kind="crop", confidence=0.9, status=GroupStatus.OPEN)

    assert read(admin)["likeness_duplicate_groups"] == {("open",): 1, ("resolved",): 0, ("dismissed",): 0}


def test_workers_and_the_scheduler_are_counted(admin: Client) -> None:
    client = heartbeat.redis_client()
    heartbeat.beat(client, ["analyse", "match"])
    heartbeat.beat(client, [], alive.SCHEDULER_PREFIX)

    found = read(admin)
    assert found["likeness_workers"] == {("analyse",): 1, ("embed",): 0, ("match",): 1}
    assert found["likeness_schedulers"][()] == 1


def test_requests_are_shown_as_a_histogram(admin: Client) -> None:
    meter = RequestMeter()
    meter.start()
    for seconds in (0.01, 0.2, 60.0):
        meter.record("GET", "login", 200, seconds)
    meter.stop()

    found = read(admin)
    assert found["likeness_requests_total"]["GET", "login", "200"] == 3
    took: Mapping[tuple[str, ...], Any] = found["likeness_request_seconds_bucket"]
    assert [took[end, "login"] for end in ("0.025", "0.1", "0.25", "10.0", "+Inf")] == [1, 1, 2, 2, 3]
    assert found["likeness_request_seconds_count"]["login",] == 3
    assert found["likeness_request_seconds_sum"]["login",] == pytest.approx(60.21)


def test_without_redis_the_rest_is_still_there(admin: Client, settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nothing.sock"
    found = read(admin)

    assert found["likeness_redis_up"][()] == 0
    assert found["likeness_photos"]["ready",] == 0
    assert "likeness_workers" not in found


def test_the_number_of_queries_does_not_grow(admin: Client) -> None:
    owner = make_user()
    for _ in range(5):
        upload(owner)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        read(admin)
    assert len(queries) <= QUERIES_AT_MOST
