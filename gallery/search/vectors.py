"""SQL over the CLIP vectors: scores of a sample, and the photos nearest to a vector among those that pass a filter.

Few photos are all measured. Among many the HNSW index is walked, and walked on (pgvector's iterative scan) until enough
photos pass the filter, so that a filter never empties a list that it should only thin out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import connection
from django.db.models import Expression, F, FloatField, QuerySet, Value
from django.db.models.functions import Cast
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.django import CosineDistance, HalfVectorField
from psycopg import sql

from gallery.models import Embedding, Photo
from gallery.search.paging import set_local

EXACT_SCAN_MAX: Final = 10_000  # photos: few enough to measure them all, and no index is more exact
SAMPLE_SIZE: Final = 2_000  # photos: the spread of their scores is known within 3 %
WHOLE_TABLE_MAX: Final = 5_000  # vectors: below, the sample is the whole table
EF_SEARCH_MIN, EF_SEARCH_MAX = 100, 1_000  # candidates kept during the walk; 1,000 is pgvector's limit
MAX_SCAN_TUPLES: Final = 2_000_000  # how far a walk may go on; the statement timeout ends it earlier
SCAN_MEM_MULTIPLIER: Final = (
    16  # times work_mem: a walk that runs out of memory ends early and would lose results
)
# The planner does not know that a walk stops early; sorting or hashing all photos is never the better plan then.
_PLAN_SWITCHES: Final = ("enable_sort", "enable_hashjoin", "enable_mergejoin")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Target:
    """A direction (d,) in the vectors of one model."""

    vector: Floats
    model: str

    @property
    def literal(self) -> HalfVector:
        """The vector as a parameter."""
        return HalfVector(self.vector)


def sample_scores(model: str, vectors: Sequence[Floats]) -> Floats:
    """Cosines (n, k) of about SAMPLE_SIZE random photos with k vectors; n is 0 while there are no photos."""
    if not vectors:
        return np.empty((0, 0))
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'gallery_embedding'::regclass")
        rows = float(cursor.fetchone()[0])
        part: sql.Composable = sql.SQL("")
        if rows > WHOLE_TABLE_MAX:
            part = sql.SQL("TABLESAMPLE SYSTEM ({}) REPEATABLE (1)").format(
                sql.Literal(min(100.0, 100.0 * SAMPLE_SIZE / rows))
            )
        scores = sql.SQL(", ").join(
            sql.SQL("1 - (vector::halfvec({}) <=> %s::halfvec)").format(sql.Literal(len(vector)))
            for vector in vectors
        )
        query = sql.SQL("SELECT {} FROM gallery_embedding {} WHERE model = %s LIMIT {}").format(
            scores, part, sql.Literal(2 * WHOLE_TABLE_MAX)
        )
        cursor.execute(query, [*(HalfVector(vector).to_text() for vector in vectors), model])
        found = cursor.fetchall()
    return np.array(found, dtype=np.float64).reshape(len(found), len(vectors))


def vector_of(photo_id: int, model: str) -> Floats | None:
    """The unit vector (d,) of a photo, None where it has none of this model."""
    found = Embedding.objects.filter(photo_id=photo_id, model=model).values_list("vector", flat=True).first()
    return None if found is None else unit(np.asarray(found, dtype=np.float64))


def unit(vector: Floats) -> Floats:
    """The vector at length 1; a vector of length 0 stays."""
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def nearest(
    photos: QuerySet[Photo], target: Target, *, limit: int, estimate: int
) -> tuple[list[int], Floats]:
    """Ids of the `limit` photos nearest to the target, nearest first, and their cosines.

    `estimate` says about how many photos there are in `photos`, and so whether all are measured or the index is walked.
    """
    distance = CosineDistance(
        Cast(F("embedding__vector"), HalfVectorField(dimensions=len(target.vector))), target.literal
    )
    of_model = photos.filter(embedding__model=target.model)
    ids, distances = nearest_by(of_model, distance, limit=limit, estimate=estimate)
    return ids, 1.0 - distances


def nearest_by(
    photos: QuerySet[Photo], distance: Expression, *, limit: int, estimate: int
) -> tuple[list[int], Floats]:
    """Ids of the `limit` photos of least `distance`, which an HNSW index serves, and the distances."""
    is_small = estimate <= EXACT_SCAN_MAX
    if is_small:
        # An index on the distance cannot serve a sum, so everything is measured.
        distance = distance + Value(0.0, output_field=FloatField())
    else:
        _prepare_walk(limit)
    measured = photos.order_by().annotate(distance=distance).order_by("distance")
    rows: list[Any] = list(measured.values_list("pk", "distance")[:limit])
    if not is_small:
        set_local(**dict.fromkeys(_PLAN_SWITCHES, "on"))
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    distances = np.array([row[1] for row in rows], dtype=np.float64)
    best_first = np.lexsort((-ids, distances))
    return [int(pk) for pk in ids[best_first]], distances[best_first]


def _prepare_walk(limit: int) -> None:
    set_local(
        hnsw__ef_search=max(EF_SEARCH_MIN, min(limit, EF_SEARCH_MAX)),
        hnsw__iterative_scan="strict_order",
        hnsw__max_scan_tuples=MAX_SCAN_TUPLES,
        hnsw__scan_mem_multiplier=SCAN_MEM_MULTIPLIER,
        **dict.fromkeys(_PLAN_SWITCHES, "off"),
    )
