"""The candidates of many pictures at once, in memory: for folders, and as the measure of the index in the database.

The rules are those of `candidate_rules`: each picture is looked up among those before it. Time grows with the number
of pictures, as one query reads a bounded number of entries. Memory: 2.1 kB a picture (3 kB more while the lists of
words are made), 70 MB for the table of all words, and what one block of queries needs.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dedup.compare import thresholds
from dedup.compare.candidate_rules import (
    CHUNK_BITS,
    CHUNKS,
    CROWD_MAX,
    CROWD_MERIT,
    HASH_CANDIDATES_MAX,
    HASH_RADIUS_BITS,
    ONE_BIT_FLIPPED,
    POSTINGS_MAX,
    SHARED_WORDS_MIN,
    WORD_CANDIDATES_MAX,
    chunks_of,
    common_from,
    merits,
    reorder,
    words_to_find,
    words_to_store,
)
from dedup.compare.fingerprint import Fingerprint
from dedup.compare.local_features import WORD_BITS
from dedup.compare.phash import HASH_BITS
from dedup.compare.turns import TURNS

# Pictures that are looked up together: fewer cost time, more cost memory.
BLOCK_PICTURES = 128
# The sum of this and of a merit for each shared word tells how many there are and what all are worth. Together they
# stay below 2^24, up to which float32 holds whole numbers exactly.
_COUNT_STEP = 1 << 16

Pairs = NDArray[np.int64]  # (n, 2): position of the later picture, of the earlier one


def candidate_pairs(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Yield the pairs worth comparing as positions, lower first, each pair once, in the order of the higher.

    Each fingerprint is read twice, in order, so that a sequence may load them as they are asked for.
    """
    if not fingerprints:
        return
    hashes, lists = _indexes(fingerprints)
    for start in range(0, len(fingerprints), BLOCK_PICTURES):
        block = [fingerprints[at] for at in range(start, min(start + BLOCK_PICTURES, len(fingerprints)))]
        found = np.concatenate([hashes.near(block, start), lists.sharing(block, start)])
        for later, earlier in np.unique(found, axis=0).tolist():
            yield earlier, later


def _indexes(fingerprints: Sequence[Fingerprint]) -> tuple["_Hashes", "_WordLists"]:
    uprights, clear, stored = [], [], []
    for one in fingerprints:
        uprights.append(one.turned[0])
        clear.append(one.quality >= thresholds.HASH_QUALITY_MIN_PERCENT)
        stored.append(words_to_store(one.features))
    return _Hashes(uprights, np.array(clear)), _WordLists(stored)


