"""Two or four do the same thing at once, round after round; and the same without our locks, which must go wrong.

A race that goes well without the lock shows nothing about the lock.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dedup.models import Resolution
from dedup.resolution import Conflict, resolve_group
from gallery import jobs, pipeline
from gallery.intake import Outcome
from gallery.models import Job, Photo, StageStatistics
from gallery.originals import holds_content, originals_storage
from gallery.trash import purge_photo, trash_photos
from tests.dedup.rows import grouped
from tests.factories import make_photo, upload
from tests.live import PATIENCE_S
from tests.torture import world
from tests.torture.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from gallery.models import User

    People = tuple[User, User]

STAGE = "match"
NAIVE_ROUNDS_MAX = 500
"""Without the lock a doubled task goes wrong in one round of ten, the other races in most of them."""


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call returned or raised; all start together, each in a thread of its own."""
    barrier = threading.Barrier(len(calls))

    def started_together(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=PATIENCE_S)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        ended = [threads.submit(started_together, call) for call in calls]
        return [one.exception() or one.result() for one in ended]


@dataclass(frozen=True)
class Race:
    """`round` runs once and returns what went wrong, "" for nothing; `unlocked` takes our guards away meanwhile."""

    name: str
    round: Callable[[People, int], str]
    unlocked: Callable[[], AbstractContextManager[Any]]


def same_file(people: People, number: int) -> str:
    """Four uploads of the same bytes: one makes the photo, all get its id."""
    content = world.new_picture()
    ended = at_once([lambda: upload(people[0], content)] * 4)
    if failed := [one for one in ended if isinstance(one, Exception)]:
        return f"doubled: {failed[0]!r}"
    outcomes = sorted(one.outcome.value for one in ended)
    if outcomes != sorted([Outcome.CREATED.value, *[Outcome.IDENTICAL.value] * 3]):
        return f"doubled: {outcomes}"
    return "" if len({one.photo.pk for one in ended}) == 1 else "doubled: several ids"


def two_moderators(people: People, number: int) -> str:
    """Each keeps the other photo: one decides, the other is told; never are both photos gone."""
    group, photos = grouped(2, owner=people[0])
    first, second = (photo.pk for photo in photos)

    def decide(keep: int, trash: int, user: User) -> Resolution:
        return resolve_group(group_id=group.pk, keep=[keep], trash=[trash], version=group.version, user=user)

    ended = at_once([lambda: decide(first, second, people[0]), lambda: decide(second, first, people[1])])
    live = Photo.objects.live().filter(pk__in=[first, second]).count()
    if live != 1:
        return f"lost: {live} of the two photos are live"
    kinds = sorted(type(one).__name__ for one in ended)
    return "" if kinds == [Conflict.__name__, Resolution.__name__] else f"doubled: {ended}"


def purge_and_upload(people: People, number: int) -> str:
    """The last copy of some bytes is purged while they are uploaded again, by its owner or by somebody else."""
    content = world.new_picture()
    photo = upload(people[0], content).photo
    trash_photos(photos=[photo], by=people[0])
    sender = people[number % 2]
    purged, sent = at_once(
        [lambda: purge_photo(photo_id=photo.pk), lambda: upload(sender, content, keep_duplicates=True)]
    )
    for one in (purged, sent):
        if isinstance(one, Exception):
            return f"stuck: {one!r}"
    if Photo.objects.live().filter(upload_sha256=photo.upload_sha256).count() != 1:
        return "lost: the uploaded photo is not there"
    sound = holds_content(originals_storage(), photo.stored_sha256)
    return "" if sound else "lost: a photo without its original"


