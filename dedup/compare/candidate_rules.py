"""Which photos are worth comparing: the rules, for the indexes in the database and for many photos in memory alike.

Hashes: two pictures are candidates when the hash of one, in one of its eight turns, lies within HASH_RADIUS_BITS of
the other's. Looked up exactly by multi-index hashing (Norouzi, Punjani and Fleet, "Fast search in Hamming space with
multi-index hashing", CVPR 2012): a hash is cut into 16 chunks of 16 bits, and of two hashes at most 31 bits apart one
chunk differs in at most one bit, since two in each would make 32.

Words: two pictures are candidates when words of their first local features agree, upright or mirrored. Both sides use
the same points, so that it does not matter which of two photos came first.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dedup.compare.local_features import LocalFeatures, words
from dedup.compare.phash import HASH_BITS, HASH_SIDE

# Of 256 bits. Random photos differ in 128 +- 8 bits; resized, recompressed and recoloured copies in fewer than 24.
HASH_RADIUS_BITS = 31
CHUNK_BITS = 16
CHUNKS = HASH_BITS // CHUNK_BITS
# More near hashes than these are near-copies of each other; comparing the nearest is enough to join them.
HASH_CANDIDATES_MAX = 200

# The first points are the strongest and best spread. Of 60 photos under 27 kinds of change 97.6 % share two words with
# their original by 192 points, 98.5 % by 256, 99.2 % by 400; among made-up words of 200,000 others 95.5 % of the
# originals come among the first 10 by 192 points, 96.5 % by 256, 96.9 % by 400. Angles of the points, compared as well,
# found no more. 400 take twice the time and space of 256.
WORD_POINTS = 256
# A single shared word is chance.
SHARED_WORDS_MIN = 2
# Words that more than this share of the photos have say nothing; but in a small library a crowd of copies must not make
# its own words common, and in a large one no list may grow without end: beyond the maximum nothing more is stored.
# Among 200,000 photos lists five times as long found no more copies.
COMMON_SHARE = 0.002
COMMON_PHOTOS_MIN = 200
COMMON_PHOTOS_MAX = 1_000
# Entries of lists that are read for one picture, lists of rare words first: what bounds the time of a query.
POSTINGS_MAX = 60_000
# What a shared word is worth: the more, the rarer it is; a whole number, so that sums are equal wherever they are made.
# 32 for the commonest words that count, up to 253 for a word of one photo.
MERIT_UNIT = 32
# Candidates with this merit are no chance. They take no places from others, so that a crowd of near-copies does not
# hide the one other true partner; beyond CROWD_MAX of them it does.
CROWD_MERIT = 1_200
CROWD_MAX = 200
# The other candidates, best first.
WORD_CANDIDATES_MAX = 50


def _chunk_order() -> NDArray[np.int64]:
    """Return which bit of a hash comes at which place of the 16 chunks.

    Mirroring a picture inverts all cosines that are odd across, or down, or in one of both ways, and keeps the others.
    So chunks are made of cosines of one such class each: in the eight turns such a chunk takes two or four values, not
    eight, and looking them all up takes less than half. Each chunk spreads over low and high frequencies.
    """
    rows, columns = np.divmod(np.arange(HASH_BITS), HASH_SIDE)
    parity = 2 * (rows % 2) + columns % 2
    by_class = [np.flatnonzero(parity == one) for one in range(4)]
    return np.concatenate([one.reshape(CHUNK_BITS, -1).T.ravel() for one in by_class])


_ORDER = _chunk_order()
# What turns a chunk into itself and into those that differ in one bit.
ONE_BIT_FLIPPED = np.concatenate([[0], 1 << np.arange(CHUNK_BITS)])


def reorder(hashes: Sequence[bytes]) -> NDArray[np.uint8]:
    """Return hashes with their bits in the order of the chunks, uint8 (n, 32). Distances stay what they are."""
    stacked = np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), HASH_BITS // 8)
    return np.ascontiguousarray(np.packbits(np.unpackbits(stacked, axis=1)[:, _ORDER], axis=1))


def chunks_of(reordered: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return the chunks of reordered hashes, uint16 (n, 16)."""
    return reordered.view(">u2").astype(np.uint16)


def probes(turned: Sequence[bytes]) -> list[list[int]]:
    """Return for each of the 16 chunks the values to look up for the hashes of a picture's turns, sorted, distinct."""
    chunks = chunks_of(reorder(turned)).astype(np.int64)
    return [np.unique(values[:, None] ^ ONE_BIT_FLIPPED).tolist() for values in chunks.T]


def first_points(features: LocalFeatures) -> LocalFeatures:
    """Return the features with the first WORD_POINTS points only."""
    return replace(
        features,
        xy=features.xy[:WORD_POINTS],
        angle=features.angle[:WORD_POINTS],
        size=features.size[:WORD_POINTS],
        codes=features.codes[:WORD_POINTS],
    )


def words_to_store(features: LocalFeatures) -> NDArray[np.int32]:
    """Return the words under which a picture is found, int32, sorted, distinct."""
    return words(first_points(features))


def words_to_find(features: LocalFeatures) -> NDArray[np.int32]:
    """Return the words to look up for a picture and its mirror image, int32, sorted, distinct."""
    first = first_points(features)
    return np.union1d(words(first), words(first.mirrored()))


def common_from(photos: int) -> int:
    """Return how many of so many photos may have a word that still says something."""
    return max(COMMON_PHOTOS_MIN, min(COMMON_PHOTOS_MAX, int(COMMON_SHARE * photos)))


def merits(having: NDArray[np.int64], common: int) -> NDArray[np.int64]:
    """Return what words are worth that so many photos (1 to `common`) have."""
    return np.asarray(np.rint(MERIT_UNIT * (1 + np.log(common / having))), np.int64)
