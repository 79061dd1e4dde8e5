"""Putting photos into albums and taking them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from gallery.models import Album, AlbumPhoto, Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import User


def visible_albums(user: User) -> list[Album]:
    """Albums of the user and shared ones, by name."""
    if user.may_moderate:
        return list(Album.objects.all())
    shared = ["public", "members"] if user.may_upload else ["public"]
    return list(Album.objects.filter(visibility__in=shared) | Album.objects.filter(owner=user))


@transaction.atomic
def add_to_album(*, album: Album, photos: Sequence[Photo]) -> None:
    """Append the photos in the order given; those already in the album keep their place."""
    Album.objects.select_for_update().get(pk=album.pk)
    last = AlbumPhoto.objects.filter(album=album).aggregate(last=Max("position"))["last"] or 0
    AlbumPhoto.objects.bulk_create(
        [AlbumPhoto(album=album, photo=photo, position=last + n) for n, photo in enumerate(photos, start=1)],
        ignore_conflicts=True,
    )


@transaction.atomic
def remove_from_album(*, album: Album, photos: Sequence[Photo]) -> None:
    """Take the photos out of the album; they stay in the library."""
    AlbumPhoto.objects.filter(album=album, photo__in=photos).delete()