def doubled_task(people: People, number: int) -> str:
    """Two workers are woken for one job, or the second takes it over as the first ends: one result is saved."""
    photo = make_photo(people[0])
    jobs.owe(photo_ids=[photo.pk], stage=STAGE)
    StageStatistics.objects.filter(stage=STAGE).delete()
    stage = pipeline.stages()[STAGE]
    if number % 2:
        at_once([lambda: pipeline.run_batch(stage)] * 2)
    else:
        early = jobs.claim(stage=STAGE, limit=1)
        Job.objects.update(lease_until=timezone.now())
        at_once([lambda: pipeline.run_claimed(stage, early), lambda: pipeline.run_batch(stage)])
    Job.objects.update(due_at=timezone.now(), lease_until=None)
    while pipeline.run_batch(stage):
        pass
    done = StageStatistics.objects.get(stage=STAGE).done
    return "" if done == 1 and not Job.objects.exists() else f"doubled: saved {done} times"


def no_lock(*args: Any, **kwargs: Any) -> None:
    """In place of a lock."""


def unchanged(rows: QuerySet[Any], **kwargs: Any) -> QuerySet[Any]:
    """In place of SELECT ... FOR UPDATE."""
    return rows.all()


@contextmanager
def without_content_lock() -> Iterator[None]:
    with ExitStack() as stack:
        for module in ("intake", "trash", "soundness"):
            stack.enter_context(patch(f"gallery.{module}.lock_content", no_lock))
        yield


@contextmanager
def without_row_locks() -> Iterator[None]:
    with (
        patch.object(QuerySet, "select_for_update", unchanged),
        patch("dedup.resolution.lock_grouping", no_lock),
    ):
        yield


def naive_claim(*, stage: str, limit: int) -> list[Job]:
    """Read what is free, then write that it is taken."""
    over = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    free = list(Job.objects.filter(over, stage=stage).select_related("photo")[:limit])
    for job in free:
        job.worker, job.lease_until = jobs.worker_name(), timezone.now() + jobs.LEASE
        job.save()
    return free


@contextmanager
def naive_finishing(job: Job, *, seconds: float = 0.0) -> Iterator[None]:
    """Save and delete, whoever has the job by now."""
    with transaction.atomic():
        yield
        Job.objects.filter(pk=job.pk).delete()
        jobs.count_done(job.stage, seconds)


@contextmanager
def without_claims() -> Iterator[None]:
    with patch("gallery.jobs.claim", naive_claim), patch("gallery.jobs.finishing", naive_finishing):
        yield


RACES = [
    Race("the same file four times", same_file, without_content_lock),
    Race("two moderators, one group", two_moderators, without_row_locks),
    Race("purge against re-upload", purge_and_upload, without_content_lock),
    Race("a doubled task", doubled_task, without_claims),
]


def run_races(rounds: int, enough: int) -> Iterator[Row]:
    """A row for each race, its control among the remarks: rounds without the lock until `enough` went wrong."""
    for race in RACES:
        world.empty()
        people = (world.moderator()[0], world.moderator()[0])
        row = Row(f"race: {race.name}, {rounds} rounds")
        started = time.monotonic()
        with patch("gallery.jobs.worker_name", lambda: f"torture:{threading.get_ident()}"):
            for number in range(rounds):
                count(row, race.round(people, number))
            control(race, people, row, enough)
        row.seconds = time.monotonic() - started
        yield row


def count(row: Row, fault: str) -> None:
    row.tried += 1
    if not fault:
        row.acknowledged += 1
        return
    kind = fault.partition(":")[0]
    setattr(row, kind, getattr(row, kind) + 1)
    row.problems = [*row.problems, fault][:5]


def control(race: Race, people: People, row: Row, enough: int) -> None:
    """The same race without the lock, until enough rounds went wrong."""
    tried = wrong = 0
    with race.unlocked():
        while wrong < enough and tried < NAIVE_ROUNDS_MAX:
            wrong += bool(race.round(people, tried))
            tried += 1
    row.remarks.append(f"Without our lock {wrong} of {tried} rounds go wrong.")
    if wrong < enough:
        row.problems.append("Without our lock nearly all went well, too: this race shows nothing.")
