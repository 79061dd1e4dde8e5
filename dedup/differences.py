"""What tells two photos apart beside their pixels: a table with better and worse in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import date, filesizeformat

if TYPE_CHECKING:
    from gallery.models import Photo

LOSSLESS_TYPES = ("image/png", "image/tiff")


@dataclass(frozen=True)
class Cell:
    """A value, and in a word how it compares with the other side: "better", "worse" or "" (neither)."""

    text: str
    note: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Row:
    label: str
    cells: tuple[Cell, Cell]


@dataclass(frozen=True)
class Aspect:
    """One thing to compare: how it is shown, what makes it better (larger `rank`), and the words for that.

    Without `rank` neither side is better. `always` shows the row even where both are equal.
    """

    label: str
    show: Callable[[Photo], str]
    rank: Callable[[Photo], float] | None = None
    words: tuple[str, str] = ("better", "worse")
    always: bool = False
    judged: bool = True


def moment(value: Any) -> str:
    return date(value, "j M Y, H:i") if value else ""


def pixels(photo: Photo) -> float:
    return (photo.width or 0) * (photo.height or 0)


def tag_names(photo: Photo) -> str:
    return ", ".join(sorted(row.tag.name for row in photo.photo_tags.all()))


def album_names(photo: Photo) -> str:
    return ", ".join(sorted(album.name for album in photo.albums.all()))


def place(photo: Photo) -> str:
    return "" if photo.latitude is None else f"{photo.latitude:.4f}, {photo.longitude:.4f}"


ASPECTS = (
    Aspect(
        "Dimensions",
        lambda photo: (
            f"{intcomma(photo.width or 0)} \N{MULTIPLICATION SIGN} {intcomma(photo.height or 0)} px"
        ),
        pixels,
        ("larger", "smaller"),
        always=True,
    ),
    Aspect(
        "File size",
        lambda photo: filesizeformat(photo.file_size),
        lambda photo: photo.file_size,
        ("more data", "less data"),
        always=True,
        judged=False,
    ),
    Aspect(
        "Type",
        lambda photo: photo.media_type.removeprefix("image/").upper(),
        lambda photo: photo.media_type in LOSSLESS_TYPES,
        ("lossless", "lossy"),
        always=True,
    ),
    Aspect(
        "Taken",
        lambda photo: moment(photo.taken_at) or "not known",
        lambda photo: -photo.taken_at.timestamp() if photo.taken_at else float("-inf"),
        ("earlier", "later"),
        always=True,
    ),
    Aspect(
        "Uploaded",
        lambda photo: moment(photo.uploaded_at),
        lambda photo: -photo.uploaded_at.timestamp(),
        ("earlier", "later"),
        judged=False,
    ),
    Aspect("File", lambda photo: photo.file_name, always=True),
    Aspect("Title", lambda photo: photo.title),
    Aspect("Camera", lambda photo: " ".join(filter(None, [photo.camera, photo.lens]))),
    Aspect("Place", place),
    Aspect(
        "EXIF fields", lambda photo: str(len(photo.exif)), lambda photo: len(photo.exif), ("more", "fewer")
    ),
    Aspect("Tags", tag_names, lambda photo: len(photo.tag_ids), ("more", "fewer")),
    Aspect("Albums", album_names, lambda photo: len(photo.albums.all()), ("more", "fewer")),
    Aspect("Rating", lambda photo: "★" * photo.rating or "none", lambda photo: photo.rating),
    Aspect("Favourite", lambda photo: "yes" if photo.favourite else "no"),
    Aspect("Seen by", lambda photo: photo.get_visibility_display()),
    Aspect("Owner", lambda photo: photo.owner.get_username()),
)


def differences(left: Photo, right: Photo) -> list[Row]:
    """The rows that matter: some always, others where the photos differ."""
    rows = []
    for aspect in ASPECTS:
        texts = aspect.show(left), aspect.show(right)
        if aspect.always or texts[0] != texts[1]:
            rows.append(compared(aspect, left, right, texts))
    return rows


def compared(aspect: Aspect, left: Photo, right: Photo, texts: tuple[str, str]) -> Row:
    """One row, with the words for the better and the worse side where there is one."""
    ranks = (aspect.rank(left), aspect.rank(right)) if aspect.rank else (0.0, 0.0)
    if ranks[0] == ranks[1]:
        return Row(aspect.label, (Cell(texts[0]), Cell(texts[1])))
    marks = ("better", "worse") if aspect.judged else ("", "")
    words = aspect.words if isfinite(min(ranks)) else ("", "")
    high, low = zip(words, marks, strict=True)
    first, second = (high, low) if ranks[0] > ranks[1] else (low, high)
    return Row(aspect.label, (Cell(texts[0], *first), Cell(texts[1], *second)))
