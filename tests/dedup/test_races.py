"""People and workers at the same time: nothing is decided twice, nothing hangs, groups come out equal."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

import pytest
from django.db import connection

from dedup.models import Fingerprint, Group, GroupStatus, Match, Resolution
from dedup.resolution import Conflict, NoSuchGroup, resolve_group
from dedup.undo import CannotUndo, undo_resolution
from gallery import jobs, pipeline
from gallery.models import Job, Photo
from gallery.trash import trash_photos
from tests.dedup.photos import copies, library
from tests.dedup.rows import grouped, moderator, open_groups
from tests.pictures import jpeg_bytes, scene

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.django_db(transaction=True)

Result = TypeVar("Result")


def at_once(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run the calls in threads that start together; raises what the first of them raised."""
    barrier = Barrier(len(calls))

    def started_together(call: Callable[[], Result]) -> Result:
        try:
            barrier.wait(timeout=30)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(started_together, calls))


def test_of_two_moderators_who_decide_at_once_one_wins_and_the_other_is_told() -> None:
    for _ in range(5):
        group, photos = grouped(2)
        users = [moderator(), moderator()]

        def decide(place: int, group: Group = group, photos: list[Photo] = photos) -> str:
            try:
                resolve_group(
                    group_id=group.pk,
                    keep=[photos[place].pk],
                    trash=[photos[1 - place].pk],
                    version=group.version,
                    user=users[place],  # noqa: B023 - called within the loop
                )
            except Conflict as conflict:
                assert "has decided this group already" in conflict.sentence
                return "conflict"
            return "decided"

        assert sorted(at_once([lambda: decide(0), lambda: decide(1)])) == ["conflict", "decided"]
        assert Photo.objects.filter(pk__in=[photo.pk for photo in photos]).live().count() == 1
        assert Resolution.objects.filter(group=group).count() == 1


def test_trashing_while_someone_decides_never_hangs_and_keeps_the_last_copy() -> None:
    for _ in range(5):
        group, photos = grouped(3)
        user = moderator()

        def decide(group: Group = group, photos: list[Photo] = photos) -> None:
            try:
                resolve_group(
                    group_id=group.pk,
                    keep=[photos[0].pk],
                    trash=[photos[1].pk, photos[2].pk],
                    version=1,
                    user=user,  # noqa: B023 - called within the loop
                )
            except (Conflict, NoSuchGroup):
                return

        def trash(photos: list[Photo] = photos) -> None:
            trash_photos(photos=[photos[2], photos[1]], by=None)

        calls: list[Callable[[], None]] = [decide, trash]
        at_once(calls)

        assert Photo.objects.live().filter(pk__in=[photo.pk for photo in photos]).count() == 1
        assert not Group.objects.filter(pk=group.pk, status=GroupStatus.OPEN).exists()


def test_a_decision_is_undone_once_however_many_ask() -> None:
    group, photos = grouped(2)
    user = moderator()
    made = resolve_group(group_id=group.pk, keep=[photos[0].pk], trash=[photos[1].pk], version=1, user=user)

    def undo() -> str:
        try:
            undo_resolution(resolution_id=made.pk, user=user)
        except CannotUndo:
            return "refused"
        return "undone"

    assert sorted(at_once([undo] * 3)) == ["refused", "refused", "undone"]
    assert Photo.objects.live().count() == 2


def arrivals(order: Sequence[Fingerprint], workers: int) -> list[set[int]]:
    """Let analysed photos arrive in this order, matched by so many workers at once. Returns the groups."""
    Group.objects.all().delete()
    Match.objects.all().delete()
    Fingerprint.objects.all().delete()
    Job.objects.all().delete()
    stage = pipeline.stages()["match"]

    def work(share: Sequence[Fingerprint]) -> None:
        for fingerprint in share:
            fingerprint.matched_by = 0
            Fingerprint.objects.bulk_create([fingerprint])
            jobs.owe(photo_ids=[fingerprint.photo_id], stage="match")
            pipeline.run_batch(stage)

    at_once([lambda place=place: work(order[place::workers]) for place in range(workers)])  # type: ignore[misc]
    while pipeline.run_batch(stage):
        pass
    assert not Job.objects.exists()
    return open_groups()


@pytest.mark.slow
def test_groups_do_not_depend_on_the_order_of_arrival_nor_on_the_number_of_workers() -> None:
    files = {name: content for seed in (1, 2, 3) for name, content in copies(seed).items()}
    library(files | {f"other{seed}.jpg": jpeg_bytes(scene(seed)) for seed in (4, 5, 6)})
    expected = open_groups()
    assert [len(group) for group in expected] == [4, 4, 4]
    fingerprints = list(Fingerprint.objects.all())
    chance = random.Random(5)

    for workers in (1, 3, 3):
        chance.shuffle(fingerprints)
        assert arrivals(fingerprints, workers) == expected
        assert set(Group.objects.values_list("version", flat=True)) <= {1, 2, 3}
