"""SQL: the inverted index from words of local features to photos. It finds crops, borders, overlays and screenshots.

Two tables: one row a word with the ids of the photos that have it, and fresh entries, one row each, that have yet to
come there. A new photo has words all over the index; to write it into the rows of all of them would touch as many
pages. So its entries are only added to the small table, and every now and then one slice of that is settled: its
entries go into the rows of their words, page by page. Queries read both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, transaction

from dedup.compare.candidate_rules import (
    COMMON_PHOTOS_MAX,
    COMMON_PHOTOS_MIN,
    COMMON_SHARE,
    CROWD_MAX,
    CROWD_MERIT,
    MERIT_UNIT,
    POSTINGS_MAX,
    SHARED_WORDS_MIN,
    WORD_CANDIDATES_MAX,
    words_to_find,
    words_to_store,
)
from dedup.compare.fingerprint import read
from dedup.compare.local_features import WORD_BITS, LocalFeatures
from dedup.usable import LIVE_AND_SOUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dedup.models import Fingerprint

# Slices of the words, by their highest bits: settling one takes 0.2 to 0.5 s.
SLICES = 64
# Photos between two settlings. So SLICES times as many are fresh: 2.1 million rows.
PHOTOS_PER_SETTLING = 256
# Any number that nothing else locks by; the slice is the second half of the lock.
SETTLING_LOCK = 0x77_6F_72_64


class WordQuery(NamedTuple):
    """Local features to look up, the version of what made them, and the photo that is not to be found: its own."""

    features: LocalFeatures
    version: int
    own_id: int = 0


def index_words(fingerprints: Iterable[Fingerprint]) -> None:
    """Make the photos findable by their words. Call it in a transaction, once for each version of a fingerprint."""
    entries = sorted(
        (key, one.photo_id)
        for one in fingerprints
        for key in keys_of(words_to_store(read(bytes(one.features)).features).tolist(), one.version)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO dedup_freshword (key, photo_id) SELECT * FROM unnest(%s::integer[], %s::integer[])
            ON CONFLICT DO NOTHING
            """,
            [[key for key, _ in entries], [photo_id for _, photo_id in entries]],
        )


def settle_when_due(photo_ids: Iterable[int], version: int) -> None:
    """Settle the slices whose turn it is after these photos: each photo in PHOTOS_PER_SETTLING brings on one."""
    for photo_id in photo_ids:
        turn, rest = divmod(photo_id, PHOTOS_PER_SETTLING)
        if rest == 0:
            settle(turn % SLICES, version)


@transaction.atomic
def settle(part: int, version: int) -> None:
    """Bring the fresh entries of one slice into the rows of their words, unless another worker is at it."""
    first, last = keys_of([part * _SLICE_WORDS, (part + 1) * _SLICE_WORDS - 1], version)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SETTLING_LOCK, part])
        if not cursor.fetchone()[0]:
            return
        cursor.execute(
            """
            WITH taken AS (DELETE FROM dedup_freshword WHERE key BETWEEN %s AND %s RETURNING key, photo_id)
            INSERT INTO dedup_wordpostings AS known (key, photo_ids)
            SELECT key, array_agg(photo_id ORDER BY photo_id) FROM taken GROUP BY key ORDER BY key
            ON CONFLICT (key) DO UPDATE SET photo_ids = known.photo_ids || excluded.photo_ids
             WHERE cardinality(known.photo_ids) <= %s
            """,
            [first, last, COMMON_PHOTOS_MAX],
        )


