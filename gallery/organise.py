"""Changing many photos at once. Each call looks up anew which of them the person may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from gallery.albums import add_to_album
from gallery.models import MAX_RATING, Album, Photo, Visibility
from gallery.tags import add_tags, remove_tags
from gallery.trash import lock_photos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AnonymousUser

    from gallery.models import User

MAX_PHOTOS_AT_ONCE = 5_000
"""One request changes at most these: each photo is locked while its tags are rewritten."""


class BadChange(ValueError):
    """The change cannot be made; the message says why."""


@dataclass(frozen=True)
class Change:
    """What to do to each photo; None leaves a thing as it is."""

    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    favourite: bool | None = None
    rating: int | None = None
    visibility: Visibility | None = None

    def columns(self) -> dict[str, object]:
        """The plain columns to set. Raises BadChange for a rating out of range."""
        if self.rating is not None and not 0 <= self.rating <= MAX_RATING:
            raise BadChange(f"A rating is between 0 and {MAX_RATING}.")
        given = {"favourite": self.favourite, "rating": self.rating, "visibility": self.visibility}
        return {name: value for name, value in given.items() if value is not None}


def editable_ids(user: User | AnonymousUser, ids: Sequence[int]) -> list[int]:
    """Those of the live photos `ids` that the user may change. Raises BadChange when too many are named."""
    if len(ids) > MAX_PHOTOS_AT_ONCE:
        raise BadChange(f"At most {MAX_PHOTOS_AT_ONCE:,} photos can be changed at once.")
    photos = Photo.objects.live().editable_by(user).filter(pk__in=ids)
    return list(photos.values_list("pk", flat=True))


@transaction.atomic
def change_photos(*, user: User, ids: Sequence[int], change: Change) -> list[int]:
    """Apply the change to the photos that the user may edit. Returns their ids. Raises BadChange, BadTag."""
    photos = lock_photos(editable_ids(user, ids))
    if columns := change.columns():
        Photo.objects.filter(pk__in=[photo.pk for photo in photos]).update(**columns)
    if change.add_tags:
        add_tags(photos=photos, names=change.add_tags)
    if change.remove_tags:
        remove_tags(photos=photos, names=change.remove_tags)
    return [photo.pk for photo in photos]


@transaction.atomic
def put_in_album(*, user: User, ids: Sequence[int], name: str) -> Album:
    """Append photos that the user may see to their own album of this name, made where it is missing.

    Raises BadChange when the name is empty or no photo is left.
    """
    clean = " ".join(name.split())
    if not clean:
        raise BadChange("An album needs a name.")
    order = {pk: place for place, pk in enumerate(ids[:MAX_PHOTOS_AT_ONCE])}
    photos = sorted(Photo.objects.visible_to(user).filter(pk__in=order), key=lambda photo: order[photo.pk])
    if not photos:
        raise BadChange("None of these photos is there any more.")
    album, _ = Album.objects.get_or_create(owner=user, name=clean[:255])
    add_to_album(album=album, photos=photos)
    return album
