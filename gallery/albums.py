"""Putting photos into albums and taking them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Max, Q

from gallery.models import Album, AlbumPhoto, Photo, Visibility

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from gallery.models import User


def visible_albums(user: User | AnonymousUser) -> QuerySet[Album]:
    """The albums that `user` may see, by the rule of photos."""
    if isinstance(user, AnonymousUser):
        public = Album.objects.filter(visibility=Visibility.PUBLIC)
        return public if settings.PUBLIC_GALLERY else public.none()
    if user.may_moderate:
        return Album.objects.all()
    shared = [Visibility.PUBLIC, Visibility.MEMBERS] if user.may_upload else [Visibility.PUBLIC]
    return Album.objects.filter(Q(owner=user) | Q(visibility__in=shared))


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
