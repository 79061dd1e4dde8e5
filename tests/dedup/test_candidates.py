"""Which photos are worth comparing: near hashes in all turns, shared words, neighbours of the model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dedup.candidates import LOOK_SAMPLE_MIN, candidates_of_each, index_fingerprints, near_looks
from dedup.compare.bulk_candidates import candidate_pairs
from dedup.compare.candidate_rules import COMMON_PHOTOS_MAX, HASH_RADIUS_BITS, WORD_CANDIDATES_MAX
from dedup.compare.fingerprint import VERSION, read
from dedup.compare.local_features import LocalFeatures, pack
from dedup.compare.phash import HASH_BYTES, hamming
from dedup.compare.turns import TURNS
from dedup.hash_index import bit_string, photos_near_hashes
from dedup.models import Fingerprint, FreshWord, HashEntry, WordPostings
from dedup.word_index import SLICES, photos_sharing_words, settle
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


def indexed(photo: Photo, phash: bytes | None = None, found: LocalFeatures | None = None) -> Fingerprint:
    """A stored fingerprint that is in the indexes."""
    made = fingerprint(photo, phash, found)
    index_fingerprints([made])
    return Fingerprint.objects.get(pk=made.pk)


def settle_all() -> None:
    for part in range(SLICES):
        settle(part, VERSION)


def candidates_of(one: Fingerprint) -> list[int]:
    return candidates_of_each([one])[one.photo_id]


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
        indexed(photo, hashes[photo.pk])

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
        indexed(photo, value, common)
    Photo.objects.filter(pk=trashed.pk).update(trashed_at="2024-01-01T00:00Z")
    Photo.objects.filter(pk=damaged.pk).update(state=PhotoState.DAMAGED)

    assert candidates_of(Fingerprint.objects.get(photo=own)) == [good.pk]


def test_dull_pictures_are_not_looked_up_by_their_hash() -> None:
    own, other = make_photos(2)
    indexed(other, bytes(HASH_BYTES))

    assert candidates_of(indexed(own, None)) == []


def test_pictures_that_share_rare_words_are_found_and_their_mirror_images_too() -> None:
    random = np.random.default_rng(3)
    whole = features(random)
    part = replace(whole, xy=whole.xy[:8], angle=whole.angle[:8], size=whole.size[:8], codes=whole.codes[:8])
    photos = make_photos(3)
    for photo, found in zip(photos, (whole, part.mirrored(), features(random)), strict=True):
        indexed(photo, None, found)

    assert photos_sharing_words(whole, VERSION) == [photos[0].pk, photos[1].pk]
    assert photos_sharing_words(whole, VERSION + 1) == []


def test_a_single_shared_word_is_chance() -> None:
    random = np.random.default_rng(4)
    one, other = features(random), features(random)
    other.codes[0] = one.codes[0]
    indexed(make_photos(1)[0], None, other)

    assert photos_sharing_words(one, VERSION) == []


def test_words_that_many_photos_have_say_nothing() -> None:
    common = features(np.random.default_rng(5), 5)
    own = indexed(make_photos(1)[0], None, common)
    key = FreshWord.objects.order_by("key").values_list("key", flat=True)[0]
    others = [FreshWord(key=row.key, photo_id=10**6 + n) for row in FreshWord.objects.all() for n in range(2)]
    FreshWord.objects.bulk_create(others)
    assert photos_sharing_words(common, VERSION) == [own.photo_id]

    settle_all()
    WordPostings.objects.exclude(key=key).update(photo_ids=[own.photo_id, *range(2, COMMON_PHOTOS_MAX + 2)])

    assert photos_sharing_words(common, VERSION) == []


def test_lists_of_common_words_grow_no_further() -> None:
    found = features(np.random.default_rng(6), 1)
    indexed(make_photos(1)[0], None, found)
    settle_all()
    WordPostings.objects.update(photo_ids=list(range(COMMON_PHOTOS_MAX + 1)))

    indexed(make_photos(1)[0], None, found)
    settle_all()

    assert len(WordPostings.objects.get().photo_ids) == COMMON_PHOTOS_MAX + 1
    assert not FreshWord.objects.exists()


def test_a_photo_is_indexed_once() -> None:
    made = indexed(make_photos(1)[0], bytes(range(HASH_BYTES)))
    assert made.words_version == VERSION
    before = list(FreshWord.objects.order_by("pk").values()), list(HashEntry.objects.values())
    Fingerprint.objects.update(words_version=0)

    index_fingerprints(Fingerprint.objects.all())

    assert (list(FreshWord.objects.order_by("pk").values()), list(HashEntry.objects.values())) == before
    assert Fingerprint.objects.get().words_version == VERSION


def test_settled_words_are_found_as_fresh_ones_are() -> None:
    random = np.random.default_rng(7)
    whole = features(random)
    photos = make_photos(3)
    for photo in photos[:2]:
        indexed(photo, None, whole)
    fresh = photos_sharing_words(whole, VERSION)
    settle_all()
    assert not FreshWord.objects.exists()
    assert photos_sharing_words(whole, VERSION) == fresh == [photos[0].pk, photos[1].pk]

    indexed(photos[2], None, whole)
    assert photos_sharing_words(whole, VERSION) == [photo.pk for photo in photos]
    settle_all()

    assert photos_sharing_words(whole, VERSION) == [photo.pk for photo in photos]
    assert {len(row.photo_ids) for row in WordPostings.objects.all()} == {3}


def test_a_photo_that_became_dull_leaves_the_index_of_hashes() -> None:
    made = indexed(make_photos(1)[0], bytes(range(HASH_BYTES)))
    assert HashEntry.objects.count() == 1
    Fingerprint.objects.update(phash=None, words_version=0)

    index_fingerprints(Fingerprint.objects.filter(pk=made.pk))

    assert not HashEntry.objects.exists()


def test_entries_of_removed_photos_do_no_harm() -> None:
    random = np.random.default_rng(8)
    found, value = features(random), random.bytes(HASH_BYTES)
    gone, kept, own = make_photos(3)
    for photo in (gone, kept, own):
        indexed(photo, value, found)
    settle_all()
    gone.delete()

    assert candidates_of(Fingerprint.objects.get(photo=own)) == [kept.pk]
    assert HashEntry.objects.count() == 2


def test_a_crowd_of_near_copies_hides_no_other_partner() -> None:
    random = np.random.default_rng(9)
    crowd = features(random, 190)
    part = replace(features(random), codes=np.concatenate([crowd.codes[:4], features(random, 56).codes]))
    photos = make_photos(2 * WORD_CANDIDATES_MAX, width=100, height=100)
    for photo in photos[1:]:
        indexed(photo, None, crowd)
    indexed(photos[0], None, part)
    own = indexed(make_photos(1)[0], None, crowd)

    assert candidates_of(own) == [photo.pk for photo in photos]


def test_the_database_names_the_pairs_that_the_search_in_memory_names() -> None:
    random = np.random.default_rng(10)
    models = [(features(random, 80), random.bytes(HASH_BYTES)) for _ in range(4)]
    photos = make_photos(40, width=100, height=100)
    for photo in photos:
        found, value = models[int(random.integers(4))]
        shared = int(random.integers(0, 6))
        codes = np.concatenate([found.codes[:shared], features(random, 60).codes])
        indexed(
            photo,
            flipped(value, int(random.integers(0, 34)), random),
            replace(features(random, len(codes)), codes=codes),
        )
    stored = list(Fingerprint.objects.order_by("photo_id"))
    expected = {
        (stored[low].photo_id, stored[high].photo_id)
        for low, high in candidate_pairs([read(bytes(one.features)) for one in stored])
    }

    each = candidates_of_each(stored)

    assert len(expected) > 50
    assert {
        (min(own, other), max(own, other)) for own, others in each.items() for other in others
    } == expected


def test_neighbours_of_the_model_that_are_clearly_nearer_than_usual_are_candidates() -> None:
    own, alike, unlike, other_model, trashed, *rest = make_photos(
        6 + 2 * LOOK_SAMPLE_MIN, width=100, height=100
    )
    vectors = {
        own: [1, 0, 0],
        alike: [0.9, 0.3, 0],
        unlike: [0.5, 0.5, 0],
        other_model: [1, 0, 0],
        trashed: [1, 0, 0],
    } | {photo: [0, 1, place] for place, photo in enumerate(rest)}
    for photo, vector in vectors.items():
        model = "other%/'1" if photo == other_model else "tiny%/'1"
        Embedding.objects.create(photo=photo, model=model, vector=vector)
    Photo.objects.filter(pk=trashed.pk).update(trashed_at="2024-01-01T00:00Z")

    assert near_looks([own.pk]) == {own.pk: [alike.pk, unlike.pk]}
    # Where all pictures look alike to the model, what was near is so no more.
    Embedding.objects.filter(photo__in=rest).update(vector=[0.8, 0.5, 0])
    assert near_looks([own.pk, alike.pk])[own.pk] == [alike.pk]


def test_in_a_small_library_the_nearest_by_the_model_are_candidates_whatever_is_usual() -> None:
    own, alike = make_photos(2)
    for photo, vector in ((own, [1, 0, 0]), (alike, [0.9, 0.3, 0])):
        Embedding.objects.create(photo=photo, model="tiny/1", vector=vector)

    assert candidates_of(indexed(own)) == [alike.pk]
    assert candidates_of_each([indexed(alike)], only_looks={alike.pk}) == {alike.pk: [own.pk]}


def test_fingerprints_are_made_with_the_previews_and_counted_as_outdated_when_missing() -> None:
    photos = library({"one.jpg": jpeg_bytes(scene(31)), "two.jpg": jpeg_bytes(scene(32))})
    made = Fingerprint.objects.get(photo=photos["one.jpg"])

    assert (made.version, made.matched_by > 0, made.words_version) == (VERSION, True, VERSION)
    assert made.phash is not None and made.feature_count > 50
    assert not pipeline.stages()["analyse"].outdated().exists()
    made.delete()
    assert list(pipeline.stages()["analyse"].outdated()) == [photos["one.jpg"]]
