"""Waking workers: what a message does for many photos."""

from __future__ import annotations

import pytest
import redis
from pytest_django import DjangoCaptureOnCommitCallbacks

from gallery import pipeline
from gallery.heartbeat import redis_client
from gallery.models import Priority
from gallery.pipeline import WAKES_MAX
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
