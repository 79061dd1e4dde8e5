"""What the library holds, in numbers, as far as a person may see it: kept for a while, as counting takes a moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import connection

from gallery.models import Photo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gallery.models import User

FRESH_SECONDS = 60.0
"""Younger numbers are shown as they are; older ones are shown too, and counted anew at once."""
KEPT_SECONDS = 7 * 24 * 3600
CAMERAS_SHOWN = 12


@dataclass(frozen=True)
class Share:
    """A part of the library: its name, how many photos, and their bytes."""

    name: str
    photos: int
    size: int


@dataclass(frozen=True)
class Statistics:
    """All numbers, and when they were counted (seconds since 1970)."""

    photos: int
    size: int
    types: Sequence[Share]
    cameras: Sequence[Share]
    months: Sequence[tuple[date, int, int]]
    counted_at: float
    saved: int = 0
    """Bytes that lossless optimisation took off the originals."""

    @property
    def is_fresh(self) -> bool:
        return time.time() - self.counted_at < FRESH_SECONDS


def statistics_for(user: User, *, anew: bool = False) -> Statistics:
    """The numbers of the photos that the user may see; with `anew` counted now, else as they were kept."""
    # Who sees what goes by role: a person whose role has changed must not get the numbers of the old one.
    key = f"statistics:{'all' if user.may_moderate else f'{user.role}:{user.pk}'}"
    kept: Statistics | None = None if anew else cache.get(key)
    if kept is None:
        kept = count_library(user)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def count_library(user: User) -> Statistics:
    """Count by type, camera and month in one pass over the photos."""
    visible = Photo.objects.visible_to(user).order_by()
    sql, params = visible.values(
        "media_type", "camera", "shown_at", "file_size", "saved_bytes"
    ).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT media_type, camera, month, count(*), coalesce(sum(file_size), 0)::bigint,
                   grouping(media_type, camera, month), coalesce(sum(saved_bytes), 0)::bigint
              FROM (SELECT media_type, camera, file_size, saved_bytes,
                           date_trunc('month', shown_at AT TIME ZONE 'UTC')::date AS month
                      FROM ({sql}) AS visible) AS photos
             GROUP BY GROUPING SETS ((media_type), (camera), (month), ())
            """,  # noqa: S608  # the inner text is Django's own SQL, its values are parameters
            params,
        )
        rows = cursor.fetchall()
    return from_rows(rows)


BY_TYPE, BY_CAMERA, BY_MONTH, ALL = 0b011, 0b101, 0b110, 0b111
"""What PostgreSQL's grouping() says: a bit is set for each column that a row does not group by."""


def from_rows(rows: Sequence[tuple[str, str, date, int, int, int, int]]) -> Statistics:
    """The numbers from the rows of all grouping sets."""
    types = [Share(row[0], row[3], row[4]) for row in rows if row[5] == BY_TYPE]
    cameras = [Share(row[1], row[3], row[4]) for row in rows if row[5] == BY_CAMERA and row[1]]
    months = [(row[2], row[3], row[4]) for row in rows if row[5] == BY_MONTH]
    photos, size, saved = next(((row[3], row[4], row[6]) for row in rows if row[5] == ALL), (0, 0, 0))
    return Statistics(
        photos=photos,
        size=size,
        types=sorted(types, key=lambda share: -share.photos),
        cameras=sorted(cameras, key=lambda share: -share.photos)[:CAMERAS_SHOWN],
        months=sorted(months),
        counted_at=time.time(),
        saved=saved,
    )
