"""The two photos of a group that stand side by side, with everything the page draws about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dedup.differences import Row, differences
from dedup.geometry import IDENTITY, Affine, DegenerateMapError, Frame, affine, inverse, outline, svg_matrix
from dedup.models import Group, Match, Verdict
from dedup.review import members_in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import Photo

NOT_COMPARED = (
    "These two do not match each other directly; each of them matches the suggested keeper of the group."
)


@dataclass(frozen=True)
class Side:
    """One photo of the pair; `outline` is where the other lies in it, as points of a polygon at the photo's size."""

    photo: Photo
    frame: Frame
    outline: str
    is_suggested: bool


@dataclass(frozen=True)
class Pair:
    """`matrix` lays the right photo over the left one (an SVG transform)."""

    left: Side
    right: Side
    match: Match | None
    matrix: str
    rows: list[Row]

    @property
    def sentence(self) -> str:
        return self.match.sentence if self.match else NOT_COMPARED

    @property
    def kind(self) -> str:
        return Verdict(self.match.kind).label if self.match else ""


def chosen_pair(group: Group, left_id: int | None, right_id: int | None) -> Pair | None:
    """The asked-for members, else the keeper and the strongest other one; None for a group of fewer than two."""
    photos = [row.photo for row in members_in_order(group)]
    if len(photos) < 2:
        return None
    left = named(photos, left_id) or photos[0]
    others = [photo for photo in photos if photo.pk != left.pk]
    return make_pair(group, left, named(others, right_id) or others[0])


def named(photos: Sequence[Photo], photo_id: int | None) -> Photo | None:
    """The photo with this id among the photos."""
    return next((photo for photo in photos if photo.pk == photo_id), None)


def make_pair(group: Group, left: Photo, right: Photo) -> Pair:
    """The pair with the verified match between the two, if there is one."""
    match = Match.objects.of_photo(left.pk).of_photo(right.pk).first()
    to_right, to_left = maps_between(match, left)
    frames = [Frame(photo.width or 1, photo.height or 1) for photo in (left, right)]
    keeper = group.suggested_keeper_id
    return Pair(
        left=Side(left, frames[0], outline(to_left, frames[0]), left.pk == keeper),
        right=Side(right, frames[1], outline(to_right, frames[1]), right.pk == keeper),
        match=match,
        matrix=svg_matrix(to_left, frames[1], frames[0]),
        rows=differences(left, right),
    )


def maps_between(match: Match | None, left: Photo) -> tuple[Affine, Affine]:
    """The maps from left to right and from right to left; as they lie where no match says otherwise."""
    if match is None or match.transform is None:
        return IDENTITY, IDENTITY
    try:
        low_to_high = affine(match.transform)
        high_to_low = inverse(low_to_high)
    except DegenerateMapError:
        return IDENTITY, IDENTITY
    return (low_to_high, high_to_low) if left.pk == match.low_id else (high_to_low, low_to_high)
