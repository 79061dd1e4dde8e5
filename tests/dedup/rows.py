"""Photos and verified pairs as rows, for tests about groups and decisions, which look at no pixels."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from dedup.compare.verdict import ENGINE_VERSION
from dedup.models import Group, GroupMember, GroupStatus, Match, PairDecision, Verdict
from dedup.regroup import regroup
from gallery.models import AlbumPhoto, Photo, PhotoShare, PhotoTag, Role
from tests.factories import make_photo, make_user

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gallery.models import User

_numbers = itertools.count()


def moderator() -> User:
    return make_user(role=Role.MODERATOR)


def make_photos(count: int, owner: User | None = None, **fields: Any) -> list[Photo]:
    """Photos of one owner, the first the best to keep: each smaller than the one before."""
    person = owner or make_user()
    return [make_photo(person, **facts(place) | fields) for place in range(count)]


def facts(place: int) -> dict[str, Any]:
    """Size, date and name of the photo that is the `place`-th best to keep."""
    share = 0.75**place
    return {
        "file_name": f"photo{next(_numbers)}.jpg",
        "width": round(4000 * share),
        "height": round(3000 * share),
        "file_size": 1_000_000 // (place + 1),
        "taken_at": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=place),
    }


def match(one: Photo, other: Photo, kind: str = Verdict.SAME_PICTURE, confidence: float = 0.9) -> Match:
    """A verified pair, not grouped yet."""
    low, high = sorted((one, other), key=lambda photo: photo.pk)
    return Match.objects.create(
        low=low,
        high=high,
        kind=kind,
        confidence=confidence,
        sentence=f"{kind}: {low.pk} and {high.pk}",
        engine_version=ENGINE_VERSION,
        transform=[[1, 0, 0], [0, 1, 0]],
        evidence={"low_share": 1.0, "high_share": 1.0},
    )


def group_now(photos: Iterable[Photo]) -> None:
    with transaction.atomic():
        regroup(photo.pk for photo in photos)


def grouped(count: int, **fields: Any) -> tuple[Group, list[Photo]]:
    """An open group in which every photo matches every other; the first photo is the suggested keeper."""
    photos = make_photos(count, **fields)
    for one, other in itertools.combinations(photos, 2):
        match(one, other)
    group_now(photos)
    return Group.objects.get(status=GroupStatus.OPEN, members__photo=photos[0]), photos


def open_groups() -> list[set[int]]:
    """The members of each open group, in the order of their smallest id."""
    groups = Group.objects.filter(status=GroupStatus.OPEN).prefetch_related("members")
    return sorted(({row.photo_id for row in group.members.all()} for group in groups), key=min)


def ids(*photos: Photo) -> set[int]:
    return {photo.pk for photo in photos}


def all_rows() -> dict[str, list[Any]]:
    """Everything that decisions may change, row by row; the journal itself is left out."""
    tables = (Photo, PhotoTag, AlbumPhoto, PhotoShare, Group, GroupMember, Match, PairDecision)
    return {table.__name__: list(table._default_manager.order_by("pk").values()) for table in tables}
