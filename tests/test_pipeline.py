"""Messages that wake workers, and the tasks that they start."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from gallery import pipeline
from gallery.celery import app
from gallery.heartbeat import redis_client
from gallery.models import Priority
from gallery.pipeline import WAKES_MAX
from gallery.tasks import run_stage
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


def waiting_messages() -> int:
    return redis_client().llen("analyse")


def test_owing_a_stage_wakes_its_workers_once_it_is_committed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    photo = make_photo(make_user())

    with django_capture_on_commit_callbacks(execute=True):
        pipeline.owe_stage("analyse", [photo.pk])
        assert waiting_messages() == 0

    assert waiting_messages() == 1


def test_a_large_import_leaves_no_message_for_each_photo(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    photo = make_photo(make_user())

    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(WAKES_MAX + 5):
            pipeline.owe_stage("analyse", [photo.pk], Priority.BULK)

    assert waiting_messages() == WAKES_MAX


def test_work_is_owed_though_redis_is_away(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = redis.Redis(unix_socket_path="/nowhere/redis.sock")
    monkeypatch.setattr(pipeline, "redis", lambda: away)
    photo = make_photo(make_user())

    with django_capture_on_commit_callbacks(execute=True):
        pipeline.owe_stage("analyse", [photo.pk])

    assert photo.jobs.filter(stage="analyse").exists()
    assert "starts with the next sweep" in caplog.text


def backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end_backend(pid: int) -> None:
    """End another connection's server process, as a restart of the server would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_tasks_share_a_connection_to_the_database_until_it_breaks() -> None:
    assert app.conf.get("CELERY_DB_REUSE_MAX") > 1
    before = [backend_pid()]
    for _ in range(2):
        run_stage.apply(("analyse",), throw=True)
        before.append(backend_pid())
    # One of the two may have been the last that the connection was to serve.
    assert len(set(before)) < len(before)

    first = before[-1]
    with ThreadPoolExecutor(1) as other:
        other.submit(end_backend, first).result()

    run_stage.apply(("analyse",), throw=True)
    assert backend_pid() != first
