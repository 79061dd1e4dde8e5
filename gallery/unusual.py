"""SQL: how unusual photos are, which is how far they lie from their nearest others. Measured a few at a time.

By the vectors of the model where photos have some, else by their colours. A photo counts as near to another only where
everybody who sees the other sees it as well: an order of what people see must tell nothing of what they do not.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.utils import timezone

from gallery.models import NOT_MEASURED, Embedding, NeighbourCheck, Photo, PhotoState, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# So many nearest others: more than there are copies of a picture, so that these alone do not make it a usual one, and
# fewer than a library has pictures of anything that it is about.
NEIGHBOURS: Final = 10
# Mean distances that differ by less are the same: each change of a photo's row is paid for in all of its indexes.
CHANGE_MIN: Final = 0.005
# What was near to nothing may have got neighbours since: measured anew after so long,
MEASURED_EVERY: Final = timedelta(days=7)
# and as soon as there are so many times more photos, or fewer.
GROWTH_MAX: Final = 1.2
BATCH_PHOTOS: Final = 50
# Of every two minutes: below 7 % of one core, and some thousand photos.
SLICE_SECONDS: Final = 8.0
SLICE_LOCK: Final = 0x11BE55_41C

SHOWN: Final = f"photo.trashed_at IS NULL AND photo.state IN ('{PhotoState.READY}', '{PhotoState.DAMAGED}')"
# Whoever sees `own` sees `photo`: it is as public, or both belong to one person and nobody else was given `own`.
SEEN_ALIKE: Final = f"""
    (photo.visibility = '{Visibility.PUBLIC}'
     OR photo.visibility = '{Visibility.MEMBERS}' AND own.visibility <> '{Visibility.PUBLIC}'
     OR own.visibility = '{Visibility.PRIVATE}' AND photo.owner_id = own.owner_id
        AND NOT EXISTS (SELECT FROM gallery_photoshare WHERE photo_id = own.id))"""


@dataclass(frozen=True)
class Measure:
    """By what photos are compared: the vectors of a model, or the colours where `model` is empty.

    `having` are the rows with a vector, `vector` is that of a row as its HNSW index has it; both name rows by {0}.
    """

    model: str
    table: str
    photo_id: str
    having: str
    vector: str


COLOURS: Final = Measure("", "gallery_photo", "id", "{0}.palette_vector IS NOT NULL", "{0}.palette_vector")


def present_measure() -> Measure:
    """The model that made the newest vector; colours where there is none."""
    newest = Embedding.objects.order_by("-pk").first()
    if newest is None:
        return COLOURS
    vector = f"{{0}}.vector::halfvec({len(newest.vector)})"
    return Measure(newest.model, "gallery_embedding", "photo_id", "{0}.model = %(model)s", vector)


def measure_a_slice(*, seconds: float = SLICE_SECONDS) -> int:
    """Measure photos of which it is not known how unusual they are, then those measured longest ago, for some seconds.

    Returns how many. One process at a time does this.
    """
    started, measured = time.monotonic(), 0
    with _alone() as is_alone:
        measure = present_measure()
        among = comparable(measure) if is_alone else 0
        while is_alone and time.monotonic() - started < seconds:
            photo_ids = due(measure, among)
            if not photo_ids:
                break
            note_measured(mean_distances(measure, photo_ids), measure, among)
            measured += len(photo_ids)
    return measured


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other process measures; none begins to until the end of the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SLICE_LOCK])
        is_alone = bool(cursor.fetchone()[0])
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [SLICE_LOCK])


def comparable(measure: Measure) -> int:
    """How many photos there are to be near to."""
    query = f"""
        SELECT count(*) FROM {measure.table} other JOIN gallery_photo photo ON photo.id = other.{measure.photo_id}
         WHERE {measure.having.format("other")} AND {SHOWN}
    """  # noqa: S608  # only constants are put into the text
    return int(_rows(query, {"model": measure.model})[0][0])


def due(measure: Measure, among: int) -> list[int]:
    """Photos to measure: those that never were by this measure, then those measured longest ago."""
    query = f"""
        SELECT photo.id
          FROM {measure.table} other JOIN gallery_photo photo ON photo.id = other.{measure.photo_id}
          LEFT JOIN gallery_neighbourcheck known ON known.photo_id = photo.id AND known.measured_by = %(model)s
         WHERE {measure.having.format("other")} AND {SHOWN}
           AND (known.photo_id IS NULL OR known.measured_at < %(before)s
                OR known.among NOT BETWEEN %(fewest)s AND %(most)s)
         ORDER BY known.measured_at NULLS FIRST, photo.id LIMIT {BATCH_PHOTOS}
    """  # noqa: S608  # only constants are put into the text
    values = {
        "model": measure.model,
        "before": timezone.now() - MEASURED_EVERY,
        "fewest": int(among / GROWTH_MAX),
        "most": int(among * GROWTH_MAX) + 1,
    }
    return [row[0] for row in _rows(query, values)]


def mean_distances(measure: Measure, photo_ids: Sequence[int]) -> dict[int, float]:
    """For each photo the mean distance (cosine, 0..2) to its nearest others; NOT_MEASURED where these are too few."""
    distance = f"{measure.vector.format('other')} <=> {measure.vector.format('mine')}"
    query = f"""
        SELECT own.id, CASE WHEN count(near.distance) = {NEIGHBOURS} THEN avg(near.distance) END
          FROM {measure.table} mine JOIN gallery_photo own ON own.id = mine.{measure.photo_id}
          LEFT JOIN LATERAL (
               SELECT {distance} AS distance
                 FROM {measure.table} other
                 JOIN gallery_photo photo ON photo.id = other.{measure.photo_id}
                WHERE {measure.having.format("other")} AND {SHOWN}
                  AND photo.id <> own.id AND {SEEN_ALIKE}
                ORDER BY {distance} LIMIT {NEIGHBOURS}) near ON true
         WHERE own.id = ANY(%(photo_ids)s) AND {measure.having.format("mine")}
         GROUP BY own.id
    """  # noqa: S608  # only constants are put into the text
    with transaction.atomic(), connection.cursor() as cursor:
        # Conditions come after the index: it is read on until enough photos fulfil them.
        cursor.execute("SET LOCAL hnsw.iterative_scan = 'relaxed_order'")
        rows = _rows(query, {"model": measure.model, "photo_ids": list(photo_ids)})
    return {pk: NOT_MEASURED if mean is None else max(0.0, float(mean)) for pk, mean in rows}


@transaction.atomic
def note_measured(distances: Mapping[int, float], measure: Measure, among: int) -> None:
    """Save how unusual photos are, and that this was measured now. Photos that are gone meanwhile are left out."""
    photos = (
        Photo.objects.filter(pk__in=distances).order_by("pk").select_for_update(of=("self",), no_key=True)
    )
    changed, checks, now = [], [], timezone.now()
    for photo in photos.only("pk", "unusual"):
        checks.append(
            NeighbourCheck(photo_id=photo.pk, measured_by=measure.model, among=among, measured_at=now)
        )
        if abs(photo.unusual - distances[photo.pk]) >= CHANGE_MIN:
            photo.unusual = distances[photo.pk]
            changed.append(photo)
    Photo.objects.bulk_update(changed, ["unusual"])
    NeighbourCheck.objects.bulk_create(
        checks,
        update_conflicts=True,
        unique_fields=["photo"],
        update_fields=["measured_by", "among", "measured_at"],
    )


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
