"""A search that looks at every photo in Python: slow, plain, and what the planner is compared with."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import make_aware

from gallery.models import Photo
from gallery.search.numbers import RATIO_TOLERANCE, SIZE_TOLERANCE
from gallery.search.tree import All, And, Condition, Field, Fuzzy, Node, Not, Or, Tag, Wild

Truth = bool | None  # None: the query itself is invalid there


@dataclass(frozen=True)
class Library:
    """Everything that a judgement needs beside the photo."""

    tag_names: Mapping[int, str]
    album_photos: Mapping[str, set[int]]
    user_names: Mapping[int, str]
    now: datetime


def fits(node: Node, photo: Photo, library: Library) -> bool:
    """Whether the photo is a result."""
    return _truth(node, photo, library) is True


def _truth(node: Node, photo: Photo, library: Library) -> Truth:
    """Kleene's three values."""
    match node:
        case All():
            return True
        case Not():
            inner = _truth(node.child, photo, library)
            return None if inner is None else not inner
        case And():
            return _all([_truth(child, photo, library) for child in node.children])
        case Or():
            negated = _all([_opposite(_truth(child, photo, library)) for child in node.children])
            return _opposite(negated)
        case Tag() | Wild() | Fuzzy():
            return any(_names(node, library.tag_names[tag]) for tag in photo.tag_ids)
        case Field():
            return any(_condition(node.key, one, photo, library) for one in node.conditions)
    return None


def _opposite(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(truths: list[Truth]) -> Truth:
    if False in truths:
        return False
    return None if None in truths else True


def _names(node: Tag | Wild | Fuzzy, name: str) -> bool:
    if isinstance(node, Tag):
        return node.name == name
    if isinstance(node, Wild):
        pattern = re.sub(r"([\[\]?])", r"[\1]", node.pattern)
        return fnmatch.fnmatchcase(name, pattern)
    return _edits(node.name, name) <= 1


def _edits(one: str, other: str) -> int:
    """Optimal string alignment distance, by its definition."""
    table = [[max(i, j) if not i or not j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            change = one[i - 1] != other[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + change)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def _condition(key: str, condition: Condition, photo: Photo, library: Library) -> bool:
    if condition.op == "!=":
        return not _condition(key, Condition("=", condition.text, condition.value), photo, library)
    return _FIELDS[key](condition, photo, library)


def _compare(value: float | None, condition: Condition, tolerance: float = 0.0) -> bool:
    if value is None:
        return False
    low: Any = condition.value
    high: Any = condition.high
    low, high = getattr(low, "value", low), getattr(high, "value", high)
    if condition.op == "..":
        return bool(low <= value <= high)
    if condition.op == "=":
        return bool(low - abs(low) * tolerance <= value <= low + abs(low) * tolerance)
    return bool({">": value > low, ">=": value >= low, "<": value < low, "<=": value <= low}[condition.op])


def _time(value: datetime | None, condition: Condition) -> bool:
    if value is None:
        return False
    first: Any = condition.value
    last: Any = condition.high if condition.op == ".." else first
    start, end = make_aware(first.start), make_aware(last.end)
    inside = start <= value < end
    return {"<": value < start, "<=": value < end, ">": value >= end, ">=": value >= start}.get(
        condition.op, inside
    )


def _age(value: datetime, condition: Condition, now: datetime) -> bool:
    given: Any = condition.value
    age: timedelta = now - value
    if condition.op == "..":
        oldest: Any = condition.high
        return bool(given.length <= age <= oldest.length)
    exact = given.length <= age < given.length + given.unit
    return bool(
        {
            "<": age < given.length,
            "<=": age <= given.length,
            ">": age > given.length,
            ">=": age >= given.length,
        }.get(condition.op, exact)
    )


def _rating(condition: Condition, photo: Photo, library: Library) -> bool:
    if isinstance(condition.value, bool):
        return (photo.rating > 0) == condition.value
    if isinstance(condition.value, str):
        return any(library.tag_names[tag].startswith(f"rating:{condition.value}") for tag in photo.tag_ids)
    return _compare(photo.rating, condition)


def _megapixels(photo: Photo) -> float | None:
    return None if photo.width is None or photo.height is None else photo.width * photo.height / 1e6


def _ratio(photo: Photo) -> float | None:
    return None if photo.width is None or photo.height is None else photo.width / photo.height


def _has(condition: Condition, photo: Photo, library: Library) -> bool:
    return {
        "tags": bool(photo.tag_ids),
        "title": bool(photo.title),
        "date": photo.taken_at is not None,
        "album": any(photo.pk in photos for photos in library.album_photos.values()),
        "location": photo.latitude is not None and photo.longitude is not None,
        "rating": photo.rating > 0,
    }[str(condition.value)]


def _is(condition: Condition, photo: Photo, library: Library) -> bool:
    width, height = photo.width or 0, photo.height or 0
    known = photo.width is not None and photo.height is not None
    return {
        "portrait": known and height > width,
        "landscape": known and width > height,
        "square": known and width == height,
        "favourite": photo.favourite,
        "animated": photo.frame_count > 1,
        "private": photo.visibility == "private",
        "public": photo.visibility == "public",
    }[str(condition.value)]


_FIELDS: dict[str, Callable[[Condition, Photo, Library], bool]] = {
    "width": lambda condition, photo, library: _compare(photo.width, condition),
    "height": lambda condition, photo, library: _compare(photo.height, condition),
    "id": lambda condition, photo, library: _compare(photo.pk, condition),
    "tagcount": lambda condition, photo, library: _compare(len(photo.tag_ids), condition),
    "mpixels": lambda condition, photo, library: _compare(_megapixels(photo), condition, SIZE_TOLERANCE),
    "ratio": lambda condition, photo, library: _compare(_ratio(photo), condition, RATIO_TOLERANCE),
    "filesize": lambda condition, photo, library: _compare(photo.file_size, condition, SIZE_TOLERANCE),
    "taken": lambda condition, photo, library: _time(photo.taken_at, condition),
    "date": lambda condition, photo, library: _time(photo.best_date, condition),
    "age": lambda condition, photo, library: _age(photo.best_date, condition, library.now),
    "rating": _rating,
    "favourite": lambda condition, photo, library: photo.favourite == condition.value,
    "camera": lambda condition, photo, library: str(condition.value).lower() in photo.camera.lower(),
    "type": lambda condition, photo, library: photo.media_type == f"image/{condition.value}",
    "user": lambda condition, photo, library: (
        library.user_names[photo.owner_id] == str(condition.value).lower()
    ),
    "album": lambda condition, photo, library: (
        photo.pk in library.album_photos.get(str(condition.value).lower(), set())
    ),
    "text": lambda condition, photo, library: str(condition.value).lower() in photo.title.lower().split(),
    "has": _has,
    "is": _is,
}
