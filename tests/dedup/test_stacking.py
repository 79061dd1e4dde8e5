"""Near shots are stacked under the best of them, and can be taken apart again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dedup.journal import describe
from dedup.models import Group, GroupStatus, PairDecision, Verdict
from dedup.resolution import BadDecision
from dedup.stacking import stack_group
from dedup.undo import CannotUndo, undo_resolution
from gallery.models import Photo
from gallery.stacks import stack_photos
from tests.dedup.rows import all_rows, group_now, make_photos, match, moderator

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.django_db


def burst(count: int) -> tuple[Group, list[Photo]]:
    photos = make_photos(count)
    for place, one in enumerate(photos):
        for other in photos[:place]:
            match(one, other, Verdict.NEAR_SHOT)
    group_now(photos)
    return Group.objects.get(kind=Verdict.NEAR_SHOT), photos


def covers(photos: Sequence[Photo]) -> list[int | None]:
    return [Photo.objects.get(pk=photo.pk).stacked_under_id for photo in photos]


def test_a_burst_lies_under_its_best_shot_and_nothing_is_trashed() -> None:
    group, photos = burst(4)
    resolution = stack_group(group_id=group.pk, cover=photos[1].pk, version=1, user=moderator())

    assert covers(photos) == [photos[1].pk, None, photos[1].pk, photos[1].pk]
    assert not Photo.objects.trashed().exists()
    group.refresh_from_db()
    assert group.status == GroupStatus.RESOLVED
    assert PairDecision.objects.filter(kind="kept-both").count() == 6
    assert describe(resolution).endswith(f"under {photos[1].file_name}")
    assert resolution.why[0] == "Near shot, 90.0 % sure"


def test_part_of_a_burst_is_stacked_and_the_rest_waits() -> None:
    group, photos = burst(4)
    stack_group(
        group_id=group.pk,
        cover=photos[0].pk,
        photo_ids=[photos[0].pk, photos[3].pk],
        version=1,
        user=moderator(),
    )

    assert covers(photos) == [None, None, None, photos[0].pk]
    assert Group.objects.filter(status=GroupStatus.OPEN).exists()


def test_a_stack_that_was_there_before_joins_and_comes_back_by_undo() -> None:
    group, photos = burst(3)
    older = make_photos(2)
    stack_photos(photos=[photos[0], *older], cover=older[0])
    stack_photos(photos=[photos[1], make_photos(1)[0]], cover=photos[1])
    before = all_rows()
    resolution = stack_group(group_id=group.pk, cover=photos[2].pk, version=1, user=moderator())

    assert covers([*photos, *older]) == [photos[2].pk, photos[2].pk, None, photos[2].pk, photos[2].pk]
    undo_resolution(resolution_id=resolution.pk, user=moderator())
    assert all_rows() == before


def test_undo_is_refused_when_the_stack_was_changed_since() -> None:
    group, photos = burst(2)
    resolution = stack_group(group_id=group.pk, cover=photos[0].pk, version=1, user=moderator())
    Photo.objects.filter(pk=photos[1].pk).update(stacked_under=None)

    with pytest.raises(CannotUndo, match="stack was changed"):
        undo_resolution(resolution_id=resolution.pk, user=moderator())


def test_the_cover_has_to_be_one_of_the_photos() -> None:
    group, photos = burst(2)
    for cover, named in ((0, []), (photos[0].pk, [photos[0].pk]), (photos[0].pk, [photos[1].pk, 0])):
        with pytest.raises(BadDecision):
            stack_group(group_id=group.pk, cover=cover, photo_ids=named, version=1, user=moderator())
