"""Deciding about near shots: the best one becomes the cover of a stack, and the others lie under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from dedup.decisions import decide_pairs, pairs_of
from dedup.models import GroupStatus, PairDecision, Resolution
from dedup.regroup import regroup
from dedup.resolution import BadDecision, Record, close, count_as_changed, locked_group
from gallery.models import Photo
from gallery.stacks import BadStack, stack_photos

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gallery.models import User


@transaction.atomic
def stack_group(
    *, group_id: int, cover: int, version: int, user: User, photo_ids: Sequence[int] = ()
) -> Resolution:
    """Stack the members of an open group, or those of `photo_ids`, under one of them. Nothing goes to the trash.

    Raises PermissionDenied, NoSuchGroup, BadDecision, Conflict.
    """
    group, photos = locked_group(group_id, version, user)
    named = set(photo_ids) or set(photos)
    if cover not in named or not named <= photos.keys() or len(named) < 2:
        raise BadDecision("Name two or more photos of this group, and the one of them that lies on top.")
    record = Record(group, photos.keys())
    before = places(named)
    try:
        stacked = stack_photos(photos=[photos[pk] for pk in sorted(named)], cover=photos[cover])
    except BadStack as error:
        raise BadDecision(str(error)) from error
    record.stacks = [[pk, before.get(pk), None if pk == cover else cover] for pk in stacked]
    if named == photos.keys():
        close(group, GroupStatus.RESOLVED)
    resolution = Resolution.objects.create(
        group=group,
        user=user,
        action=Resolution.Action.STACK,
        kept=[cover, *sorted(named - {cover})],
        why=record.why,
    )
    record.replaced = decide_pairs(
        pairs=pairs_of(named), kind=PairDecision.Kind.KEPT_BOTH, by=user, resolution=resolution
    )
    regroup(photos)
    count_as_changed(group)
    record.save(resolution)
    return resolution


def places(photo_ids: Iterable[int]) -> dict[int, int | None]:
    """The cover over each of these photos, over those that lie under them, and over those beside them."""
    ids = set(photo_ids)
    covers = set(
        Photo.objects.filter(pk__in=ids, stacked_under__isnull=False).values_list("stacked_under", flat=True)
    )
    rows = Photo.objects.filter(pk__in=ids | covers) | Photo.objects.filter(stacked_under__in=ids | covers)
    return dict(rows.order_by("pk").values_list("pk", "stacked_under"))
