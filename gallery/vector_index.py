"""SQL: the index that finds the nearest vectors of one model."""

from __future__ import annotations

import hashlib

from django.db import connection, transaction
from psycopg import sql

# A number of our own for the advisory lock under which indexes are made.
INDEX_LOCK = 0x11BE55_1DE
INDEX_NAME_HEX_DIGITS = 16


def vector_index_name(model: str) -> str:
    """The name of a model's index; model names hold characters that do not belong into one."""
    return f"embedding_hnsw_{hashlib.sha256(model.encode()).hexdigest()[:INDEX_NAME_HEX_DIGITS]}"


def ensure_vector_index(model: str, dimension: int) -> None:
    """Make the HNSW index (cosine, halfvec) over the vectors of `model`, unless there is one.

    It covers that model's rows alone, as vectors of several lengths share the column. Call it before the model's
    first vector is stored: then it is made at once and grows with the vectors. Safe in many workers at a time;
    made over existing vectors, it holds up the storing of new ones, but no search, until it is ready.
    """
    create = sql.SQL(
        "CREATE INDEX IF NOT EXISTS {name} ON gallery_embedding"
        " USING hnsw ((vector::halfvec({dimension})) halfvec_cosine_ops) WHERE model = {model}"
    ).format(
        name=sql.Identifier(vector_index_name(model)),
        dimension=sql.Literal(dimension),
        model=sql.Literal(model),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [vector_index_name(model)])
        if cursor.fetchone()[0] is None:
            # Two at a time would collide in spite of IF NOT EXISTS.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [INDEX_LOCK])
            cursor.execute(create)
