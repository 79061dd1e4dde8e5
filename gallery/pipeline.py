"""The stages of a photo's way, as settings list them, and running one on claimed jobs."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from functools import cache, partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError
from redis import RedisError

from gallery import jobs
from gallery.celery import app
from gallery.failure_words import in_words
from gallery.heartbeat import redis_client
from gallery.logs import log_context
from gallery.models import Job, Photo, PhotoQuerySet, PhotoState, Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from redis import Redis

logger = logging.getLogger(__name__)
step_logger = logging.getLogger("gallery.steps")

RUN_STAGE_TASK = "gallery.tasks.run_stage"
# Waiting messages that are enough to wake every worker of a stage; each worker takes work until there is none.
WAKES_MAX = 64


class Stage(ABC):
    """One step of a photo's way. Subclasses name themselves and do the work in `run`."""

    name: str
    queue: str
    batch_size = 1
    #: The stages after each of which this one is owed to a photo. It uses what the first of them has made.
    after: tuple[str, ...] = ()
    #: Whether it only runs when no other stage has work: nobody waits for its result.
    runs_last = False
    #: Whether a photo on which this stage failed for good counts as failed itself.
    decides_photo = False

    def unavailable(self) -> str:
        """Why the stage cannot run anywhere now and what to do, in one sentence; empty when it can."""
        return ""

    def outdated(self) -> PhotoQuerySet:
        """Analysed photos for which this stage's result is missing or was made by an older version."""
        return Photo.objects.none()

    @abstractmethod
    def run(self, claimed: Sequence[Job]) -> None:
        """Do the work of each job, ending it by `jobs.finishing` or `fail_job`."""


@cache
def stages() -> dict[str, Stage]:
    """All stages by name, in the order of settings.STAGES."""
    loaded: list[Stage] = [import_string(path)() for path in settings.STAGES]
    return {stage.name: stage for stage in loaded}


def first_stage() -> Stage:
    return next(iter(stages().values()))


def owe_stage(stage: str, photo_ids: Iterable[int], priority: int = Priority.PERSON) -> None:
    """Owe a stage and, once that is committed, wake a worker for it."""
    jobs.owe(photo_ids=photo_ids, stage=stage, priority=priority)
    transaction.on_commit(partial(wake, stage))


def owe_followers(job: Job) -> None:
    """Owe what follows the stage of `job`; call it in the transaction that ends the job."""
    for stage in stages_after(job.stage):
        owe_stage(stage.name, [job.photo_id], Priority.REINDEX if stage.runs_last else job.priority)


def stages_after(name: str) -> list[Stage]:
    """The stages that are owed to a photo when the stage `name` is done for it."""
    return [stage for stage in stages().values() if name in stage.after]


def wake(stage: str) -> None:
    """Tell the workers of a stage that there is work. Should Redis be away, the sweep tells them later.

    Messages that nobody has taken yet tell the same, so beyond WAKES_MAX no more are added: a large import would
    leave one for each photo, and workers would go through them long after the work is done.
    """
    queue = stages()[stage].queue
    try:
        if redis().llen(queue) < WAKES_MAX:
            app.send_task(RUN_STAGE_TASK, args=[stage], queue=queue, retry=False, ignore_result=True)
    except (OperationalError, RedisError) as error:
        logger.warning("Redis cannot be reached (%s); stage %s starts with the next sweep.", error, stage)


@cache
def redis() -> Redis:
    """This process's client of the Redis that carries the messages."""
    return redis_client()


def fail_job(job: Job, reason: str, *, final: bool = False) -> None:
    """Record a failed attempt; after the last one the photo itself says what is wrong with it."""
    with transaction.atomic():
        if jobs.fail(job, reason, final=final) and stages()[job.stage].decides_photo:
            mark_failed([job.photo_id], reason)


def mark_failed(photo_ids: Sequence[int], reason: str) -> None:
    Photo.objects.filter(pk__in=photo_ids, state=PhotoState.PROCESSING).update(
        state=PhotoState.FAILED, state_reason=reason[: jobs.MAX_ERROR_CHARS]
    )


