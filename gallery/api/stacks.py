"""Stacks over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from gallery.access import visible_photo
from gallery.api.common import ApiError, Number, PhotoId, errors, require_reader, require_uploader
from gallery.api.photos import editable_or_forbidden
from gallery.models import Photo
from gallery.stacks import MAX_STACKED, BadStack, photos_of_stack, set_stack_cover, stack_photos, unstack

router = Router(tags=["stacks"])


class StackBody(Schema):
    photos: list[Number] = Field(
        min_length=2, max_length=MAX_STACKED, description="Ids of photos that you may change."
    )
    cover: Number | None = Field(None, description="One of the photos; the first where it is not given.")


class Stack(Schema):
    cover: int | None = Field(description="The photo that stands for the others, where you may see it.")
    photos: list[int] = Field(description="All photos of the stack that you may see, the cover first.")


def stack_json(request: HttpRequest, photo: Photo) -> dict[str, Any]:
    """The stack of the photo: its cover and all its photos that the asker sees, the cover first."""
    photo.refresh_from_db(fields=["stacked_under"])
    found = [each.pk for each in photos_of_stack(photo, request.user)]
    cover = photo.stacked_under_id or photo.pk
    return {"cover": cover if cover in found else None, "photos": found}


@router.post("stacks", response={201: Stack, **errors(404, 413, 422)}, summary="Show photos as one")
def post_stack(request: HttpRequest, body: StackBody) -> Status[dict[str, Any]]:
    """The library shows the cover alone. Photos that lie in stacks already bring these along."""
    user = require_uploader(request)
    cover = editable_or_forbidden(user, body.photos[0] if body.cover is None else body.cover)
    photos = list(Photo.objects.live().editable_by(user).filter(pk__in=body.photos))
    try:
        stack_photos(photos=photos, cover=cover)
    except BadStack as error:
        raise ApiError(422, "bad-stack", str(error)) from error
    return Status(201, stack_json(request, cover))


@router.get("stacks/{int:photo_id}", response={200: Stack, **errors(404)}, summary="The stack of a photo")
def get_stack(request: HttpRequest, photo_id: PhotoId) -> dict[str, Any]:
    """Empty for a photo that stands alone."""
    return stack_json(request, visible_photo(require_reader(request), photo_id))


@router.post(
    "stacks/{int:photo_id}/cover", response={200: Stack, **errors(404, 422)}, summary="Change the cover"
)
def post_cover(request: HttpRequest, photo_id: PhotoId) -> dict[str, Any]:
    """Let this photo stand for the stack that it lies in."""
    photo = editable_or_forbidden(require_uploader(request), photo_id)
    try:
        set_stack_cover(photo=photo)
    except BadStack as error:
        raise ApiError(422, "bad-stack", str(error)) from error
    return stack_json(request, photo)


@router.delete("stacks/{int:photo_id}", response={204: None, **errors(404)}, summary="Take a stack apart")
def delete_stack(request: HttpRequest, photo_id: PhotoId) -> Status[None]:
    """Each photo of the stack that this one is part of is shown on its own again."""
    unstack(photo=editable_or_forbidden(require_uploader(request), photo_id))
    return Status(204, None)
