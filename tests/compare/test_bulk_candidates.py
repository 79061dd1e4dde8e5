"""Candidates among many pictures at once: all that the rules name, and no other."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dedup.compare.bulk_candidates import BLOCK_PICTURES, candidate_pairs
from dedup.compare.candidate_rules import (
    COMMON_PHOTOS_MIN,
    HASH_RADIUS_BITS,
    SHARED_WORDS_MIN,
    WORD_CANDIDATES_MAX,
    words_to_find,
    words_to_store,
)
from dedup.compare.fingerprint import Fingerprint
from dedup.compare.local_features import LocalFeatures
from dedup.compare.phash import HASH_BYTES, turn_distances
from dedup.compare.turns import TURNS


def points(codes: np.ndarray) -> LocalFeatures:
    """Features with these codes, anywhere."""
    count = len(codes)
    return LocalFeatures(
        width=384,
        height=288,
        xy=np.zeros((count, 2), np.float32),
        angle=np.zeros(count, np.float32),
        size=np.ones(count, np.float32),
        codes=codes,
    )


def random_codes(random: np.random.Generator, count: int = 40) -> np.ndarray:
    return random.integers(0, 2**63, (count, 2), dtype=np.uint64)


def picture(
    random: np.random.Generator,
    codes: np.ndarray | None = None,
    turned: tuple[bytes, ...] = (),
    quality: int = 90,
) -> Fingerprint:
    """A fingerprint; by default with the hashes and codes of nothing else."""
    hashes = turned or tuple(random.bytes(HASH_BYTES) for _ in TURNS)
    return Fingerprint(hashes, quality, points(random_codes(random) if codes is None else codes))


def inverted(value: bytes, bits: int, random: np.random.Generator) -> bytes:
    """The hash with so many bits the other way round."""
    mask = np.zeros(8 * len(value), np.uint8)
    mask[random.choice(len(mask), bits, replace=False)] = 1
    return bytes(np.frombuffer(value, np.uint8) ^ np.packbits(mask))


def by_comparing_all(pictures: Sequence[Fingerprint]) -> set[tuple[int, int]]:
    """The same pairs by looking at each; no list is full and no word common."""
    found = set()
    for later, one in enumerate(pictures):
        asked = set(words_to_find(one.features).tolist())
        for earlier in range(later):
            other = pictures[earlier]
            clear = min(one.quality, other.quality) >= 50
            near = clear and min(turn_distances(one.turned, other.turned[0])) <= HASH_RADIUS_BITS
            if near or len(asked & set(words_to_store(other.features).tolist())) >= SHARED_WORDS_MIN:
                found.add((earlier, later))
    return found


def test_all_pairs_within_the_rules_are_found_once_and_no_other() -> None:
    random = np.random.default_rng(1)
    pictures = [picture(random) for _ in range(BLOCK_PICTURES)]
    for place in range(90):
        model = pictures[int(random.integers(len(pictures)))]
        # One of the eight turns, up to nine bits beyond the radius.
        hashes = list(picture(random).turned)
        hashes[place % len(TURNS)] = inverted(model.turned[0], int(random.integers(0, 41)), random)
        shared = int(random.integers(0, 5))
        codes = np.concatenate([model.features.codes[:shared], random_codes(random)])
        found = points(codes).mirrored() if place % 2 else points(codes)
        made = Fingerprint(tuple(hashes), 90 if place % 10 else 20, found)
        pictures.insert(int(random.integers(len(pictures))), made)

    pairs = list(candidate_pairs(pictures))

    assert len(pairs) > 60
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == by_comparing_all(pictures)
    assert all(first < second for first, second in pairs)


def test_words_that_many_pictures_have_say_nothing() -> None:
    random = np.random.default_rng(2)
    common = random_codes(random, 6)
    count = COMMON_PHOTOS_MIN + 1
    pictures = [picture(random, np.concatenate([common, random_codes(random, 2)])) for _ in range(count)]

    assert list(candidate_pairs(pictures)) == []
    # With one fewer they are looked at.
    assert len(list(candidate_pairs(pictures[1:]))) > count


def test_a_crowd_of_near_copies_hides_no_other_partner() -> None:
    random = np.random.default_rng(3)
    codes = random_codes(random, 190)
    crowd = [picture(random, codes) for _ in range(2 * WORD_CANDIDATES_MAX)]
    partner = picture(random, np.concatenate([codes[:4], random_codes(random)]))
    pictures = [partner, *crowd]

    pairs = set(candidate_pairs(pictures))

    assert (0, len(pictures) - 1) in pairs
    assert {(earlier, len(pictures) - 1) for earlier in range(1, len(pictures) - 1)} <= pairs


def test_weak_partners_take_no_more_than_their_places() -> None:
    random = np.random.default_rng(4)
    codes = random_codes(random, 190)
    weak = [picture(random, np.concatenate([codes[:3], random_codes(random)])) for _ in range(90)]
    own = picture(random, codes)

    pairs = list(candidate_pairs([*weak, own]))

    assert sum(later == len(weak) for _, later in pairs) == WORD_CANDIDATES_MAX


def test_no_pictures_and_pictures_without_anything_to_go_by_have_no_pairs() -> None:
    random = np.random.default_rng(5)
    dull = replace(picture(random, random_codes(random, 0)), quality=3)

    assert list(candidate_pairs([])) == []
    assert list(candidate_pairs([dull] * 3)) == []


def test_memory_does_not_grow_with_the_number_of_pairs() -> None:
    random = np.random.default_rng(6)
    codes = random_codes(random, 190)
    copies = [picture(random, codes)] * 900

    tracemalloc.start()
    count = sum(1 for _ in candidate_pairs(copies))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count > 100_000
    assert peak < 300e6
