"""The journal of decisions, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedup.models import Resolution
from gallery.models import Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from gallery.models import User

NAMES_SHOWN_MAX = 3


def entries() -> QuerySet[Resolution]:
    """Every decision with the people, the latest first."""
    return Resolution.objects.select_related("user", "undone_by", "group").defer("before")


def last_of(user: User) -> Resolution | None:
    """The person's last decision that stands."""
    return entries().filter(user=user, undone_at=None).first()


def describe(resolution: Resolution) -> str:
    """What was decided: "kept a.jpg, moved b.jpg and c.jpg to the trash"."""
    if resolution.action == Resolution.Action.DISMISS:
        return f"said that {names(resolution.kept)} are not duplicates"
    if resolution.action == Resolution.Action.STACK:
        return f"stacked {names(resolution.kept[1:])} under {names(resolution.kept[:1])}"
    kept = f"kept {names(resolution.kept)}"
    return f"{kept}, moved {names(resolution.trashed)} to the trash" if resolution.trashed else kept


def names(photo_ids: Sequence[int]) -> str:
    """The file names of these photos, the first few of many."""
    ids = list(photo_ids)[:NAMES_SHOWN_MAX]
    known = dict(Photo.objects.filter(pk__in=ids).values_list("pk", "file_name"))
    words = [known.get(pk, "a photo removed since") for pk in ids]
    if len(photo_ids) > NAMES_SHOWN_MAX:
        words.append(f"{len(photo_ids) - NAMES_SHOWN_MAX} more")
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