def run_batch(stage: Stage) -> int:
    """Claim one batch of a stage and run it. Returns how many jobs were claimed."""
    claimed = jobs.claim(stage=stage.name, limit=stage.batch_size)
    if claimed:
        with log_context(
            stage=stage.name, jobs=[job.pk for job in claimed], photos=[job.photo_id for job in claimed]
        ):
            run_claimed(stage, claimed)
    return len(claimed)


def run_claimed(stage: Stage, claimed: Sequence[Job]) -> None:
    """Run a stage on claimed jobs and log how long it took.

    This is the job boundary: whatever goes wrong in a stage is recorded on the jobs that it did not end.
    """
    started = time.monotonic()
    try:
        stage.run(claimed)
    except jobs.LeaseLost as error:
        logger.warning("%s", error)
        jobs.give_back(unfinished(claimed))
    except Exception as error:
        logger.exception("Stage %s failed", stage.name)
        for job in unfinished(claimed):
            fail_job(job, in_words(error))
    seconds = round(time.monotonic() - started, 3)
    step_logger.info("Stage %s ran", stage.name, extra={"details": {"seconds": seconds}})


def unfinished(claimed: Sequence[Job]) -> list[Job]:
    """Those of the claimed jobs that this worker still holds."""
    held = {(job.pk, job.attempts): job for job in claimed}
    rows = Job.objects.filter(pk__in=[job.pk for job in claimed], worker=jobs.worker_name())
    return [held[row.pk, row.attempts] for row in rows if (row.pk, row.attempts) in held]


def sweep() -> None:
    """Take up what dead workers left, fail what nobody can do, and wake workers for all that is due."""
    jobs.release_dead_workers()
    for job in jobs.fail_abandoned():
        if job.stage in stages() and stages()[job.stage].decides_photo:
            mark_failed([job.photo_id], job.error or jobs.WORKER_DIED)
    for name in jobs.stages_with_due_work():
        if name in stages() and not stages()[name].unavailable():
            wake(name)


def retry_failed(*, photo_ids: Sequence[int] | None = None, stage: str | None = None) -> int:
    """Start failed jobs afresh and wake their workers. Returns how many."""
    with transaction.atomic():
        count = jobs.retry(photo_ids=photo_ids, stage=stage)
        for name in [stage] if stage else list(stages()):
            transaction.on_commit(partial(wake, name))
    return count


def pause(*, stage: str) -> None:
    """Take up no more work of a stage; what runs is finished."""
    jobs.set_paused(stage=stage, paused=True)


def resume(*, stage: str) -> None:
    """Go on with a paused stage."""
    with transaction.atomic():
        jobs.set_paused(stage=stage, paused=False)
        transaction.on_commit(partial(wake, stage))


def is_idle() -> bool:
    """Whether no stage that can run has work, due now or after a back-off."""
    return not any(
        (count.owed and not count.paused and not stages()[name].unavailable()) or count.running
        for name, count in jobs.counts().items()
        if name in stages()
    )


def stage_states(photo: Photo) -> dict[str, dict[str, str]]:
    """Per stage of a photo: state (done, owed, running, failed, waiting, none) and the error or reason."""
    rows = {job.stage: job for job in photo.jobs.all()}
    states: dict[str, dict[str, str]] = {}
    for name, stage in stages().items():
        states[name] = stage_state(photo, stage, rows)
    return states


def stage_state(photo: Photo, stage: Stage, rows: dict[str, Job]) -> dict[str, str]:
    """The state of one stage of a photo, given all of its owed jobs by stage."""
    job = rows.get(stage.name)
    if job is None:
        if stage.after and stage.after[0] in rows:
            return {"state": "waiting", "detail": "Waits for the stages before it."}
        done = photo.is_analysed or stage is first_stage()
        return {"state": "done" if done else "none", "detail": ""}
    if job.failed_at:
        return {"state": "failed", "detail": job.error}
    if job.worker:
        return {"state": "running", "detail": ""}
    return {"state": "owed", "detail": stage.unavailable() or job.error}
