"""Owed work: owing it, claiming, finishing, failing, retrying, counting. PostgreSQL is the only truth about it."""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from gallery.models import Job, Photo, PhotoState, Priority, StageStatistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_ATTEMPTS = 3
LEASE = timedelta(minutes=2)  # Longer than any batch takes; a dead host's work is taken up after it.
BACK_OFF = timedelta(seconds=20)  # Before the second attempt; doubled before the third.
MAX_ERROR_CHARS = 2_000

WORKER_DIED = (
    "The worker died every time it worked on this photo. It may have run out of memory; "
    "retry, and look at the worker's log if it happens again."
)


class LeaseLost(RuntimeError):
    """The job was taken from this worker, because its lease ran out; its result must not be saved."""


def worker_name() -> str:
    """This process, as shown in the list of running jobs."""
    return f"{socket.gethostname()}:{os.getpid()}"


def owe(*, photo_ids: Iterable[int], stage: str, priority: int = Priority.PERSON) -> None:
    """Owe `stage` to the photos. Where it runs at the moment, it will run once more; failed ones start afresh."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO gallery_job
                (photo_id, stage, priority, requests, attempts, worker, due_at, error)
            SELECT photo_id, %(stage)s, %(priority)s, 1, 0, '', statement_timestamp(), ''
              FROM unnest(%(photo_ids)s::bigint[]) AS photo_id ORDER BY photo_id
            ON CONFLICT (photo_id, stage) DO UPDATE
               SET requests = gallery_job.requests + 1, error = '', failed_at = NULL, due_at = statement_timestamp(),
                   priority = least(gallery_job.priority, excluded.priority),
                   attempts = CASE WHEN gallery_job.lease_until > statement_timestamp()
                                   THEN gallery_job.attempts ELSE 0 END
            """,
            {"stage": stage, "priority": priority, "photo_ids": list(photo_ids)},
        )


_DUE = """
    stage = %(stage)s AND failed_at IS NULL AND due_at <= statement_timestamp() AND attempts < %(max_attempts)s
    AND (lease_until IS NULL OR lease_until < statement_timestamp())"""


def claim(*, stage: str, limit: int) -> list[Job]:
    """Take up to `limit` owed jobs of `stage`, most urgent first; each counts as an attempt from now on.

    What was begun before and not finished comes alone: a photo that fails, or kills its worker, would take the others
    of its batch with it each time. None of a stage that is paused.
    """
    # Materialized: as a plain subquery it may be run again for each row, and then skips what it locked itself.
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH first AS MATERIALIZED (
                SELECT attempts > 0 AS again FROM gallery_job
                 WHERE {_DUE} AND NOT EXISTS (SELECT 1 FROM gallery_stagestatistics WHERE stage = %(stage)s AND paused)
                 ORDER BY priority, id LIMIT 1 FOR UPDATE SKIP LOCKED),
            next AS MATERIALIZED (
                SELECT id FROM gallery_job
                 WHERE {_DUE} AND (attempts > 0) = (SELECT again FROM first)
                 ORDER BY priority, id LIMIT (SELECT CASE WHEN again THEN 1 ELSE %(limit)s END FROM first)
                   FOR UPDATE SKIP LOCKED)
            UPDATE gallery_job job
               SET attempts = attempts + 1, worker = %(worker)s,
                   lease_until = statement_timestamp() + make_interval(secs => %(lease)s)
              FROM next
             WHERE job.id = next.id
            RETURNING job.id
            """,  # noqa: S608  # only a constant is put into the text
            {
                "worker": worker_name(),
                "lease": LEASE.total_seconds(),
                "stage": stage,
                "max_attempts": MAX_ATTEMPTS,
                "limit": limit,
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(Job.objects.filter(pk__in=ids).select_related("photo").order_by("priority", "pk"))


@contextmanager
def finishing(job: Job, *, seconds: float = 0.0) -> Iterator[None]:
    """Save a job's result and end the job in one transaction.

    `seconds` is the time spent before the block; the block's own time is added. Raises LeaseLost, with nothing
    saved, when another worker has the job by now.
    """
    started = time.monotonic()
    with transaction.atomic():
        yield
        current = Job.objects.select_for_update().filter(pk=job.pk, worker=job.worker, attempts=job.attempts)
        row = current.first()
        if row is None:
            raise LeaseLost(f"{job} was taken over by another worker.")
        if row.requests == job.requests:
            row.delete()
        else:
            Job.objects.filter(pk=row.pk).update(worker="", lease_until=None, attempts=0)
        count_done(job.stage, seconds + time.monotonic() - started)


def count_done(stage: str, seconds: float) -> None:
    """Add one finished job to the stage's statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO gallery_stagestatistics (stage, done, seconds) VALUES (%s, 1, %s)
            ON CONFLICT (stage) DO UPDATE
               SET done = gallery_stagestatistics.done + 1,
                   seconds = gallery_stagestatistics.seconds + excluded.seconds
            """,
            [stage, seconds],
        )


def set_paused(*, stage: str, paused: bool) -> None:
    """Stop taking up work of the stage, or go on with it. What runs at the moment is finished."""
    StageStatistics.objects.update_or_create(stage=stage, defaults={"paused": paused})


@transaction.atomic
def fail(job: Job, reason: str, *, final: bool = False) -> bool:
    """Record that an attempt failed, and when the next is due. Returns whether it was the last one."""
    last = final or job.attempts >= MAX_ATTEMPTS
    now = timezone.now()
    Job.objects.filter(pk=job.pk, worker=job.worker, attempts=job.attempts).update(
        error=reason[:MAX_ERROR_CHARS],
        worker="",
        lease_until=None,
        due_at=now + BACK_OFF * 2 ** max(0, job.attempts - 1),
        failed_at=now if last else None,
    )
    return last


def give_back(jobs: Sequence[Job]) -> None:
    """Return claimed jobs untouched, as if they had never been claimed."""
    for job in jobs:
        Job.objects.filter(pk=job.pk, worker=job.worker, attempts=job.attempts).update(
            worker="", lease_until=None, attempts=F("attempts") - 1
        )


def put_off(job: Job, *, seconds: float) -> None:
    """Return a claimed job as if it had never been claimed, to be done in a while."""
    Job.objects.filter(pk=job.pk, worker=job.worker, attempts=job.attempts).update(
        worker="",
        lease_until=None,
        attempts=F("attempts") - 1,
        due_at=timezone.now() + timedelta(seconds=seconds),
    )


def release_dead_workers() -> int:
    """Free at once what processes of this host held that are no longer there. Returns how many jobs.

    Leases of other hosts run out by themselves.
    """
    host = socket.gethostname()
    workers = Job.objects.filter(worker__startswith=f"{host}:").values_list("worker", flat=True).distinct()
    dead = [name for name in workers if not process_exists(int(name.rsplit(":", 1)[1]))]
    return Job.objects.filter(worker__in=dead, failed_at=None).update(worker="", lease_until=timezone.now())


def process_exists(pid: int) -> bool:
    """Whether a process with this id runs on this host."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def fail_abandoned() -> list[Job]:
    """Fail the jobs whose last attempt ended with a dead worker; others are simply claimed again."""
    abandoned = Job.objects.filter(
        failed_at=None, attempts__gte=MAX_ATTEMPTS, lease_until__lte=timezone.now()
    ).select_related("photo")
    jobs = list(abandoned)
    for job in jobs:
        fail(job, job.error or WORKER_DIED, final=True)
    return jobs


