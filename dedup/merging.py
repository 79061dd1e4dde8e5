"""What a kept photo takes over from its trashed copies, and giving it back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from gallery.models import AlbumPhoto, Photo, PhotoShare, PhotoTag, Visibility
from gallery.tags import refresh_tag_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Set

STRICTEST_FIRST = list(Visibility)
FIELD_WORDS = {
    "rating": "rating",
    "favourite": "favourite mark",
    "title": "title",
    "description": "description",
    "taken_at": "date",
    "visibility": "visibility",
    "latitude": "place",
    "longitude": "place",
}


class Part(StrEnum):
    """What a kept photo can take over from its copies, each by itself."""

    ALBUMS = "albums"
    TAGS = "tags"
    RATING = "rating"
    FAVOURITE = "favourite"
    TITLE = "title"
    DESCRIPTION = "description"
    DATE = "date"
    PLACE = "place"
    VISIBILITY = "visibility"


ALL_PARTS = frozenset(Part)
FIELDS_OF_PARTS = {
    Part.RATING: ("rating",),
    Part.FAVOURITE: ("favourite",),
    Part.TITLE: ("title",),
    Part.DESCRIPTION: ("description",),
    Part.DATE: ("taken_at",),
    Part.PLACE: ("latitude", "longitude"),
    Part.VISIBILITY: ("visibility",),
}


class ChangedSince(ValueError):
    """What was merged was changed by someone since, so that it cannot be taken back; the message says what."""


def merge_into(kept: Photo, copies: Sequence[Photo], parts: Set[Part] = ALL_PARTS) -> dict[str, Any]:
    """Give `kept` what its copies (best match first) have and it lacks. Returns what `unmerge` needs, as JSON.

    Albums and tags become the union, at the copies' places in the albums; the best rating; favourite if any is;
    title, description and place where missing; the earliest date; the strictest visibility. The owners of the
    copies see the kept photo all the same.
    """
    wanted = {name for part in parts for name in FIELDS_OF_PARTS.get(part, ())}
    changes = {name: value for name, value in merged_fields(kept, copies).items() if name in wanted}
    before = {name: getattr(kept, name) for name in changes}
    for name, value in changes.items():
        setattr(kept, name, value)
    if changes:
        Photo.objects.filter(pk=kept.pk).update(**changes)
    return {
        "photo": kept.pk,
        "fields": {name: [as_json(before[name]), as_json(changes[name])] for name in changes},
        "tags": merge_tags(kept, copies) if Part.TAGS in parts else [],
        "places": merge_albums(kept, copies) if Part.ALBUMS in parts else [],
        "shares": merge_owners(kept, copies),
    }


def merged_fields(kept: Photo, copies: Sequence[Photo]) -> dict[str, Any]:
    """The new values of the fields that change."""
    everyone = [kept, *copies]
    wanted: dict[str, Any] = {
        "rating": max(photo.rating for photo in everyone),
        "favourite": any(photo.favourite for photo in everyone),
        "title": first_given([photo.title for photo in everyone]),
        "description": first_given([photo.description for photo in everyone]),
        "taken_at": min((photo.taken_at for photo in everyone if photo.taken_at), default=None),
        "visibility": min((photo.visibility for photo in everyone), key=strictness),
    }
    if kept.latitude is None or kept.longitude is None:
        placed = [photo for photo in copies if photo.latitude is not None and photo.longitude is not None]
        if placed:
            wanted |= {"latitude": placed[0].latitude, "longitude": placed[0].longitude}
    return {name: value for name, value in wanted.items() if getattr(kept, name) != value}


def strictness(visibility: str) -> int:
    """Smaller is stricter."""
    return STRICTEST_FIRST.index(Visibility(visibility))


def first_given(texts: Sequence[str]) -> str:
    """The first text that is not empty."""
    return next((text for text in texts if text), "")


def merge_tags(kept: Photo, copies: Sequence[Photo]) -> list[int]:
    """Give `kept` the tags of its copies, as they were given. Returns the ids of the new PhotoTag rows."""
    present = set(PhotoTag.objects.filter(photo=kept).values_list("tag_id", flat=True))
    added = []
    for row in rows_in_order(PhotoTag.objects.filter(photo__in=copies).order_by("tag_id"), copies):
        if row.tag_id not in present:
            present.add(row.tag_id)
            added.append(
                PhotoTag(photo=kept, tag_id=row.tag_id, source=row.source, confidence=row.confidence)
            )
    PhotoTag.objects.bulk_create(added)
    if added:
        refresh_tag_ids([kept])
    return [row.pk for row in added]


def merge_albums(kept: Photo, copies: Sequence[Photo]) -> list[int]:
    """Put `kept` where its copies stand in their albums. Returns the ids of the new AlbumPhoto rows."""
    present = set(AlbumPhoto.objects.filter(photo=kept).values_list("album_id", flat=True))
    added = []
    for row in rows_in_order(AlbumPhoto.objects.filter(photo__in=copies).order_by("album_id"), copies):
        if row.album_id not in present:
            present.add(row.album_id)
            added.append(AlbumPhoto(photo=kept, album_id=row.album_id, position=row.position))
    AlbumPhoto.objects.bulk_create(added)
    return [row.pk for row in added]


def merge_owners(kept: Photo, copies: Sequence[Photo]) -> list[int]:
    """Let the owners of the copies, and whom those were shown to, see `kept`. Returns the ids of the new rows."""
    present = {kept.owner_id, *PhotoShare.objects.filter(photo=kept).values_list("user_id", flat=True)}
    shown = PhotoShare.objects.filter(photo__in=copies).values_list("user_id", flat=True)
    missing = sorted({*(photo.owner_id for photo in copies), *shown} - present)
    added = PhotoShare.objects.bulk_create(PhotoShare(photo=kept, user_id=user_id) for user_id in missing)
    return [row.pk for row in added]


Row = TypeVar("Row", PhotoTag, AlbumPhoto)


def rows_in_order(rows: Iterable[Row], copies: Sequence[Photo]) -> list[Row]:
    """The rows of the best copy first."""
    place = {photo.pk: index for index, photo in enumerate(copies)}
    return sorted(rows, key=lambda row: place[row.photo_id])


def as_json(value: Any) -> Any:
    """A field's value as JSON holds it, without loss."""
    return value.isoformat() if isinstance(value, datetime) else value


