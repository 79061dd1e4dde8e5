"""What the photo grid needs before it shows anything: every photo's shape, packed small, and the months.

The bytes: a little-endian uint32 with the length of a JSON header, the header padded with spaces to a
multiple of four, then one array after another, each with an entry per photo in the order shown:

    ids     uint32   the photo
    tokens  uint32   first 8 hex digits of the content's SHA-256, for the preview's address
    ratios  uint16   width / height, in thousandths
    colours uint16   dominant colour, 5 bits red, 6 green, 5 blue
    versions uint8   version of the previews, 0 where there are none
    flags   uint8    see `Flag`
"""

from __future__ import annotations

import enum
import json
import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import ExtractMonth, ExtractYear, Left

from gallery.imaging.sniff import MOVING_TYPES
from gallery.models import Photo, PhotoState, Visibility

RATIO_SCALE = 1000
RATIO_LIMITS = (100, 10_000)
"""Thousandths. Beyond 1:10 and 10:1 a tile is cropped: a long scroll of chat would take a whole screen."""

MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip


class Flag(enum.IntFlag):
    """What a tile shows beside the picture."""

    FAVOURITE = 1
    ANIMATED = 2
    DAMAGED = 4
    PRIVATE = 8


class Row(NamedTuple):
    """One photo of the layout, as the database gives it."""

    pk: int
    token: str
    width: int | None
    height: int | None
    dominant_colour: str
    previews_version: int
    frame_count: int
    media_type: str
    favourite: bool
    state: str
    visibility: str
    year: int
    month: int


ROW_FIELDS = [
    "pk", "token", "width", "height", "dominant_colour", "previews_version", "frame_count", "media_type",
    "favourite", "state", "visibility", "year", "month",
]  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A run of photos under one heading."""

    label: str
    year: int
    count: int


@dataclass(frozen=True)
class GridLayout:
    """All photos of a grid in order, with their sections (empty: one section without heading)."""

    rows: Sequence[Row]
    sections: Sequence[Section] = ()
    header: dict[str, Any] = field(default_factory=dict)


def rows_of(photos: QuerySet[Photo]) -> list[Row]:
    """The rows of a queryset, in its order: one query."""
    annotated = photos.annotate(
        token=Left("stored_sha256", 8), year=ExtractYear("shown_at"), month=ExtractMonth("shown_at")
    )
    return [Row(*values) for values in annotated.values_list(*ROW_FIELDS)]


def months_of(rows: Iterable[Row]) -> list[Section]:
    """A section for each run of photos of one month."""
    runs = ((key, sum(1 for _ in run)) for key, run in groupby(rows, key=lambda row: (row.year, row.month)))
    return [Section(f"{MONTHS[month - 1]} {year}", year, count) for (year, month), count in runs]


def pack(layout: GridLayout) -> bytes:
    """The bytes described above."""
    rows = layout.rows
    sections = [[section.label, section.year, section.count] for section in layout.sections]
    header = json.dumps(
        {**layout.header, "count": len(rows), "sections": sections}, separators=(",", ":")
    ).encode()
    header += b" " * (-len(header) % 4)
    columns = (
        array("I", [row.pk for row in rows]),
        array("I", [int(row.token, 16) for row in rows]),
        array("H", [ratio(row.width, row.height) for row in rows]),
        array("H", [rgb565(row.dominant_colour) for row in rows]),
        array("B", [min(row.previews_version, 255) for row in rows]),
        array("B", [flags(row) for row in rows]),
    )
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return struct.pack("<I", len(header)) + header + b"".join(column.tobytes() for column in columns)


def ratio(width: int | None, height: int | None) -> int:
    """Width / height in thousandths, within RATIO_LIMITS; square while it is not known."""
    if not width or not height:
        return RATIO_SCALE
    low, high = RATIO_LIMITS
    return min(high, max(low, round(RATIO_SCALE * width / height)))


def rgb565(colour: str) -> int:
    """``#rrggbb`` in 16 bits; a middle grey while it is not known."""
    value = int(colour[1:], 16) if len(colour) == 7 else 0x808080
    return (value >> 8 & 0xF800) | (value >> 5 & 0x07E0) | (value >> 3 & 0x001F)


def flags(row: Row) -> int:
    """The row's `Flag` bits."""
    bits = Flag(0)
    if row.favourite:
        bits |= Flag.FAVOURITE
    if row.frame_count > 1 and row.media_type in MOVING_TYPES:
        bits |= Flag.ANIMATED
    if row.state == PhotoState.DAMAGED:
        bits |= Flag.DAMAGED
    if row.visibility == Visibility.PRIVATE:
        bits |= Flag.PRIVATE
    return int(bits)
