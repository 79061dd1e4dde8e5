"""An import of many files: how far it is, what became of it, and that what a person uploads goes before it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client

from gallery import jobs, pipeline
from gallery.analyse import AnalyseStage
from gallery.batch import BatchProgress, progress_of, told
from gallery.failure_words import MISSING_FILE, NO_DATABASE, in_words
from gallery.heartbeat import beat, redis_client
from gallery.importing import import_files
from gallery.models import Job, Photo, Priority, User
from gallery.storage import StorageFull
from tests.factories import make_user, plain_jpeg, unique_jpeg, upload

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer() -> User:
    return make_user("importer")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one that ends early and one that is none behind its first bytes."""
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(unique_jpeg())
    (tmp_path / "c.jpg").write_bytes(plain_jpeg(size=(800, 600))[:-4000])
    (tmp_path / "d.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"no picture" * 100)
    return tmp_path


def imported(owner: User, folder: Path) -> list[int]:
    *_, counts = import_files(
        owner=owner, files=[(file, "") for file in sorted(folder.iterdir())], tags=[], folders_as_albums=False
    )
    return counts.photo_ids


def work(stage: str) -> None:
    while pipeline.run_batch(pipeline.stages()[stage]):
        pass


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, stages: Sequence[str]) -> str:
    """What the command prints when, each time it waits, the next of the stages is done."""
    left = list(stages)
    monkeypatch.setattr("time.sleep", lambda seconds: work(left.pop(0)))
    out = io.StringIO()
    call_command("import", str(folder), user="importer", wait=True, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_waits_until_the_workers_are_through(
    importer: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat(redis_client(), ["analyse", "match"])

    output = run(monkeypatch, folder, ["analyse", "match"])

    assert "0 of 4 photos are through: " not in output
    assert "0 of 4 photos are through" in output
    assert "4 of 4 photos are through: 2 ready, 1 damaged, 1 refused" in output
    assert "wait for the stage embed: " in output


def test_the_command_names_what_failed(importer: User, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(redis_client(), ["analyse"])

    def broken(stage: AnalyseStage, claimed: Sequence[Job]) -> None:
        for job in claimed:
            pipeline.fail_job(job, "The disk was full.", final=True)

    monkeypatch.setattr(AnalyseStage, "run", broken)

    output = run(monkeypatch, folder, ["analyse"])

    assert "4 of 4 photos are through: 4 failed" in output
    assert "b.jpg: The disk was full." in output


def test_the_command_does_not_wait_for_workers_that_are_not_there(
    importer: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="No worker is running"):
        run(monkeypatch, folder, [])
    assert Photo.objects.count() == 4


def test_photos_of_others_do_not_count(importer: User, folder: Path) -> None:
    ids = imported(importer, folder)
    upload(make_user())

    assert told(progress_of(ids)) == "0 of 4 photos are through"


def test_a_paused_stage_is_not_waited_for_and_named(importer: User, folder: Path) -> None:
    ids = imported(importer, folder)
    pipeline.pause(stage="analyse")

    progress = progress_of(ids)

    assert progress.open == 0
    assert progress.waiting == {"analyse": (4, "It is paused.")}


def test_the_time_left_follows_from_the_pace() -> None:
    assert BatchProgress(total=2_000, open=1_500).seconds_left(100) == 300
    assert BatchProgress(total=2_000, open=2_000).seconds_left(100) is None
    assert BatchProgress(total=2_000, open=0).seconds_left(100) is None


def test_a_persons_upload_overtakes_an_import_in_every_stage(importer: User, folder: Path) -> None:
    imported(importer, folder)
    own = upload(make_user()).photo
    seen = []
    for name in ("analyse", "embed", "match"):
        (first,) = jobs.claim(stage=name, limit=1)
        seen.append((name, first.photo_id, first.priority))
        jobs.give_back([first])
        if name == "analyse":
            work(name)

    assert seen == [(name, own.pk, Priority.PERSON) for name in ("analyse", "embed", "match")]
    assert {job.stage for job in Job.objects.filter(priority=Priority.BULK)} == {"embed", "match"}


def test_the_jobs_page_says_what_comes_first(importer: User, folder: Path) -> None:
    imported(importer, folder)
    for _ in range(2):
        upload(importer)
    browser = Client()
    browser.force_login(importer)

    assert "Waiting: 2 of uploads, then 4 of an import." in browser.get("/jobs/").content.decode()


def test_the_jobs_page_says_nothing_of_order_where_there_is_none(importer: User) -> None:
    upload(importer)
    browser = Client()
    browser.force_login(importer)

    assert "Waiting: " not in browser.get("/jobs/").content.decode()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StorageFull(28, "The disk is full."), "The disk is full."),
        (FileNotFoundError(2, "No such file or directory", "/srv/ab"), MISSING_FILE),
        (MemoryError(), "too little memory"),
        (OperationalError("server closed the connection unexpectedly\n\tThis probably"), NO_DATABASE),
        (PermissionError(13, "Permission denied"), "(Permission denied)"),
        (KeyError("phash"), "does not know of. Retry, and look at the worker's log"),
    ],
)
def test_a_failure_is_told_in_words(error: Exception, words: str) -> None:
    told_words = in_words(error)

    assert words in told_words
    assert told_words[0].isupper()
    assert not told_words.startswith((type(error).__name__, "[Errno"))
    assert "etry" in told_words


def test_the_words_stand_on_the_jobs_page(importer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(importer)

    def broken(stage: AnalyseStage, claimed: Sequence[Job]) -> None:
        raise KeyError("phash")

    monkeypatch.setattr(AnalyseStage, "run", broken)
    for _ in range(jobs.MAX_ATTEMPTS):
        Job.objects.update(due_at="2000-01-01T00:00Z")
        pipeline.run_batch(pipeline.stages()["analyse"])
    browser = Client()
    browser.force_login(importer)

    assert "Something went wrong that Likeness does not know of." in browser.get("/jobs/").content.decode()
