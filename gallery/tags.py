"""Giving and taking tags. `Photo.tag_ids` always equals the PhotoTag rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from gallery.models import Photo, PhotoTag, Tag, TagAlias, TagSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_TAG_LENGTH = 128
MAX_TAGS_PER_CALL = 200


class BadTag(ValueError):
    """The text cannot be a tag."""


def normalise_tag(text: str) -> str:
    """Lower case, white space as one underscore, no control characters. Raises BadTag when nothing is left."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    name = "_".join(printable.replace("_", " ").lower().split())
    if not name:
        raise BadTag("A tag needs at least one visible character.")
    if len(name) > MAX_TAG_LENGTH:
        raise BadTag(f"A tag has at most {MAX_TAG_LENGTH} characters; {name[:20]}... has {len(name)}.")
    return name


def normalise_tags(texts: Iterable[str]) -> list[str]:
    """Normalised names without repeats, in the order given. Raises BadTag."""
    names = list(dict.fromkeys(normalise_tag(text) for text in texts))
    if len(names) > MAX_TAGS_PER_CALL:
        raise BadTag(f"At most {MAX_TAGS_PER_CALL} tags can be given at once.")
    return names


def usable_keywords(texts: Iterable[str]) -> list[str]:
    """The keywords of a file that can be tags; the rest is of no use to anyone and left out."""
    names = []
    for text in texts:
        try:
            names.append(normalise_tag(text))
        except BadTag:
            continue
    return list(dict.fromkeys(names))[:MAX_TAGS_PER_CALL]


def real_names(names: Iterable[str]) -> list[str]:
    """Normalised names without repeats, with the tag's own name for each alias. Raises BadTag."""
    written = normalise_tags(names)
    own = dict(TagAlias.objects.filter(name__in=written).values_list("name", "tag__name")) if written else {}
    return list(dict.fromkeys(own.get(name, name) for name in written))


def tags_named(names: Sequence[str]) -> list[Tag]:
    """The tags with these normalised names, created where missing."""
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(names)], ignore_conflicts=True)
    return list(Tag.objects.filter(name__in=names))


@transaction.atomic
def add_tags(
    *,
    photos: Sequence[Photo],
    names: Iterable[str],
    source: TagSource = TagSource.USER,
    confidence: float = 1.0,
) -> None:
    """Give every photo every tag; a tag that a photo has already stays as it is. Raises BadTag."""
    tags = tags_named(real_names(names))
    PhotoTag.objects.bulk_create(
        [
            PhotoTag(photo=photo, tag=tag, source=source, confidence=confidence)
            for photo in photos
            for tag in tags
        ],
        ignore_conflicts=True,
    )
    refresh_tag_ids(photos)


@transaction.atomic
def remove_tags(*, photos: Sequence[Photo], names: Iterable[str]) -> None:
    """Take the tags from the photos. Raises BadTag."""
    PhotoTag.objects.filter(photo__in=photos, tag__name__in=real_names(names)).delete()
    refresh_tag_ids(photos)


@transaction.atomic
def set_tags(*, photo: Photo, names: Iterable[str]) -> None:
    """Make the photo's tags exactly these. Raises BadTag."""
    wanted = real_names(names)
    PhotoTag.objects.filter(photo=photo).exclude(tag__name__in=wanted).delete()
    add_tags(photos=[photo], names=wanted)


def refresh_tag_ids(photos: Sequence[Photo]) -> None:
    """Make `tag_ids` equal to the PhotoTag rows, in the database and on these objects."""
    ids = [photo.pk for photo in photos]
    # Locked in id order, so that two calls over the same photos never wait for each other in a circle.
    list(Photo.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    rows = (
        PhotoTag.objects.filter(photo=OuterRef("pk"))
        .values("photo")
        .annotate(ids=ArrayAgg("tag_id", order_by="tag_id"))
        .values("ids")
    )
    Photo.objects.filter(pk__in=ids).update(
        tag_ids=Coalesce(Subquery(rows), Value([], output_field=Photo._meta.get_field("tag_ids")))
    )
    fresh = dict(Photo.objects.filter(pk__in=ids).values_list("pk", "tag_ids"))
    for photo in photos:
        photo.tag_ids = fresh[photo.pk]
