"""Work that is owed is done, whatever dies meanwhile."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from gallery import jobs, pipeline
from gallery.models import Job, Photo, PhotoState, Priority, StageStatistics
from tests.factories import make_photo, make_user

STAGE = "analyse"


def owe(*photos: Photo, priority: int = Priority.PERSON) -> None:
    jobs.owe(photo_ids=[photo.pk for photo in photos], stage=STAGE, priority=priority)


def claim_one() -> Job:
    (job,) = jobs.claim(stage=STAGE, limit=1)
    return job


def let_lease_run_out(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        return process.pid


@pytest.mark.django_db
def test_a_claimed_job_is_not_claimed_again() -> None:
    owe(make_photo())

    assert len(jobs.claim(stage=STAGE, limit=5)) == 1
    assert jobs.claim(stage=STAGE, limit=5) == []


@pytest.mark.django_db
def test_a_claim_takes_no_more_than_its_limit() -> None:
    owe(*[make_photo() for _ in range(30)])

    assert [len(jobs.claim(stage=STAGE, limit=2)) for _ in range(15)] == [2] * 15


class FailsOver(pipeline.Stage):
    """Whatever batch the photo is in comes to nothing."""

    name = queue = "match"
    batch_size = 4

    def __init__(self, culprit: Photo) -> None:
        self.culprit = culprit

    def run(self, claimed: Sequence[Job]) -> None:
        if self.culprit in [job.photo for job in claimed]:
            raise ValueError("this photo cannot be done")
        for job in claimed:
            with jobs.finishing(job):
                pass


@pytest.mark.django_db
def test_a_photo_that_always_fails_does_not_take_the_others_of_its_batch_with_it() -> None:
    photos = [make_photo() for _ in range(6)]
    stage = FailsOver(photos[1])
    jobs.owe(photo_ids=[photo.pk for photo in photos], stage=stage.name)

    for _ in range(12):
        Job.objects.update(due_at=timezone.now())
        pipeline.run_batch(stage)

    (left,) = Job.objects.filter(stage=stage.name)
    assert left.photo == stage.culprit
    assert left.failed_at is not None


@pytest.mark.django_db
def test_a_persons_upload_comes_before_a_bulk_import() -> None:
    bulk, urgent = make_photo(), make_photo()
    owe(bulk, priority=Priority.BULK)
    owe(urgent)

    assert claim_one().photo == urgent


@pytest.mark.django_db
def test_finishing_removes_the_job_and_counts_it() -> None:
    owe(make_photo())
    with jobs.finishing(claim_one(), seconds=2.0):
        pass

    assert not Job.objects.exists()
    statistics = StageStatistics.objects.get(stage=STAGE)
    assert statistics.done == 1
    assert statistics.seconds >= 2.0


@pytest.mark.django_db
def test_a_stage_owed_again_while_it_runs_runs_once_more() -> None:
    photo = make_photo()
    owe(photo)
    job = claim_one()
    owe(photo)
    with jobs.finishing(job):
        pass

    again = claim_one()
    assert (again.photo, again.attempts) == (photo, 1)


@pytest.mark.django_db
def test_a_worker_that_lost_its_lease_saves_nothing() -> None:
    photo = make_photo(make_user())
    owe(photo)
    slow = claim_one()
    let_lease_run_out(slow)
    claim_one()

    with pytest.raises(jobs.LeaseLost), jobs.finishing(slow):
        Photo.objects.filter(pk=photo.pk).update(title="from the slow worker")

    assert Photo.objects.get(pk=photo.pk).title == ""


class LosesTheFirst(pipeline.Stage):
    """Ends none of its jobs, because another worker took the first one meanwhile."""

    name = STAGE
    batch_size = 3

    def run(self, claimed: Sequence[Job]) -> None:
        Job.objects.filter(pk=claimed[0].pk).update(worker="elsewhere:1")
        with jobs.finishing(claimed[0]):
            pass


@pytest.mark.django_db
def test_a_lost_lease_frees_the_rest_of_the_batch_at_once() -> None:
    owe(*[make_photo() for _ in range(3)])
    pipeline.run_batch(LosesTheFirst())

    free = jobs.claim(stage=STAGE, limit=3)
    assert [job.attempts for job in free] == [1, 1]


@pytest.mark.django_db
def test_a_failed_attempt_waits_longer_each_time_and_the_third_is_the_last() -> None:
    owe(make_photo())
    waits = []
    for _ in range(jobs.MAX_ATTEMPTS):
        Job.objects.update(due_at=timezone.now())
        before = timezone.now()
        last = jobs.fail(claim_one(), "The disk hiccuped.")
        waits.append(Job.objects.get().due_at - before)

    assert last
    assert waits[0] < waits[1] < waits[2]
    assert Job.objects.get().error == "The disk hiccuped."
    Job.objects.update(due_at=timezone.now())
    assert jobs.claim(stage=STAGE, limit=1) == []


@pytest.mark.django_db
def test_what_a_dead_process_of_this_host_held_is_free_at_once() -> None:
    owe(make_photo())
    job = claim_one()
    host = jobs.worker_name().rsplit(":", 1)[0]
    Job.objects.filter(pk=job.pk).update(worker=f"{host}:{dead_process()}")

    assert jobs.release_dead_workers() == 1
    assert claim_one().pk == job.pk


@pytest.mark.django_db
def test_work_of_a_living_process_is_left_alone() -> None:
    owe(make_photo())
    claim_one()

    assert jobs.release_dead_workers() == 0


@pytest.mark.django_db
def test_a_photo_that_kills_its_worker_three_times_is_shown_as_failed_and_can_be_retried() -> None:
    photo = make_photo(state=PhotoState.PROCESSING)
    owe(photo)
    for _ in range(jobs.MAX_ATTEMPTS):
        let_lease_run_out(claim_one())
    pipeline.sweep()

    photo.refresh_from_db()
    assert photo.state == PhotoState.FAILED
    assert "worker died" in photo.state_reason
    assert jobs.retry(photo_ids=[photo.pk]) == 1
    photo.refresh_from_db()
    assert photo.state == PhotoState.PROCESSING
    assert claim_one().photo == photo


@pytest.mark.django_db
def test_counts_tell_owed_running_failed_and_done() -> None:
    photos = [make_photo() for _ in range(4)]
    owe(*photos)
    with jobs.finishing(claim_one()):
        pass
    jobs.fail(claim_one(), "No.", final=True)
    claim_one()

    counts = jobs.counts()[STAGE]
    assert (counts.owed, counts.running, counts.failed, counts.done) == (1, 1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_many_claimants_share_the_work_without_overlap() -> None:
    owe(*[make_photo() for _ in range(40)])

    def claim_all(_: int) -> list[int]:
        try:
            mine: list[int] = []
            while batch := jobs.claim(stage=STAGE, limit=3):
                mine += [job.pk for job in batch]
            return mine
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        claimed = [pk for ids in pool.map(claim_all, range(4)) for pk in ids]

    assert len(claimed) == len(set(claimed)) == 40
