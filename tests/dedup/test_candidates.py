"""Which photos are worth comparing: near hashes in all turns, shared words, neighbours of the model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dedup.candidates import (
    HASH_RADIUS_BITS,
    LOOK_CANDIDATES_MAX,
    candidates_of,
    photos_near_hashes,
    photos_near_vector,
)
from dedup.compare.fingerprint import VERSION
from dedup.compare.local_features import LocalFeatures, pack
from dedup.compare.phash import HASH_BYTES, hamming
from dedup.compare.turns import TURNS
from dedup.fingerprints import bit_string
from dedup.models import Fingerprint, WordPostings
from dedup.word_index import COMMON_PHOTOS_MIN, index_words, photos_sharing_words
from gallery import pipeline
from gallery.models import Embedding, Photo, PhotoState
from tests.dedup.photos import library
from tests.dedup.rows import make_photos
from tests.pictures import jpeg_bytes, scene

pytestmark = pytest.mark.django_db


def features(random: np.random.Generator, count: int = 60) -> LocalFeatures:
    """Points with random codes."""
    return LocalFeatures(
        width=384,
        height=288,
        xy=random.uniform(0, 280, (count, 2)).astype(np.float32),
        angle=np.zeros(count, np.float32),
        size=np.ones(count, np.float32),
        codes=random.integers(0, 2**63, (count, 2), dtype=np.uint64),
    )


def fingerprint(photo: Photo, phash: bytes | None = None, found: LocalFeatures | None = None) -> Fingerprint:
    """A stored fingerprint with this hash in every turn."""
    turned = (phash or bytes(HASH_BYTES)) * len(TURNS)
    points = found or features(np.random.default_rng(photo.pk))
    return Fingerprint.objects.create(
        photo=photo,
        version=VERSION,
        phash=None if phash is None else bit_string(phash),
        features=bytes([90]) + turned + pack(points),
        feature_count=len(points),
    )


def flipped(value: bytes, bits: int, random: np.random.Generator) -> bytes:
    """The hash with so many bits inverted."""
    mask = np.zeros(8 * len(value), np.uint8)
    mask[random.choice(len(mask), bits, replace=False)] = 1
    return bytes(np.frombuffer(value, np.uint8) ^ np.packbits(mask))


def test_hashes_within_the_radius_are_found_exactly_and_nearest_first() -> None:
    random = np.random.default_rng(1)
    query = random.bytes(HASH_BYTES)
    photos = make_photos(60)
    hashes = {photo.pk: flipped(query, place, random) for place, photo in enumerate(photos)}
    for photo in photos:
        fingerprint(photo, hashes[photo.pk])

    distances = {pk: hamming(query, value) for pk, value in hashes.items()}
    near = sorted((pk for pk in hashes if distances[pk] <= HASH_RADIUS_BITS), key=distances.__getitem__)
    assert photos_near_hashes([query], VERSION) == near
    assert photos_near_hashes([random.bytes(HASH_BYTES), query], VERSION) == near
    assert photos_near_hashes([query], VERSION + 1) == []
    assert photos_near_hashes([], VERSION) == []


def test_trashed_and_damaged_photos_are_no_candidates() -> None:
    value = bytes(range(HASH_BYTES))
    own, good, trashed, damaged = make_photos(4)
    common = features(np.random.default_rng(2))
    for photo in (own, good, trashed, damaged):
        index_words(fingerprint(photo, value, common))
    Photo.objects.filter(pk=trashed.pk).update(trashed_at="2024-01-01T00:00Z")
    Photo.objects.filter(pk=damaged.pk).update(state=PhotoState.DAMAGED)

    assert candidates_of(Fingerprint.objects.get(photo=own)) == [good.pk]


def test_dull_pictures_are_not_looked_up_by_their_hash() -> None:
    own, other = make_photos(2)
    fingerprint(other, bytes(HASH_BYTES))

    assert candidates_of(fingerprint(own, None)) == []


def test_pictures_that_share_rare_words_are_found_and_their_mirror_images_too() -> None:
    random = np.random.default_rng(3)
    whole = features(random)
    part = replace(whole, xy=whole.xy[:8], angle=whole.angle[:8], size=whole.size[:8], codes=whole.codes[:8])
    photos = make_photos(3)
    for photo, found in zip(photos, (whole, part.mirrored(), features(random)), strict=True):
        index_words(fingerprint(photo, None, found))

    assert photos_sharing_words(whole, VERSION) == [photos[0].pk, photos[1].pk]
    assert photos_sharing_words(whole, VERSION + 1) == []


def test_a_single_shared_word_is_chance() -> None:
    random = np.random.default_rng(4)
    one, other = features(random), features(random)
    other.codes[0] = one.codes[0]
    index_words(fingerprint(make_photos(1)[0], None, other))

    assert photos_sharing_words(one, VERSION) == []


def test_words_that_many_photos_have_say_nothing() -> None:
    common = features(np.random.default_rng(5), 5)
    for photo in make_photos(COMMON_PHOTOS_MIN + 1, width=100, height=100):
        index_words(fingerprint(photo, None, common))

    assert photos_sharing_words(common, VERSION) == []


def test_a_photo_is_indexed_once() -> None:
    made = fingerprint(make_photos(1)[0])
    index_words(made)
    before = list(WordPostings.objects.order_by("pk").values())
    Fingerprint.objects.update(words_version=0)

    index_words(Fingerprint.objects.get())

    assert list(WordPostings.objects.order_by("pk").values()) == before
    assert Fingerprint.objects.get().words_version == VERSION


def test_neighbours_of_the_model_above_the_floor_are_candidates() -> None:
    own, alike, unlike, other_model, trashed = make_photos(5)
    vectors = {
        own: [1, 0, 0],
        alike: [0.9, 0.3, 0],
        unlike: [0, 1, 0],
        other_model: [1, 0, 0],
        trashed: [1, 0, 0],
    }
    for photo, vector in vectors.items():
        model = "other/1" if photo == other_model else "tiny/1"
        Embedding.objects.create(photo=photo, model=model, vector=vector)
    Photo.objects.filter(pk=trashed.pk).update(trashed_at="2024-01-01T00:00Z")

    assert photos_near_vector("tiny/1", [1, 0, 0], LOOK_CANDIDATES_MAX) == [own.pk, alike.pk]
    assert candidates_of(fingerprint(own)) == [alike.pk]


def test_fingerprints_are_made_with_the_previews_and_counted_as_outdated_when_missing() -> None:
    photos = library({"one.jpg": jpeg_bytes(scene(31)), "two.jpg": jpeg_bytes(scene(32))})
    made = Fingerprint.objects.get(photo=photos["one.jpg"])

    assert (made.version, made.matched_by > 0, made.words_version) == (VERSION, True, VERSION)
    assert made.phash is not None and made.feature_count > 50
    assert not pipeline.stages()["analyse"].outdated().exists()
    made.delete()
    assert list(pipeline.stages()["analyse"].outdated()) == [photos["one.jpg"]]
