"""SQL: the index that finds all hashes within a radius, exactly, for all eight turns of a picture.

A narrow table with one row for each clear photo, and 16 small btrees over it, one for each chunk of the hash (see
dedup.compare.candidate_rules). Only the core of PostgreSQL and pgvector's Hamming distance are needed. Rows are only
ever added, replaced or removed with their photo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

from dedup.compare.candidate_rules import (
    CHUNK_BITS,
    CHUNKS,
    HASH_CANDIDATES_MAX,
    HASH_RADIUS_BITS,
    probes,
    reorder,
)
from dedup.compare.fingerprint import read
from dedup.compare.turns import TURNS
from dedup.models import HashEntry
from dedup.usable import LIVE_AND_SOUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dedup.models import Fingerprint


class HashQuery(NamedTuple):
    """The hashes of a picture's eight turns, 32 bytes each, and the version of what made them."""

    turned: Sequence[bytes]
    version: int


def index_hashes(fingerprints: Iterable[Fingerprint]) -> None:
    """Make the photos findable by their hashes; those that became dull are so no more."""
    fingerprints = list(fingerprints)
    clear = [one for one in fingerprints if one.phash is not None]
    HashEntry.objects.filter(
        photo_id__in=[one.photo_id for one in fingerprints if one.phash is None]
    ).delete()
    if not clear:
        return
    uprights = reorder([read(bytes(one.features)).turned[0] for one in clear])
    HashEntry.objects.bulk_create(
        [
            HashEntry(photo_id=one.photo_id, version=one.version, bits=bit_string(bits.tobytes()))
            for one, bits in zip(clear, uprights, strict=True)
        ],
        update_conflicts=True,
        unique_fields=["photo"],
        update_fields=["version", "bits"],
    )


def photos_near_each(queries: Mapping[int, HashQuery]) -> dict[int, list[int]]:
    """For each query, named by any number: live, sound photos within HASH_RADIUS_BITS in some turn, nearest first.

    The HASH_CANDIDATES_MAX nearest at most. All queries are answered by one statement.
    """
    found: dict[int, list[int]] = {name: [] for name in queries}
    if not queries:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT query.name, near.photo_id
              FROM (VALUES {", ".join([_ROW] * len(queries))}) AS query(name, version, turned, {_names("probes")})
             CROSS JOIN LATERAL (
                   SELECT entry.photo_id, least({_DISTANCES}) AS distance
                     FROM dedup_hashentry entry
                     JOIN gallery_photo photo ON photo.id = entry.photo_id AND {LIVE_AND_SOUND}
                    WHERE ({_SOME_CHUNK_AGREES}) AND entry.version = query.version
                      AND least({_DISTANCES}) <= {HASH_RADIUS_BITS}
                    ORDER BY distance, entry.photo_id LIMIT {HASH_CANDIDATES_MAX}) near
             ORDER BY near.distance, near.photo_id
            """,  # noqa: S608  # only constants are put into the text
            [value for name, query in queries.items() for value in (name, *_values(query))],
        )
        for name, photo_id in cursor.fetchall():
            found[name].append(photo_id)
    return found


def photos_near_hashes(turned: Sequence[bytes], version: int) -> list[int]:
    """Live, sound photos near a picture that is not in the library, by the hashes of its eight turns, nearest first."""
    return photos_near_each({0: HashQuery(turned, version)})[0]


def bit_string(value: bytes) -> str:
    """A hash as PostgreSQL's bit(n) reads it: first bit first."""
    return f"{int.from_bytes(value, 'big'):0{8 * len(value)}b}"


def chunk_sql(chunk: int, bits: str) -> str:
    """The number in one chunk of a hash; the migration indexes just this expression."""
    return f"(substring({bits} from {1 + chunk * CHUNK_BITS} for {CHUNK_BITS})::integer)"


def _values(query: HashQuery) -> list[int | list[str] | list[int]]:
    turned = [bit_string(bits.tobytes()) for bits in reorder(query.turned)]
    return [query.version, turned, *probes(query.turned)]


def _names(prefix: str) -> str:
    return ", ".join(f"{prefix}{chunk}" for chunk in range(CHUNKS))


_ROW = f"(%s, %s, %s::bit(256)[], {', '.join(['%s::integer[]'] * CHUNKS)})"
_DISTANCES = ", ".join(f"entry.bits <~> query.turned[{place}]" for place in range(1, len(TURNS) + 1))
_SOME_CHUNK_AGREES = " OR ".join(
    f"{chunk_sql(chunk, 'entry.bits')} = ANY(query.probes{chunk})" for chunk in range(CHUNKS)
)
