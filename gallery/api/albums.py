"""Albums over the API."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Router, Schema, Status

from gallery.albums import (
    BadAlbum,
    add_to_album,
    move_in_album,
    remove_from_album,
    save_album,
    set_cover,
    visible_albums,
)
from gallery.api.common import COMMON_ERRORS, ApiError, Text, require, require_reader
from gallery.models import Album, AlbumPhoto, ApiTokenScope, Photo, Role, User, Visibility

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

router = Router(tags=["albums"])

MAX_PHOTOS = 5_000
Name = Annotated[Text, Field(min_length=1, max_length=255)]
Description = Annotated[Text, Field(max_length=20_000)]
PhotoIds = Annotated[list[Annotated[int, Field(ge=1, lt=2**63)]], Field(max_length=MAX_PHOTOS)]
Number = Annotated[int, Field(ge=1, lt=2**63)]


class AlbumShape(Schema):
    id: int
    name: str
    description: str
    owner: str
    visibility: str
    parent: int | None
    cover: int | None
    created_at: datetime


class AlbumDetail(AlbumShape):
    photos: list[int]
    albums: list[int]


class AlbumBody(Schema):
    name: Name
    description: Description = ""
    visibility: Visibility = Visibility.MEMBERS
    parent: Number | None = None


class AlbumPatch(Schema):
    name: Name | None = None
    description: Description | None = None
    visibility: Visibility | None = None
    parent: Number | None = None
    cover: Number | None = None


class PhotosBody(Schema):
    photos: PhotoIds


class OrderBody(PhotosBody):
    before: Number | None = Field(None, description="The photo in front of which they go; null for the end.")


def album_json(album: Album, user: User | AnonymousUser) -> dict[str, Any]:
    """An album as the API shows it; what the asker may not see around it is left out."""
    visible = visible_albums(user).filter(pk=album.parent_id) if album.parent_id else Album.objects.none()
    cover = Photo.objects.visible_to(user).filter(pk=album.cover_id) if album.cover_id else None
    return basic_json(album) | {
        "parent": album.parent_id if visible.exists() else None,
        "cover": album.cover_id if cover is not None and cover.exists() else None,
    }


def basic_json(album: Album) -> dict[str, Any]:
    """What the album says of itself."""
    return {
        "id": album.pk,
        "name": album.name,
        "description": album.description,
        "owner": album.owner.get_username(),
        "visibility": album.visibility,
        "created_at": album.created_at,
    }


def detail_json(album: Album, user: User | AnonymousUser) -> dict[str, Any]:
    """An album with the ids of the photos in their order and of the albums in it that the asker may see."""
    places = AlbumPhoto.objects.filter(album=album, photo__in=Photo.objects.visible_to(user))
    return album_json(album, user) | {
        "photos": list(places.order_by("position", "pk").values_list("photo_id", flat=True)),
        "albums": list(visible_albums(user).filter(parent=album).values_list("pk", flat=True)),
    }


def editable_album(request: HttpRequest, pk: int) -> tuple[Album, User]:
    """An album that the asker may change, and the asker. Raises ApiError 401 and 403, Http404."""
    user = require(request, Role.VIEWER, ApiTokenScope.UPLOAD)
    album = get_object_or_404(visible_albums(user).select_related("owner"), pk=pk)
    if not Album.objects.editable_by(user).filter(pk=pk).exists():
        raise ApiError(403, "not-yours", "Only the owner of an album and moderators may change it.")
    return album, user


def own_parent(user: User, pk: int | None) -> Album | None:
    """The album to lie in: one that the user may change. Raises ApiError 422."""
    if pk is None:
        return None
    found = Album.objects.editable_by(user).filter(pk=pk).first()
    if found is None:
        raise ApiError(422, "bad-album", "The album around it has to be one that you may change.")
    return found


@router.get("albums", response={200: list[AlbumShape], **COMMON_ERRORS}, summary="Albums by name")
def list_albums(request: HttpRequest) -> list[dict[str, Any]]:
    user = require_reader(request)
    albums = list(visible_albums(user).select_related("owner"))
    seen = {album.pk for album in albums}
    covers = set(
        Photo.objects.visible_to(user)
        .filter(pk__in=[album.cover_id for album in albums if album.cover_id])
        .values_list("pk", flat=True)
    )
    return [
        basic_json(album)
        | {
            "parent": album.parent_id if album.parent_id in seen else None,
            "cover": album.cover_id if album.cover_id in covers else None,
        }
        for album in albums
    ]


@router.post("albums", response={201: AlbumDetail, **COMMON_ERRORS}, summary="Make an album")
def post_album(request: HttpRequest, body: AlbumBody) -> Status[dict[str, Any]]:
    user = require(request, Role.VIEWER, ApiTokenScope.UPLOAD)
    values = body.dict() | {"parent": own_parent(user, body.parent)}
    album = Album(owner=user, **values)
    saved(album)
    return Status(201, detail_json(album, user))


def saved(album: Album) -> None:
    """Save the album. Raises ApiError 409."""
    try:
        save_album(album=album)
    except BadAlbum as error:
        raise ApiError(409, "bad-album", str(error)) from error


@router.get("albums/{int:album_id}", response={200: AlbumDetail, **COMMON_ERRORS}, summary="One album")
def get_album(request: HttpRequest, album_id: int) -> dict[str, Any]:
    """With the ids of the photos in their order."""
    user = require_reader(request)
    return detail_json(get_object_or_404(visible_albums(user).select_related("owner"), pk=album_id), user)


@router.patch(
    "albums/{int:album_id}", response={200: AlbumDetail, **COMMON_ERRORS}, summary="Change an album"
)
def patch_album(request: HttpRequest, album_id: int, body: AlbumPatch) -> dict[str, Any]:
    """Change what is given. `parent` null takes the album out of the one around it, `cover` null gives it none."""
    album, user = editable_album(request, album_id)
    given = body.dict(exclude_unset=True)
    for name in ("name", "description", "visibility"):
        if given.get(name) is not None:
            setattr(album, name, given[name])
    if "parent" in given:
        album.parent = own_parent(user, given["parent"])
    saved(album)
    if "cover" in given:
        change_cover(album, user, given["cover"])
    return detail_json(album, user)


def change_cover(album: Album, user: User, photo_id: int | None) -> None:
    """Set the cover. Raises ApiError 422."""
    photo = Photo.objects.visible_to(user).filter(pk=photo_id).first() if photo_id else None
    try:
        if photo_id is not None and photo is None:
            raise BadAlbum("The cover has to be a photo of the album.")
        set_cover(album=album, photo=photo)
    except BadAlbum as error:
        raise ApiError(422, "bad-album", str(error)) from error


@router.delete("albums/{int:album_id}", response={204: None, **COMMON_ERRORS}, summary="Delete an album")
def delete_album(request: HttpRequest, album_id: int) -> Status[None]:
    """Its photos stay in the library; the albums in it stay as well."""
    editable_album(request, album_id)[0].delete()
    return Status(204, None)


@router.post(
    "albums/{int:album_id}/photos",
    response={200: AlbumDetail, **COMMON_ERRORS},
    summary="Add photos at the end",
)
def add_photos(request: HttpRequest, album_id: int, body: PhotosBody) -> dict[str, Any]:
    """Photos that you may see; those in the album already keep their place."""
    album, user = editable_album(request, album_id)
    found = Photo.objects.visible_to(user).in_bulk(body.photos)
    add_to_album(album=album, photos=[found[pk] for pk in dict.fromkeys(body.photos) if pk in found])
    return detail_json(album, user)


@router.post(
    "albums/{int:album_id}/photos/remove",
    response={200: AlbumDetail, **COMMON_ERRORS},
    summary="Take photos out",
)
def remove_photos(request: HttpRequest, album_id: int, body: PhotosBody) -> dict[str, Any]:
    album, user = editable_album(request, album_id)
    remove_from_album(album=album, photos=list(Photo.objects.filter(pk__in=body.photos)))
    return detail_json(album, user)


@router.post(
    "albums/{int:album_id}/order", response={200: AlbumDetail, **COMMON_ERRORS}, summary="Move photos"
)
def order_photos(request: HttpRequest, album_id: int, body: OrderBody) -> dict[str, Any]:
    """Put photos of the album, in the order given, in front of another one or at the end."""
    album, user = editable_album(request, album_id)
    try:
        move_in_album(album=album, photo_ids=body.photos, before=body.before)
    except BadAlbum as error:
        raise ApiError(409, "bad-order", str(error)) from error
    return detail_json(album, user)
