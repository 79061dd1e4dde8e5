"""Albums: making and changing them, the albums within them, what lies in them and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from gallery.models import Album, AlbumPhoto, Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from gallery.models import User


class BadAlbum(ValueError):
    """The album cannot be changed so; the message says why."""


def visible_albums(user: User | AnonymousUser) -> QuerySet[Album]:
    """The albums that `user` may see, by the rule of photos."""
    return Album.objects.visible_to(user)


@transaction.atomic
def save_album(*, album: Album) -> None:
    """Store a new or changed album. Raises BadAlbum when the name is taken, or when it would lie in itself."""
    if album.parent_id is not None:
        require_no_loop(album)
    try:
        with transaction.atomic():
            album.save()
    except IntegrityError as error:
        raise BadAlbum("You have an album of this name already.") from error


def require_no_loop(album: Album) -> None:
    """Lock the tree of albums, and raise BadAlbum when the album lies somewhere inside its new parent."""
    rows = Album.objects.order_by("pk").select_for_update(no_key=True).values_list("pk", "parent_id")
    parents = dict(rows)
    above = album.parent_id
    while above is not None:
        if above == album.pk:
            raise BadAlbum("An album cannot lie inside itself or an album within it.")
        above = parents.get(above)


def ancestors(album: Album, user: User | AnonymousUser) -> list[Album]:
    """The albums around this one, the outermost first, up to the first that the user may not see."""
    if album.parent_id is None:
        return []
    seen = visible_albums(user).in_bulk()
    found: list[Album] = []
    above = seen.get(album.parent_id)
    while above is not None and above not in found:
        found.append(above)
        above = seen.get(above.parent_id) if above.parent_id else None
    return found[::-1]


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
    Album.objects.filter(pk=album.pk, cover__in=photos).update(cover=None)
    AlbumPhoto.objects.filter(album=album, photo__in=photos).delete()


def set_cover(*, album: Album, photo: Photo | None) -> None:
    """Show this photo of the album for it; None for its first. Raises BadAlbum when it is not in the album."""
    if photo is not None and not AlbumPhoto.objects.filter(album=album, photo=photo).exists():
        raise BadAlbum("The cover has to be a photo of the album.")
    album.cover = photo
    album.save(update_fields=["cover"])


@transaction.atomic
def move_in_album(*, album: Album, photo_ids: Sequence[int], before: int | None) -> None:
    """Put photos, in the order given, in front of the photo `before`, or at the end for None.

    Raises BadAlbum when one of them is not in the album.
    """
    order = order_of(album)
    moving = list(dict.fromkeys(photo_ids))
    if not set(order).issuperset(moving) or (before is not None and before not in order):
        raise BadAlbum("One of these photos is not in the album any more. Load the page again.")
    if before in moving:
        raise BadAlbum("A photo cannot be put in front of itself.")
    rest = [pk for pk in order if pk not in set(moving)]
    place = len(rest) if before is None else rest.index(before)
    write_order(album, [*rest[:place], *moving, *rest[place:]])


@transaction.atomic
def sort_album(*, album: Album, by: str) -> None:
    """Order an album anew: by "date" or by file "name"."""
    fields = {"date": ["shown_at", "pk"], "name": ["file_name", "pk"]}[by]
    order_of(album)
    photos = Photo.objects.filter(album_places__album=album).order_by(*fields)
    write_order(album, list(photos.values_list("pk", flat=True)))


def order_of(album: Album) -> list[int]:
    """The ids of all photos of the album in their order; the album is locked until the transaction ends."""
    Album.objects.select_for_update().get(pk=album.pk)
    places = AlbumPhoto.objects.filter(album=album).order_by("position", "pk")
    return list(places.values_list("photo_id", flat=True))


def write_order(album: Album, photo_ids: Sequence[int]) -> None:
    """Number the places anew, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE gallery_albumphoto SET position = wanted.place
              FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted (photo_id, place)
             WHERE album_id = %s AND gallery_albumphoto.photo_id = wanted.photo_id
            """,
            [list(photo_ids), album.pk],
        )
