"""Whom a group keeps and why: from what matches and files say."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from dedup.models import Match, Verdict
from dedup.planning import plan_groups
from tests.dedup.rows import make_photos, match

if TYPE_CHECKING:
    from gallery.models import Photo

pytestmark = pytest.mark.django_db

SAME_SIZE: dict[str, Any] = {"width": 1000, "height": 800, "file_size": 400_000, "taken_at": None}
COLOURFUL = [["#c04020", 0.6], ["#2040c0", 0.4]]


def evidence(one: Photo, other: Photo, kind: str = Verdict.SAME_PICTURE, **found: Any) -> None:
    """A verified pair, `one` having the lower id, with this evidence."""
    row = match(one, other, kind)
    assert row.low_id == one.pk
    row.evidence = row.evidence | found
    row.save()


def keeper(*photos: Photo) -> Photo:
    """The suggested keeper of the one group that these photos make."""
    (plan,) = plan_groups(photos, list(Match.objects.all()))
    return next(photo for photo in photos if photo.pk == plan.keeper_id)


def test_the_uncropped_one_is_kept() -> None:
    crop = make_photos(1, **SAME_SIZE | {"width": 707, "height": 566})[0]
    whole = make_photos(1, **SAME_SIZE)[0]
    evidence(crop, whole, Verdict.CROP, high_share=0.5)

    assert keeper(crop, whole) == whole


def test_the_picture_itself_is_kept_rather_than_a_larger_screenshot_of_it() -> None:
    shot = make_photos(1, **SAME_SIZE | {"width": 1080, "height": 1920})[0]
    picture = make_photos(1, **SAME_SIZE)[0]
    evidence(shot, picture, Verdict.CROP, low_share=0.42, framed_by="low")
    pair = Match.objects.get()
    pair.transform = [[1.0, 0, 0], [0, 2.4, -0.7]]
    pair.save()

    assert keeper(shot, picture) == picture


def test_the_coloured_one_is_kept_rather_than_its_grey_copy() -> None:
    grey = make_photos(1, **SAME_SIZE, palette=[["#808080", 1.0]])[0]
    coloured = make_photos(1, **SAME_SIZE, palette=COLOURFUL)[0]
    evidence(grey, coloured, Verdict.EDITED, colour="one of them in grey")

    assert keeper(grey, coloured) == coloured


def test_the_one_without_a_caption_is_kept() -> None:
    captioned, clean = make_photos(2, **SAME_SIZE)
    evidence(captioned, clean, Verdict.EDITED, overlay_share=0.1, overlay_on="low")

    assert keeper(captioned, clean) == clean


@pytest.mark.parametrize("found", [{"overlaid": "low"}, {"framed_by": "low", "low_share": 0.8}])
def test_letters_and_borders_do_not_make_a_soft_picture_more_detailed(found: dict[str, Any]) -> None:
    changed = make_photos(1, **SAME_SIZE | {"width": 1100, "height": 900})[0]
    soft = make_photos(1, **SAME_SIZE, filled_share=0.6)[0]
    evidence(changed, soft, Verdict.EDITED, **found)
    pair = Match.objects.get()
    pair.transform = [[1.1, 0, -0.05], [0, 1.125, -0.06]]
    pair.save()

    assert keeper(changed, soft) == soft


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (Verdict.ROTATED, {}),
        (Verdict.EDITED, {"colour": "other colours"}),
    ],
)
def test_the_odd_one_out_of_three_is_the_one_that_was_changed(kind: str, found: dict[str, Any]) -> None:
    odd, first, second = make_photos(3, **SAME_SIZE)
    evidence(odd, first, kind, **found)
    evidence(odd, second, kind, **found)
    evidence(first, second)

    assert keeper(odd, first, second) != odd


def test_a_jpeg_saved_as_png_gains_nothing() -> None:
    resaved = make_photos(1, **SAME_SIZE | {"file_size": 3_000_000}, media_type="image/png")[0]
    original = make_photos(1, **SAME_SIZE, exif={"Model": "Pinhole"})[0]
    evidence(resaved, original, Verdict.IDENTICAL_PIXELS)

    assert keeper(resaved, original) == original


def test_other_photos_do_not_change_a_group() -> None:
    photos = make_photos(3)
    for one, other in itertools.combinations(photos, 2):
        match(one, other)
    alone = plan_groups(photos, list(Match.objects.all()))
    strangers = make_photos(3, width=20_000, height=15_000)
    for one, other in itertools.combinations(strangers, 2):
        match(one, other)

    together = plan_groups([*photos, *strangers], list(Match.objects.all()))

    assert alone[0] in together
    assert len(together) == 2