def retry(*, photo_ids: Iterable[int] | None = None, stage: str | None = None) -> int:
    """Start failed jobs afresh: all of them, or those of some photos or one stage. Returns how many."""
    failed = Job.objects.filter(failed_at__isnull=False)
    if photo_ids is not None:
        failed = failed.filter(photo_id__in=photo_ids)
    if stage is not None:
        failed = failed.filter(stage=stage)
    with transaction.atomic():
        locked = failed.select_for_update().values_list("pk", "photo_id")
        ids = [pk for pk, _ in locked]
        photos = [photo_id for _, photo_id in locked]
        Photo.objects.filter(pk__in=photos, state=PhotoState.FAILED).update(
            state=PhotoState.PROCESSING, state_reason=""
        )
        return Job.objects.filter(pk__in=ids).update(
            attempts=0, error="", failed_at=None, due_at=timezone.now(), worker="", lease_until=None
        )


@dataclass
class StageCounts:
    """How many photos owe a stage, have it running or failed, and how many it was done for."""

    owed: int = 0
    running: int = 0
    failed: int = 0
    done: int = 0
    seconds: float = 0.0
    paused: bool = False
    #: What is owed, by how urgent it is.
    owed_by_priority: dict[int, int] = field(default_factory=dict)


def counts() -> dict[str, StageCounts]:
    """Counts per stage that ever had work; jobs of trashed photos count as well."""
    now = timezone.now()
    running = Q(lease_until__gte=now, failed_at=None)
    rows = Job.objects.values("stage", "priority").annotate(
        running=Count("pk", filter=running),
        failed=Count("pk", filter=Q(failed_at__isnull=False)),
        owed=Count("pk", filter=Q(failed_at=None) & (Q(lease_until=None) | Q(lease_until__lt=now))),
    )
    result = {
        row.stage: StageCounts(done=row.done, seconds=row.seconds, paused=row.paused)
        for row in StageStatistics.objects.all()
    }
    for row in rows.order_by("stage", "priority"):
        stage = result.setdefault(row["stage"], StageCounts())
        stage.owed += row["owed"]
        stage.running += row["running"]
        stage.failed += row["failed"]
        if row["owed"]:
            stage.owed_by_priority[row["priority"]] = row["owed"]
    return result


def stages_with_due_work() -> list[str]:
    """Stages that a worker could claim something of now."""
    now = timezone.now()
    due = Job.objects.filter(failed_at=None, due_at__lte=now, attempts__lt=MAX_ATTEMPTS).filter(
        Q(lease_until=None) | Q(lease_until__lt=now)
    )
    paused = StageStatistics.objects.filter(paused=True).values("stage")
    return sorted(set(due.exclude(stage__in=paused).values_list("stage", flat=True).distinct()))
