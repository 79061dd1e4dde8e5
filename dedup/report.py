"""Before and after: how many photos and bytes each folder or album had, and has now that copies were decided about."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Sequence

# Photos that decisions which stand moved to the trash. Those removed for good since are in no folder any more.
GONE = """
WITH gone AS (
    SELECT DISTINCT element::bigint AS id
    FROM dedup_resolution, jsonb_array_elements_text(trashed) AS element WHERE undone_at IS NULL
), placed AS (
    SELECT DISTINCT place::bigint AS id
    FROM dedup_resolution, jsonb_array_elements(before -> 'merges') AS merge,
         jsonb_array_elements_text(merge -> 'places') AS place WHERE undone_at IS NULL
)
"""
BY_FOLDER = (
    GONE
    + """
SELECT photo.source,
       count(*),
       count(*) FILTER (WHERE photo.trashed_at IS NULL),
       sum(photo.file_size),
       coalesce(sum(photo.file_size) FILTER (WHERE photo.trashed_at IS NULL), 0)
FROM gallery_photo photo LEFT JOIN gone USING (id)
WHERE photo.trashed_at IS NULL OR gone.id IS NOT NULL
GROUP BY photo.source
"""
)
# A kept photo that took the place of its copy was not in the album before.
BY_ALBUM = (
    GONE
    + """
SELECT album.name,
       count(*) FILTER (WHERE placed.id IS NULL),
       count(*) FILTER (WHERE photo.trashed_at IS NULL),
       coalesce(sum(photo.file_size) FILTER (WHERE placed.id IS NULL), 0),
       coalesce(sum(photo.file_size) FILTER (WHERE photo.trashed_at IS NULL), 0)
FROM gallery_album album
JOIN gallery_albumphoto place ON place.album_id = album.id
JOIN gallery_photo photo ON photo.id = place.photo_id
LEFT JOIN gone ON gone.id = photo.id
LEFT JOIN placed ON placed.id = place.id
WHERE photo.trashed_at IS NULL OR gone.id IS NOT NULL
GROUP BY album.id
"""
)


class By(StrEnum):
    FOLDER = "folder"
    ALBUM = "album"


@dataclass(frozen=True)
class Line:
    """A folder or an album: photos and bytes before any decision that stands, and now."""

    name: str
    photos_before: int
    photos_now: int
    bytes_before: int
    bytes_now: int

    @property
    def photos_fewer(self) -> int:
        return self.photos_before - self.photos_now

    @property
    def bytes_fewer(self) -> int:
        return self.bytes_before - self.bytes_now


COLUMNS = tuple(field.name for field in fields(Line))


def lines(by: By) -> list[Line]:
    """Every folder, or every album with photos; where most went first. Photos that came without a folder have none."""
    with connection.cursor() as cursor:
        cursor.execute(BY_FOLDER if by is By.FOLDER else BY_ALBUM)
        found = [Line(name, int(a), int(b), int(c), int(d)) for name, a, b, c, d in cursor.fetchall()]
    return sorted(found, key=lambda line: (-line.photos_fewer, line.name))


def total(found: Sequence[Line]) -> Line:
    """The sums of the lines. A photo in two albums counts in both."""
    sums = (sum(getattr(line, column) for line in found) for column in COLUMNS[1:])
    return Line("All", *sums)
