"""SQL: which photos are worth comparing with others. Cheap and generous; the comparison decides.

Channels: perceptual hashes within a radius in any of the eight turns (dedup.hash_index), shared words of local features
(dedup.word_index), pictures that the model finds alike, equal bytes of other owners, and photos that an older engine
matched. Each channel answers for a whole batch of photos by one statement. docs/scaling.md has what they cost.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import connection, transaction

from dedup.compare.fingerprint import read
from dedup.compare.verdict import ENGINE_VERSION
from dedup.hash_index import HashQuery, index_hashes, photos_near_each
from dedup.models import Fingerprint
from dedup.usable import LIVE_AND_SOUND
from dedup.word_index import WordQuery, index_words, photos_sharing_each, settle_when_due
from gallery.models import Embedding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# The model sees crops, borders and overlays as alike; the copy is among the nearest or not found by it at all.
LOOK_CANDIDATES_MAX = 20
# A neighbour is worth a comparison when its distance (1 - cosine) is at most this share of the usual distance between
# the photo and others. Copies that were cropped to half have a cosine of 0.75 and more by CLIP, random photos around
# 0.5; by a model that finds all pictures alike, 0.95, copies have to come above 0.975.
LOOK_DISTANCE_SHARE = 0.5
# Others whose distances tell what is usual, spread over all photos with a vector; their median is compared with.
LOOK_SAMPLE = 32
# In a library where fewer others can be drawn, nothing is usual: the nearest are compared whatever their distance.
LOOK_SAMPLE_MIN = 8


def index_fingerprints(fingerprints: Iterable[Fingerprint]) -> None:
    """Make photos findable by hash and words: those whose present fingerprint is not in the indexes yet."""
    missing = [one for one in fingerprints if one.words_version != one.version]
    if not missing:
        return
    with transaction.atomic():
        index_hashes(missing)
        index_words(missing)
        for version in {one.version for one in missing}:
            ids = [one.pk for one in missing if one.version == version]
            Fingerprint.objects.filter(pk__in=ids).update(words_version=version)
    for one in missing:
        settle_when_due([one.photo_id], one.version)


def candidates_of_each(
    fingerprints: Sequence[Fingerprint], only_looks: Collection[int] = ()
) -> dict[int, list[int]]:
    """For each fingerprint's photo the ids of photos worth comparing with it, each once, in id order.

    For the photos `only_looks`, only the model's neighbours.
    """
    whole = [one for one in fingerprints if one.photo_id not in only_looks]
    channels = (
        same_bytes([one.photo_id for one in whole]),
        near_hashes(whole),
        shared_words(whole),
        outdated_partners([one.photo_id for one in whole]),
        near_looks([one.photo_id for one in fingerprints]),
    )
    found: dict[int, set[int]] = {one.photo_id: set() for one in fingerprints}
    for channel in channels:
        for photo_id, others in channel.items():
            found[photo_id].update(others)
    return {photo_id: sorted(others - {photo_id}) for photo_id, others in found.items()}


def near_hashes(fingerprints: Iterable[Fingerprint]) -> dict[int, list[int]]:
    """Photos whose hash is within the radius of one of the eight turns; none for a dull picture."""
    clear = [one for one in fingerprints if one.phash is not None]
    return photos_near_each(
        {one.photo_id: HashQuery(read(bytes(one.features)).turned, one.version) for one in clear}
    )


def shared_words(fingerprints: Iterable[Fingerprint]) -> dict[int, list[int]]:
    """Photos that share words of local features: crops, borders, overlays, screenshots of a picture."""
    return photos_sharing_each(
        {
            one.photo_id: WordQuery(read(bytes(one.features)).features, one.version, one.photo_id)
            for one in fingerprints
        }
    )


def same_bytes(photo_ids: Sequence[int]) -> dict[int, list[int]]:
    """The same file, uploaded by others."""
    return _partners(
        f"""
        SELECT own.id, photo.id FROM gallery_photo own
          JOIN gallery_photo photo ON photo.stored_sha256 = own.stored_sha256 AND photo.id <> own.id
         WHERE own.id = ANY(%s) AND {LIVE_AND_SOUND}
        """,  # noqa: S608  # only a constant is put into the text
        photo_ids,
    )


def outdated_partners(photo_ids: Sequence[int]) -> dict[int, list[int]]:
    """Live photos that another engine matched with these: the present engine confirms or drops those matches."""
    return _partners(
        f"""
        SELECT partner.own, photo.id
          FROM (SELECT low_id AS own, high_id AS id FROM dedup_match WHERE engine_version <> {ENGINE_VERSION}
                UNION ALL
                SELECT high_id, low_id FROM dedup_match WHERE engine_version <> {ENGINE_VERSION}) partner
          JOIN gallery_photo photo ON photo.id = partner.id
         WHERE partner.own = ANY(%s) AND {LIVE_AND_SOUND}
        """,  # noqa: S608  # only constants are put into the text
        photo_ids,
    )


def near_looks(photo_ids: Sequence[int]) -> dict[int, list[int]]:
    """For each photo with a CLIP vector its nearest neighbours by that model, if they are clearly nearer than others.

    By the model's own index; nothing for photos that have no vector yet.
    """
    models: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in Embedding.objects.filter(photo_id__in=photo_ids):
        models[row.model, len(row.vector)].append(row.photo_id)
    found: dict[int, list[int]] = {}
    for (model, dimension), own_ids in models.items():
        found |= _neighbours(own_ids, model, dimension)
    return found


def _neighbours(photo_ids: Sequence[int], model: str, dimension: int) -> dict[int, list[int]]:
    with transaction.atomic(), connection.cursor() as cursor:
        # Filters come after the index: go on reading it until enough live photos are found.
        cursor.execute("SET LOCAL hnsw.iterative_scan = 'relaxed_order'")
        # The model stands in the text, once it is quoted, so that the planner can use the index over its vectors.
        cursor.execute("SELECT quote_literal(%s)", [model])
        named = cursor.fetchone()[0].replace("%", "%%")
        vector = f"::halfvec({dimension})"
        return _partners(
            f"""
            WITH ends AS (SELECT min(id) AS first, max(id) AS last FROM gallery_embedding),
            sample AS MATERIALIZED (
                SELECT other.photo_id, other.vector{vector} AS vector
                  FROM ends CROSS JOIN generate_series(0, {LOOK_SAMPLE - 1}) AS place
                 CROSS JOIN LATERAL (
                       SELECT photo_id, vector FROM gallery_embedding
                        WHERE id >= first + (last - first) * place / {LOOK_SAMPLE} AND model = {named}
                        ORDER BY id LIMIT 1) other)
            SELECT own.photo_id, near.photo_id
              FROM gallery_embedding own
             CROSS JOIN LATERAL (
                   SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY sample.vector <=> own.vector{vector}) AS distance,
                          count(DISTINCT sample.photo_id) AS photos
                     FROM sample WHERE sample.photo_id <> own.photo_id) usual
             CROSS JOIN LATERAL (
                   SELECT other.photo_id, other.vector{vector} <=> own.vector{vector} AS distance
                     FROM gallery_embedding other
                     JOIN gallery_photo photo ON photo.id = other.photo_id AND {LIVE_AND_SOUND}
                    WHERE other.model = {named}
                    ORDER BY other.vector{vector} <=> own.vector{vector} LIMIT {LOOK_CANDIDATES_MAX + 1}) near
             WHERE own.photo_id = ANY(%s) AND near.photo_id <> own.photo_id
               AND (near.distance <= {LOOK_DISTANCE_SHARE} * usual.distance OR usual.photos < {LOOK_SAMPLE_MIN})
             ORDER BY near.distance, near.photo_id
            """,  # noqa: S608  # only numbers, constants and a quoted name are put into the text
            photo_ids,
        )


def _partners(query: str, photo_ids: Sequence[int]) -> dict[int, list[int]]:
    """Run a query for pairs (own photo, other photo) and return the others by photo."""
    found: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(query, [list(photo_ids)])
        for own_id, other_id in cursor.fetchall():
            found[own_id].append(other_id)
    return dict(found)
