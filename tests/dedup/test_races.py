"""People and workers at the same time: nothing is decided twice, nothing hangs, groups come out equal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

import pytest
from django.db import connection

from dedup.models import Group, GroupStatus, Resolution
from dedup.resolution import Conflict, NoSuchGroup, resolve_group
from dedup.undo import CannotUndo, undo_resolution
from gallery.models import Photo
from gallery.trash import trash_photos
from tests.dedup.rows import grouped, moderator
from tests.live import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.django_db(transaction=True)

Result = TypeVar("Result")


def at_once(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run the calls in threads that start together; raises what the first of them raised."""
    barrier = Barrier(len(calls))

    def started_together(call: Callable[[], Result]) -> Result:
        try:
            barrier.wait(timeout=PATIENCE_S)
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
