"""Changing what people say about a photo."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from django.db import transaction

from gallery.tags import set_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import Photo


@dataclass(frozen=True)
class PhotoChanges:
    """New values; None leaves a field as it is. `tags` replaces all tags."""

    title: str | None = None
    description: str | None = None
    favourite: bool | None = None
    rating: int | None = None
    visibility: str | None = None
    tags: Sequence[str] | None = None


@transaction.atomic
def change_photo(*, photo: Photo, changes: PhotoChanges) -> None:
    """Apply the changes. Raises BadTag, changing nothing."""
    if changes.tags is not None:
        set_tags(photo=photo, names=changes.tags)
    names = [field.name for field in fields(changes) if field.name != "tags"]
    given = [name for name in names if getattr(changes, name) is not None]
    for name in given:
        setattr(photo, name, getattr(changes, name))
    photo.save(update_fields=given)
