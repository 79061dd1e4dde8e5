"""SQL: which photos are worth comparing with one photo. Cheap and generous; the comparison decides.

Channels: perceptual hashes within a radius (an exact scan, for all eight turns of the picture), shared words of local
features, pictures that the model finds alike, equal bytes of other owners, and photos that an older engine matched.
Measured with 100,000 fingerprints: 80 ms for the hashes of one photo on one core, as one pass over a narrow table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from dedup.compare.fingerprint import read
from dedup.compare.verdict import ENGINE_VERSION
from dedup.fingerprints import bit_string
from dedup.usable import LIVE_AND_SOUND
from dedup.word_index import photos_sharing_words
from gallery.models import Embedding, Photo, PhotoState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedup.models import Fingerprint

# Of 256 bits. Random photos differ in 128 +- 8 bits; resized, recompressed and recoloured copies in fewer than 24.
HASH_RADIUS_BITS = 31
# More than this many near hashes are near-copies of each other; comparing the nearest is enough to join them.
HASH_CANDIDATES_MAX = 60
# The model sees crops, borders and overlays as alike; the copy is among the nearest or not found by it at all.
LOOK_CANDIDATES_MAX = 20
# Cosine of two CLIP vectors: copies that were cropped to half lie above, random photos around 0.5.
LOOK_COSINE_MIN = 0.75


def candidates_of(fingerprint: Fingerprint) -> list[int]:
    """Ids of photos worth comparing with the fingerprint's photo, each once, in id order."""
    found = {
        *same_bytes(fingerprint),
        *near_hashes(fingerprint),
        *shared_words(fingerprint),
        *near_looks(fingerprint.photo_id),
        *outdated_partners(fingerprint),
    }
    return sorted(found - {fingerprint.photo_id})


def same_bytes(fingerprint: Fingerprint) -> list[int]:
    """The same file, uploaded by others."""
    photos = Photo.objects.live().filter(
        stored_sha256=fingerprint.photo.stored_sha256, state=PhotoState.READY
    )
    return list(photos.values_list("pk", flat=True))


def near_hashes(fingerprint: Fingerprint) -> list[int]:
    """Photos whose hash is within the radius of one of the eight turns; none for a dull picture."""
    if fingerprint.phash is None:
        return []
    return photos_near_hashes(read(bytes(fingerprint.features)).turned, fingerprint.version)


def shared_words(fingerprint: Fingerprint) -> list[int]:
    """Photos that share words of local features: crops, borders, overlays, screenshots of a picture."""
    return photos_sharing_words(read(bytes(fingerprint.features)).features, fingerprint.version)


def photos_near_hashes(hashes: Sequence[bytes], version: int) -> list[int]:
    """Photos whose hash (same fingerprint version) is within HASH_RADIUS_BITS of one of `hashes`, nearest first."""
    if not hashes:
        return []
    distance = ", ".join(["fingerprint.phash <~> %s::bit(256)"] * len(hashes))
    bits = [bit_string(value) for value in hashes]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT fingerprint.photo_id
              FROM dedup_fingerprint fingerprint
              JOIN gallery_photo photo ON photo.id = fingerprint.photo_id
             WHERE fingerprint.version = %s AND least({distance}) <= %s AND {LIVE_AND_SOUND}
             ORDER BY least({distance}), fingerprint.photo_id LIMIT %s
            """,  # noqa: S608  # only the number of parameters and a constant are put into the text
            [version, *bits, HASH_RADIUS_BITS, *bits, HASH_CANDIDATES_MAX],
        )
        return [row[0] for row in cursor.fetchall()]


def near_looks(photo_id: int) -> list[int]:
    """The nearest neighbours of the photo's CLIP vector, by the model's own index; none while there is no vector."""
    own = Embedding.objects.filter(photo_id=photo_id).first()
    if own is None:
        return []
    return photos_near_vector(own.model, own.vector, LOOK_CANDIDATES_MAX + 1)


def photos_near_vector(model: str, vector: Sequence[float], limit: int) -> list[int]:
    """Photos whose vector by `model` has at least LOOK_COSINE_MIN with `vector`, nearest first."""
    column = f"(embedding.vector::halfvec({len(vector)}))"
    text = "[" + ",".join(f"{value:.6g}" for value in vector) + "]"
    with transaction.atomic(), connection.cursor() as cursor:
        # Filters come after the index: go on reading it until enough live photos are found.
        cursor.execute("SET LOCAL hnsw.iterative_scan = 'relaxed_order'")
        cursor.execute(
            f"""
            SELECT photo_id FROM (
                SELECT embedding.photo_id, {column} <=> %(vector)s::halfvec AS distance
                  FROM gallery_embedding embedding
                  JOIN gallery_photo photo ON photo.id = embedding.photo_id
                 WHERE embedding.model = %(model)s AND {LIVE_AND_SOUND}
                 ORDER BY {column} <=> %(vector)s::halfvec LIMIT %(limit)s) nearest
             WHERE distance <= %(farthest)s ORDER BY distance, photo_id
            """,  # noqa: S608  # only a number and constants are put into the text
            {"vector": text, "model": model, "limit": limit, "farthest": 1 - LOOK_COSINE_MIN},
        )
        return [row[0] for row in cursor.fetchall()]


def outdated_partners(fingerprint: Fingerprint) -> list[int]:
    """Live photos that another engine matched with this one: the present engine confirms or drops those matches."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT photo.id
              FROM (SELECT high_id AS id FROM dedup_match WHERE low_id = %(photo)s AND engine_version <> %(engine)s
                    UNION ALL
                    SELECT low_id FROM dedup_match WHERE high_id = %(photo)s AND engine_version <> %(engine)s) partner
              JOIN gallery_photo photo ON photo.id = partner.id
             WHERE {LIVE_AND_SOUND}
            """,  # noqa: S608  # only a constant is put into the text
            {"photo": fingerprint.photo_id, "engine": ENGINE_VERSION},
        )
        return [row[0] for row in cursor.fetchall()]
