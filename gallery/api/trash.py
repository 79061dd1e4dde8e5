"""The trash over the API."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from gallery.api.common import ApiError, Number, errors, require
from gallery.api.photo_json import photos_json
from gallery.api.schemas import PhotoBasic
from gallery.models import ApiTokenScope, Photo, Role
from gallery.trash import MAX_PURGED_AT_ONCE, PURGE_ROLE, CannotPurge, CountChanged, days_left, purge_now

router = Router(tags=["trash"])

MAX_PAGE = 500
PhotoIds = Annotated[list[Number], Field(max_length=MAX_PURGED_AT_ONCE)]


class TrashedPhoto(Schema):
    photo: PhotoBasic = Field(description="The photo.")
    days_left: int = Field(description="Days until it is removed for good.")


class TrashList(Schema):
    items: list[TrashedPhoto] = Field(description="The photos of this page, the newest first.")
    next: int | None = Field(description="The cursor of the next page; null on the last.")
    total: int = Field(description="How many photos of the trash you may restore.")


class PurgeBody(Schema):
    photos: PhotoIds | None = Field(None, description="Which photos of the trash; null for all of it.")
    count: int = Field(
        strict=True, description="How many photos that are: with another number nothing is removed."
    )


class PurgeAnswer(Schema):
    removed: int = Field(description="How many photos were removed.")


@router.get("trash", response={200: TrashList, **errors(422)}, summary="Photos in the trash")
def list_trash(
    request: HttpRequest,
    cursor: Annotated[
        int | None, Query(ge=1, lt=2**63, description="`next` of the page before; none for the first page.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many photos a page has at most.")] = 60,
) -> dict[str, Any]:
    """Those that you may restore, the newest photo first, with the days until they are removed for good."""
    user = require(request, Role.VIEWER, ApiTokenScope.READ)
    photos = Photo.objects.trashed().editable_by(user)
    total = photos.count()
    if cursor is not None:
        photos = photos.filter(pk__lt=cursor)
    page = list(photos.order_by("-pk")[: limit + 1])
    shown = page[:limit]
    return {
        "items": [
            {"photo": item, "days_left": days_left(photo)}
            for item, photo in zip(photos_json(shown, user), shown, strict=True)
        ],
        "next": shown[-1].pk if len(page) > limit else None,
        "total": total,
    }


@router.post("trash/purge", response={200: PurgeAnswer, **errors(409, 413, 422)}, summary="Remove for good")
def purge(request: HttpRequest, body: PurgeBody) -> dict[str, Any]:
    """Remove photos of the trash, the oldest first and a thousand at most, before their time. For admins."""
    user = require(request, PURGE_ROLE, ApiTokenScope.MODERATE)
    try:
        return {"removed": purge_now(user=user, photo_ids=body.photos, count=body.count)}
    except CannotPurge as error:
        code = "count-changed" if isinstance(error, CountChanged) else "backup-runs"
        raise ApiError(409, code, str(error)) from error
