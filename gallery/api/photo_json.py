"""A photo as the API shows it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from django.db.models import prefetch_related_objects
from django.urls import reverse

from gallery import pipeline
from gallery.imaging.sizes import PREVIEW_SIZES_PX
from gallery.models import Photo, PhotoState, Tag
from gallery.previews import preview_url
from gallery.registry import matches_of_photo

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.contrib.auth.models import AnonymousUser

    from gallery.models import User


def photos_json(photos: Sequence[Photo], user: User | AnonymousUser) -> list[dict[str, Any]]:
    """Several photos, with a constant number of queries."""
    prefetch_related_objects(list(photos), "owner", "albums", "jobs")
    names = tag_names(photos)
    return [basic_json(photo, user, names) for photo in photos]


def photo_json(photo: Photo, user: User | AnonymousUser, *, detail: bool = False) -> dict[str, Any]:
    """One photo; with `detail` also what is known about its file and its matches."""
    data = photos_json([photo], user)[0]
    if detail:
        data["exif"] = photo.exif
        data["stage_details"] = {
            name: state["detail"] for name, state in pipeline.stage_states(photo).items()
        }
        data["matches"] = [match for source in matches_of_photo for match in source(user, photo)]
    return data


def tag_names(photos: Iterable[Photo]) -> dict[int, str]:
    """Names of all tags of the photos, by id."""
    ids = {tag_id for photo in photos for tag_id in photo.tag_ids}
    return dict(Tag.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def basic_json(photo: Photo, user: User | AnonymousUser, names: dict[int, str]) -> dict[str, Any]:
    """The fields that lists show; `names` holds the names of the photo's tags."""
    previews = PREVIEW_SIZES_PX if photo.previews_version else ()
    return {
        "id": photo.pk,
        "state": photo.state,
        "state_reason": photo.state_reason,
        "file_name": photo.file_name,
        "title": photo.title,
        "description": photo.description,
        "width": photo.width,
        "height": photo.height,
        "media_type": photo.media_type,
        "file_size": photo.file_size,
        "sha256": photo.upload_sha256,
        "stored_sha256": photo.stored_sha256,
        "taken_at": photo.taken_at,
        "uploaded_at": photo.uploaded_at,
        "owner": photo.owner.get_username(),
        "visibility": photo.visibility,
        "favourite": photo.favourite,
        "rating": photo.rating,
        "tags": sorted(names[tag_id] for tag_id in photo.tag_ids if tag_id in names),
        "albums": [
            {"id": album.pk, "name": album.name} for album in photo.albums.all() if album.is_visible_to(user)
        ],
        "camera": photo.camera,
        "lens": photo.lens,
        "latitude": photo.latitude,
        "longitude": photo.longitude,
        "palette": photo.palette,
        "dominant_colour": photo.dominant_colour,
        "thumbhash": base64.b64encode(bytes(photo.thumbhash)).decode(),
        "previews": {str(size): preview_url(photo, size) for size in previews},
        "original": reverse("original", args=[photo.pk]),
        "warnings": photo.warnings,
        "damaged": photo.state == PhotoState.DAMAGED,
        "animated": photo.is_animated,
        "trashed_at": photo.trashed_at,
        "stages": {name: state["state"] for name, state in pipeline.stage_states(photo).items()},
    }