def from_json(name: str, value: Any) -> Any:
    """The value of the field `name` from JSON."""
    return datetime.fromisoformat(value) if name == "taken_at" and value else value


def check_unmergeable(kept: Photo, note: dict[str, Any]) -> None:
    """Raises ChangedSince when a field that the merge set was changed by someone since."""
    for name, (_, after) in note["fields"].items():
        if getattr(kept, name) != from_json(name, after):
            raise ChangedSince(
                f"The {FIELD_WORDS[name]} of {kept.file_name} was changed since, so the decision cannot be taken back "
                "without losing that change."
            )


def unmerge(kept: Photo, note: dict[str, Any]) -> None:
    """Take back what `merge_into` did. Raises ChangedSince, changing nothing."""
    check_unmergeable(kept, note)
    if fields := {name: from_json(name, before) for name, (before, _) in note["fields"].items()}:
        Photo.objects.filter(pk=kept.pk).update(**fields)
    PhotoTag.objects.filter(pk__in=note["tags"], photo=kept).delete()
    AlbumPhoto.objects.filter(pk__in=note["places"], photo=kept).delete()
    PhotoShare.objects.filter(pk__in=note["shares"], photo=kept).delete()
    if note["tags"]:
        refresh_tag_ids([kept])


def unstack(notes: Sequence[Sequence[Any]]) -> None:
    """Put photos back where they lay; `notes` are [photo, cover before, cover after]. Raises ChangedSince."""
    now = dict(Photo.objects.filter(pk__in=[pk for pk, _, _ in notes]).values_list("pk", "stacked_under"))
    if any(now.get(pk) != after for pk, _, after in notes):
        raise ChangedSince(
            "The stack was changed since, so the decision cannot be taken back without losing that."
        )
    for pk, before, _ in notes:
        Photo.objects.filter(pk=pk).update(stacked_under=before)
