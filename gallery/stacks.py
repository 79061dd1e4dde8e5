"""Stacks: a few photos that are shown as one, their cover. A cover has no mark of its own: others point at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count

from gallery.models import Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AnonymousUser

    from gallery.models import PhotoQuerySet, User

MAX_STACKED = 500
"""A stack is a handful of shots; whoever wants more wants an album."""


class BadStack(ValueError):
    """The photos cannot be stacked; the message says why."""


def without_stacked(photos: PhotoQuerySet, user: User | AnonymousUser) -> PhotoQuerySet:
    """The photos without those that lie under a cover that the user sees."""
    # Few photos lie in stacks, and an index holds just those: looked up once, not once for each photo.
    stacked = Photo.objects.filter(stacked_under__isnull=False).order_by()
    hidden = stacked.filter(stacked_under__in=Photo.objects.visible_to(user).order_by().values("pk"))
    return photos.exclude(pk__in=hidden.values("pk"))


def stack_sizes(user: User | AnonymousUser) -> dict[int, int]:
    """How many photos that the user sees each cover shows that they see, itself included."""
    visible = Photo.objects.visible_to(user).order_by()
    rows = visible.filter(stacked_under__isnull=False, stacked_under__in=visible.values("pk"))
    counted = rows.values_list("stacked_under").annotate(count=Count("pk"))
    return {cover: count + 1 for cover, count in counted if cover is not None}


def photos_of_stack(photo: Photo, user: User | AnonymousUser) -> list[Photo]:
    """The stack that the photo is part of, the cover first, as far as the user sees it.

    Empty when it is in none, and when the user does not see the cover: then each photo stands for itself.
    """
    visible = Photo.objects.visible_to(user)
    cover = visible.filter(pk=photo.stacked_under_id or photo.pk).first()
    under = list(visible.filter(stacked_under=cover).order_by("shown_at", "pk")) if cover else []
    return [cover, *under] if cover and under else []


@transaction.atomic
def stack_photos(*, photos: Sequence[Photo], cover: Photo) -> list[int]:
    """Put the photos, with all that lies under them, into one stack. Returns the ids of its photos, the cover first.

    The cover has to be one of them. Raises BadStack.
    """
    ids = {photo.pk for photo in photos}
    if cover.pk not in ids:
        raise BadStack("The cover has to be one of the photos.")
    if len(ids) < 2:
        raise BadStack("A stack needs two photos at least.")
    locked = list(
        Photo.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",), no_key=True)
    )
    if any(photo.is_trashed for photo in locked):
        raise BadStack("A photo in the trash cannot be stacked.")
    covers = {photo.stacked_under_id for photo in locked} - {None}
    below = Photo.objects.filter(stacked_under__in=ids | {pk for pk in covers if pk is not None})
    members = ids | set(below.values_list("pk", flat=True)) | {pk for pk in covers if pk is not None}
    if len(members) > MAX_STACKED:
        raise BadStack(f"A stack has at most {MAX_STACKED} photos. Put them into an album instead.")
    Photo.objects.filter(pk=cover.pk).update(stacked_under=None)
    others = sorted(members - {cover.pk})
    Photo.objects.filter(pk__in=others).update(stacked_under=cover)
    return [cover.pk, *others]


@transaction.atomic
def set_stack_cover(*, photo: Photo) -> list[int]:
    """Let the photo be the cover of the stack that it lies in. Raises BadStack when it is in none."""
    if photo.stacked_under_id is None:
        raise BadStack("The photo is not under a cover.")
    return stack_photos(photos=[photo, Photo.objects.get(pk=photo.stacked_under_id)], cover=photo)


@transaction.atomic
def unstack(*, photo: Photo) -> int:
    """Take apart the stack that the photo is part of. Returns how many photos stand alone now."""
    cover_id = photo.stacked_under_id or photo.pk
    freed = Photo.objects.filter(stacked_under=cover_id).update(stacked_under=None)
    return freed + 1 if freed else 0
