"""The journal of decisions, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedup.models import Resolution
from gallery.models import Photo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import QuerySet

    from gallery.models import User

NAMES_SHOWN_MAX = 3


def entries() -> QuerySet[Resolution]:
    """Every decision with the people, the latest first."""
    return Resolution.objects.select_related("user", "undone_by", "group").defer("before")


def last_of(user: User) -> Resolution | None:
    """The person's last decision that stands."""
    return entries().filter(user=user, undone_at=None).first()


def file_names(some: Iterable[Resolution], *, most: int | None = None) -> dict[int, str]:
    """The names of the photos of these decisions by id, in one query; with `most` those of the first few of each."""
    named = {pk for one in some for pk in (*one.kept[:most], *one.trashed[:most])}
    return dict(Photo.objects.filter(pk__in=named).values_list("pk", "file_name"))


def in_words(some: Sequence[Resolution]) -> list[str]:
    """Each of the decisions as a sentence."""
    known = file_names(some, most=NAMES_SHOWN_MAX + 1)
    return [f"{words[0].upper()}{words[1:]}." for words in (described(one, known) for one in some)]


def describe(resolution: Resolution) -> str:
    """What was decided: "kept a.jpg, moved b.jpg and c.jpg to the trash"."""
    return described(resolution, file_names([resolution], most=NAMES_SHOWN_MAX + 1))


def described(resolution: Resolution, known: Mapping[int, str]) -> str:
    """What was decided, given the names of the photos."""
    kept, trashed = resolution.kept, resolution.trashed
    if resolution.action == Resolution.Action.DISMISS:
        return f"said that {listed(kept, known)} are not duplicates"
    if resolution.action == Resolution.Action.STACK:
        return f"stacked {listed(kept[1:], known)} under {listed(kept[:1], known)}"
    return f"kept {listed(kept, known)}" + (
        f", moved {listed(trashed, known)} to the trash" if trashed else ""
    )


def listed(photo_ids: Sequence[int], known: Mapping[int, str]) -> str:
    """The file names of these photos, the first few of many."""
    words = [known.get(pk, "a photo removed since") for pk in photo_ids[:NAMES_SHOWN_MAX]]
    if len(photo_ids) > NAMES_SHOWN_MAX:
        words.append(f"{len(photo_ids) - NAMES_SHOWN_MAX} more")
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
