"""All pairs of vectors within a distance, block by block: no table of all pairs is ever in memory. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

# Rows of a block, and columns that they are compared with at a time: 8 MB of 64-bit words for each word of a hash.
BLOCK_ROWS = 256
BLOCK_COLUMNS = 4_096
COLOUR_SIDE = 20
# The coarse thumbnail: means over 4 x 4 px and the three channels.
COARSE_PX = 4
COARSE_SIDE = COLOUR_SIDE // COARSE_PX
_MEANT = COARSE_PX * COARSE_PX * 3
# Rounding of 32-bit floats: 25 products of levels up to 128 x 128 gather less than 1.
COARSE_SLACK = 2.0

Found = tuple[int, int, float]


def near_hashes(hashes: NDArray[np.uint8], radius_bits: int) -> Iterator[Found]:
    """Pairs i < j of rows of (n, bytes) that differ in at most `radius_bits` bits, with the number of bits."""
    words = _words(hashes)
    for rows, columns in _blocks(len(words)):
        difference = words[rows, None] ^ words[None, columns]
        bits = np.bitwise_count(difference).sum(axis=2, dtype=np.uint16)
        yield from _within(bits, bits <= radius_bits, rows.start, columns.start)


def near_colours(thumbnails: NDArray[np.uint8], radius: float) -> Iterator[Found]:
    """Pairs i < j of rows of (n, 1200), thumbnails of 20 x 20 x 3, whose Euclidean distance is at most `radius`.

    Coarse to fine: the distance of two thumbnails is at least sqrt(48) times that of their means over 48 levels each
    (Jensen), so that no pair is lost by looking at the means first. Levels are never subtracted as bytes, which would
    make black and white neighbours.
    """
    coarse = coarse_greys(thumbnails)
    lengths = (coarse * coarse).sum(axis=1)
    limit = radius * radius / _MEANT + COARSE_SLACK
    for rows, columns in _blocks(len(thumbnails)):
        squares = lengths[rows, None] + lengths[None, columns] - 2 * coarse[rows] @ coarse[columns].T
        for i, j, _ in _within(squares, squares <= limit, rows.start, columns.start):
            distance = colour_distance(thumbnails[i], thumbnails[j])
            if distance <= radius:
                yield i, j, distance


def coarse_greys(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the means (n, 25) float32 of 4 x 4 px and three channels, less 128, so that floats stay small."""
    blocks = thumbnails.reshape(-1, COARSE_SIDE, COARSE_PX, COARSE_SIDE, COARSE_PX, 3)
    means = blocks.mean(axis=(2, 4, 5), dtype=np.float32).reshape(len(thumbnails), -1)
    return np.asarray(means - 128, np.float32)


def colour_distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the Euclidean distance of two thumbnails of equal shape, uint8."""
    difference = one.astype(np.float64) - other.astype(np.float64)
    return float(np.sqrt((difference * difference).sum()))


def hash_distance(one: bytes, other: bytes) -> int:
    """Return in how many bits two hashes of equal length differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _words(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Rows as 64-bit words, filled up with zeros."""
    padded = np.zeros((len(hashes), -(-hashes.shape[1] // 8) * 8), np.uint8)
    padded[:, : hashes.shape[1]] = hashes
    return padded.view(np.uint64)


def _blocks(count: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, count, BLOCK_ROWS):
        rows = slice(top, min(count, top + BLOCK_ROWS))
        for left in range(top, count, BLOCK_COLUMNS):
            yield rows, slice(left, min(count, left + BLOCK_COLUMNS))


def _within(
    distances: NDArray[np.uint16] | NDArray[np.float32], near: NDArray[np.bool_], top: int, left: int
) -> Iterator[Found]:
    for row, column in zip(*np.nonzero(near), strict=True):
        if top + row < left + column:
            yield int(top + row), int(left + column), float(distances[row, column])