def photos_sharing_each(queries: Mapping[int, WordQuery]) -> dict[int, list[int]]:
    """For each query, named by any number: live, sound photos that share words with it or its mirror image.

    The best first: rare words count more. How many, and which words are read, say the rules of candidates. All
    queries are answered by one statement.
    """
    found: dict[int, list[int]] = {name: [] for name in queries}
    if not queries:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT query.name, best.photo_id
              FROM (SELECT asked.*, {_COMMON} AS common
                      FROM (VALUES {", ".join(["(%s, %s, %s::integer[])"] * len(queries))})
                           AS asked(name, own_id, keys)) query
             CROSS JOIN LATERAL ({_BEST}) best
             ORDER BY best.rank
            """,  # noqa: S608  # only constants are put into the text
            [
                value
                for name, query in queries.items()
                for value in (
                    name,
                    query.own_id,
                    keys_of(words_to_find(query.features).tolist(), query.version),
                )
            ],
        )
        for name, photo_id in cursor.fetchall():
            found[name].append(photo_id)
    return found


def photos_sharing_words(features: LocalFeatures, version: int) -> list[int]:
    """Live, sound photos that share words with a picture that is not in the library, the best first."""
    return photos_sharing_each({0: WordQuery(features, version)})[0]


def keys_of(words: Iterable[int], version: int) -> list[int]:
    """The index keys of words: apart for each version of the fingerprint (below 128, to fit 31 bits)."""
    return [(version << WORD_BITS) + word for word in words]


# As `common_from` says, by the number of photos that PostgreSQL itself counted last.
_COMMON = f"""
    (SELECT greatest({COMMON_PHOTOS_MIN}, least({COMMON_PHOTOS_MAX}, floor({COMMON_SHARE} * reltuples)::int))
       FROM pg_class WHERE oid = 'dedup_hashentry'::regclass)"""  # noqa: S608  # only constants are put into the text
_SLICE_WORDS = (1 << WORD_BITS) // SLICES
# Twice the candidates that there can be: so many removed photos may stand among them.
_LOOKED_AT_MAX = 2 * (WORD_CANDIDATES_MAX + CROWD_MAX)

# From the inside out: the lists of the words, without those that are full; the fresh entries of the same words; the
# rarest as far as the limit reaches; what they say about each photo; those of the best photos that may be found; the
# crowd of near-copies and the best of the others.
_BEST = f"""
    WITH list AS MATERIALIZED (
             SELECT key, photo_ids FROM dedup_wordpostings WHERE key = ANY(query.keys)),
         part AS (
             SELECT key, photo_ids FROM list WHERE cardinality(photo_ids) <= query.common
              UNION ALL
             SELECT key, array_agg(photo_id) FROM dedup_freshword
              WHERE key = ANY(ARRAY(SELECT unnest(query.keys) EXCEPT
                                    SELECT key FROM list WHERE cardinality(photo_ids) > query.common))
              GROUP BY key),
         word AS (
             SELECT key, photo_ids, sum(cardinality(photo_ids)) OVER (PARTITION BY key) AS photos FROM part),
         ordered AS (
             SELECT photo_ids,
                    round({MERIT_UNIT} * (1 + ln(query.common / photos::float8)))::int AS worth,
                    sum(cardinality(photo_ids)) OVER (ORDER BY photos, key RANGE UNBOUNDED PRECEDING) AS read
               FROM word WHERE photos <= query.common),
         vote AS (
             SELECT photo_id, sum(worth) AS merit
               FROM ordered CROSS JOIN unnest(photo_ids) AS photo_id
              WHERE read <= {POSTINGS_MAX} AND photo_id <> query.own_id
              GROUP BY photo_id HAVING count(*) >= {SHARED_WORDS_MIN}
              ORDER BY merit DESC, photo_id LIMIT {_LOOKED_AT_MAX}),
         ranked AS (
             SELECT photo_id, row_number() OVER (ORDER BY merit DESC, photo_id) AS rank,
                    count(*) FILTER (WHERE merit >= {CROWD_MERIT}) OVER () AS crowd
               FROM vote JOIN gallery_photo photo ON photo.id = photo_id AND {LIVE_AND_SOUND})
    SELECT photo_id, rank FROM ranked WHERE rank <= {WORD_CANDIDATES_MAX} + least({CROWD_MAX}, crowd)
"""  # noqa: S608  # only constants are put into the text