class _Hashes:
    """The hashes of clear pictures by each of their chunks."""

    def __init__(self, uprights: Sequence[bytes], clear: NDArray[np.bool_]) -> None:
        reordered = reorder(uprights)
        chunks = chunks_of(reordered)
        self._bits = reordered.view(np.uint64)
        self._clear = clear
        places = np.flatnonzero(clear).astype(np.int32)
        self._holders = [places[np.argsort(one[places], kind="stable")] for one in chunks.T]
        counts = [np.bincount(one[places], minlength=1 << CHUNK_BITS) for one in chunks.T]
        self._starts = [np.concatenate([[0], np.cumsum(one)]) for one in counts]

    def near(self, block: Sequence[Fingerprint], start: int) -> Pairs:
        """Return for each picture of the block, which begins at position `start`, the near ones before it."""
        own = start + np.flatnonzero(self._clear[start : start + len(block)])
        if not len(own):
            return np.zeros((0, 2), np.int64)
        turned = np.stack([reorder(block[at].turned) for at in (own - start).tolist()])
        pairs = self._probed(chunks_of(turned), own)
        distances = self._distances(turned, np.searchsorted(own, pairs[:, 0]), pairs[:, 1])
        near = distances <= HASH_RADIUS_BITS
        return _first_ones(pairs[near], distances[near], HASH_CANDIDATES_MAX)

    def _probed(self, chunks: NDArray[np.uint16], own: NDArray[np.int64]) -> Pairs:
        """Return the pairs with an earlier picture that have a chunk in common but for one bit, each once."""
        rows = np.arange(len(own))[:, None]
        codes = []
        for chunk in range(CHUNKS):
            asked = np.unique((rows << CHUNK_BITS) | chunks[:, :, chunk])
            places, values = np.divmod((asked[:, None] ^ ONE_BIT_FLIPPED).ravel(), 1 << CHUNK_BITS)
            starts, ends = self._starts[chunk][values], self._starts[chunk][values + 1]
            earlier = self._holders[chunk][_ranges(starts, ends)]
            later = np.repeat(own[places], ends - starts)
            before = earlier < later
            codes.append(np.unique(later[before] * len(self._bits) + earlier[before]))
        return np.stack(np.divmod(np.unique(np.concatenate(codes)), len(self._bits)), axis=1)

    def _distances(
        self, turned: NDArray[np.uint8], rows: NDArray[np.int64], earlier: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the distance in the nearest of the eight turns."""
        queries = turned.view(np.uint64)
        others = self._bits[earlier]
        by_turn = (
            np.bitwise_count(queries[rows, turn] ^ others).sum(axis=1, dtype=np.int64)
            for turn in range(len(TURNS))
        )
        nearest = np.full(len(rows), HASH_BITS, np.int64)
        for distance in by_turn:
            np.minimum(nearest, distance, out=nearest)
        return nearest


class _WordLists:
    """For each word the pictures that have it."""

    def __init__(self, stored: Sequence[NDArray[np.int32]]) -> None:
        pictures = np.repeat(np.arange(len(stored), dtype=np.int32), [len(one) for one in stored])
        entries = (np.ones(len(pictures), np.float32), (np.concatenate(stored), pictures))
        self._lists = csr_array(entries, shape=(1 << WORD_BITS, len(stored)))
        self._counts = np.diff(self._lists.indptr)
        self._common = common_from(len(stored))

    def sharing(self, block: Sequence[Fingerprint], start: int) -> Pairs:
        """Return for each picture of the block, which begins at position `start`, the best ones before it."""
        sums = (self._query(block) @ self._lists).tocoo()
        shared, merit = np.divmod(sums.data.astype(np.int64), _COUNT_STEP)
        pairs = np.stack([sums.row.astype(np.int64) + start, sums.col.astype(np.int64)], axis=1)
        chosen = (shared >= SHARED_WORDS_MIN) & (pairs[:, 1] < pairs[:, 0])
        pairs, merit = pairs[chosen], merit[chosen]
        crowd = np.bincount(pairs[merit >= CROWD_MERIT, 0] - start, minlength=len(block))
        most = WORD_CANDIDATES_MAX + np.minimum(crowd, CROWD_MAX)
        return _first_ones(pairs, -merit, most[pairs[:, 0] - start])

    def _query(self, block: Sequence[Fingerprint]) -> csr_array:
        """Return the merits of the words of each picture, float32 (pictures, words), rare words within the limit."""
        asked = [words_to_find(one.features) for one in block]
        rows = np.repeat(np.arange(len(block)), [len(one) for one in asked])
        values = np.concatenate(asked)
        counts = self._counts[values]
        known = (counts > 0) & (counts <= self._common)
        rows, values, counts = rows[known], values[known], counts[known].astype(np.int64)
        order = np.lexsort((values, counts, rows))
        rows, values, counts = rows[order], values[order], counts[order]
        read = np.cumsum(counts)
        before = np.concatenate([[0], read])[np.searchsorted(rows, rows)]
        within = read - before <= POSTINGS_MAX
        data = (_COUNT_STEP + merits(counts[within], self._common)).astype(np.float32)
        return csr_array((data, (rows[within], values[within])), shape=(len(block), 1 << WORD_BITS))


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all numbers from each start up to, without, its end, one range after the other."""
    lengths = ends - starts
    return np.asarray(np.arange(lengths.sum()) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths))


def _first_ones(pairs: Pairs, order: NDArray[np.int64], most: NDArray[np.int64] | int) -> Pairs:
    """Return of each later picture's pairs those with the lowest `order`, `most` of them; equal ones by position."""
    by_rank = np.lexsort((pairs[:, 1], order, pairs[:, 0]))
    later = pairs[by_rank, 0]
    rank = np.arange(len(later)) - np.searchsorted(later, later)
    return np.asarray(pairs[by_rank[rank < (most if isinstance(most, int) else most[by_rank])]])
