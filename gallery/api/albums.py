"""Albums over the API."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Router, Schema, Status

from gallery.albums import (
    BadAlbum,
    add_to_album,
    move_in_album,
    remove_from_album,
    save_album,
    set_cover,
    visible_albums,
)
from gallery.api.common import ApiError, Number, Text, errors, require, require_reader
from gallery.models import Album, AlbumPhoto, ApiTokenScope, Photo, Role, User, Visibility

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

router = Router(tags=["albums"])

MAX_PHOTOS = 5_000
Name = Annotated[Text, Field(min_length=1, max_length=255)]
Description = Annotated[Text, Field(max_length=20_000)]
PhotoIds = Annotated[list[Number], Field(max_length=MAX_PHOTOS)]
AlbumId = Annotated[int, Path(description="The album's id.")]


class AlbumShape(Schema):
    id: int = Field(description="What the album is known by.")
    name: str = Field(description="Its name.")
    description: str = Field(description="Its description; may be empty.")
    owner: str = Field(description="Name of the person whose album it is.")
    visibility: Visibility = Field(description="Who sees it beside its owner and moderators.")
    parent: int | None = Field(description="The album that it lies in, where you may see that.")
    cover: int | None = Field(
        description="The photo that stands for it, where one is chosen and you may see it."
    )
    created_at: datetime = Field(description="When it was made.")


class AlbumDetail(AlbumShape):
    photos: list[int] = Field(description="Ids of its photos that you may see, in their order.")
    albums: list[int] = Field(description="Ids of the albums in it that you may see.")


class AlbumBody(Schema):
    name: Name = Field(description="Its name.")
    description: Description = Field("", description="Its description.")
    visibility: Visibility = Field(Visibility.MEMBERS, description="Who sees it beside you and moderators.")
    parent: Number | None = Field(None, description="The album to lie in: one that you may change.")


class AlbumPatch(Schema):
    name: Name | None = Field(None, description="The new name.")
    description: Description | None = Field(None, description="The new description.")
    visibility: Visibility | None = Field(None, description="Who sees it beside its owner and moderators.")
    parent: Number | None = Field(None, description="The album to lie in; null for none.")
    cover: Number | None = Field(None, description="A photo of the album to stand for it; null for none.")


class PhotosBody(Schema):
    photos: PhotoIds = Field(description="Ids of photos.")


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


@router.get("albums", response={200: list[AlbumShape], **errors()}, summary="Albums by name")
def list_albums(request: HttpRequest) -> list[dict[str, Any]]:
    """All that you may see, without their photos."""
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


@router.post("albums", response={201: AlbumDetail, **errors(409, 413, 422)}, summary="Make an album")
def post_album(request: HttpRequest, body: AlbumBody) -> Status[dict[str, Any]]:
    """It is yours. 409 when you have one of this name in the same place already."""
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


@router.get("albums/{int:album_id}", response={200: AlbumDetail, **errors(404)}, summary="One album")
def get_album(request: HttpRequest, album_id: AlbumId) -> dict[str, Any]:
    """With the ids of the photos in their order."""
    user = require_reader(request)
    return detail_json(get_object_or_404(visible_albums(user).select_related("owner"), pk=album_id), user)


@router.patch(
    "albums/{int:album_id}",
    response={200: AlbumDetail, **errors(404, 409, 413, 422)},
    summary="Change an album",
)
def patch_album(request: HttpRequest, album_id: AlbumId, body: AlbumPatch) -> dict[str, Any]:
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


@router.delete("albums/{int:album_id}", response={204: None, **errors(404)}, summary="Delete an album")
def delete_album(request: HttpRequest, album_id: AlbumId) -> Status[None]:
    """Its photos stay in the library; the albums in it stay as well."""
    editable_album(request, album_id)[0].delete()
    return Status(204, None)


@router.post(
    "albums/{int:album_id}/photos",
    response={200: AlbumDetail, **errors(404, 413, 422)},
    summary="Add photos at the end",
)
def add_photos(request: HttpRequest, album_id: AlbumId, body: PhotosBody) -> dict[str, Any]:
    """Photos that you may see; those in the album already keep their place."""
    album, user = editable_album(request, album_id)
    found = Photo.objects.visible_to(user).in_bulk(body.photos)
    add_to_album(album=album, photos=[found[pk] for pk in dict.fromkeys(body.photos) if pk in found])
    return detail_json(album, user)


@router.post(
    "albums/{int:album_id}/photos/remove",
    response={200: AlbumDetail, **errors(404, 413, 422)},
    summary="Take photos out",
)
def remove_photos(request: HttpRequest, album_id: AlbumId, body: PhotosBody) -> dict[str, Any]:
    """They stay in the library. Photos that are not in the album are passed over."""
    album, user = editable_album(request, album_id)
    remove_from_album(album=album, photos=list(Photo.objects.filter(pk__in=body.photos)))
    return detail_json(album, user)


@router.post(
    "albums/{int:album_id}/order",
    response={200: AlbumDetail, **errors(404, 409, 413, 422)},
    summary="Move photos",
)
def order_photos(request: HttpRequest, album_id: AlbumId, body: OrderBody) -> dict[str, Any]:
    """Put photos of the album, in the order given, in front of another one or at the end."""
    album, user = editable_album(request, album_id)
    try:
        move_in_album(album=album, photo_ids=body.photos, before=body.before)
    except BadAlbum as error:
        raise ApiError(409, "bad-order", str(error)) from error
    return detail_json(album, user)
