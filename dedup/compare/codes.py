"""Codes of SIFT descriptors: 128 bits of which a mask makes the code of the mirrored picture.

Mirroring a picture permutes a SIFT descriptor (4 rows and 4 columns of cells, 8 directions each). Its halves symmetric
and antisymmetric under that permutation are each turned into 64 signs; the code of the mirrored picture then is the
code with its antisymmetric half inverted.

The first signs of each half, from which words are made, are those of the waves (cosines over rows and columns, sines
and cosines over directions) that survive most changes: of 64,000 pairs of points of 24 photos under 28 kinds of change
48 % have equal words of 24 such signs, 42 % of 24 signs of a Hadamard rotation (in crops to a tenth 23 against 17, of
collages 34 against 26). The rest of each half is rotated by a fixed Hadamard matrix, which spreads what tells points
apart evenly over its signs; a rotation trained by PCA is no better.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

CODE_BITS = 128
HALF_BITS = CODE_BITS // 2
SYMMETRIC_WORD_BITS = 16
ANTISYMMETRIC_WORD_BITS = 8

Descriptors = NDArray[np.float32]

# The mean of the symmetric half of square-rooted descriptors over 48,803 points of 125 photos: 8 spatial
# cells (two of four rows, by four columns) x 8 directions.
_SYMMETRIC_MEAN = (
    (0.099, 0.085, 0.073, 0.077, 0.087, 0.064, 0.054, 0.067),
    (0.176, 0.117, 0.076, 0.073, 0.083, 0.066, 0.065, 0.106),
    (0.178, 0.103, 0.063, 0.064, 0.081, 0.072, 0.077, 0.121),
    (0.102, 0.067, 0.053, 0.062, 0.084, 0.075, 0.073, 0.087),
    (0.124, 0.089, 0.077, 0.090, 0.107, 0.080, 0.062, 0.077),
    (0.231, 0.133, 0.081, 0.091, 0.107, 0.082, 0.073, 0.131),
    (0.230, 0.128, 0.070, 0.080, 0.107, 0.092, 0.083, 0.135),
    (0.126, 0.077, 0.060, 0.077, 0.105, 0.088, 0.076, 0.090),
)
# Random signs (fixed for good) that spread a descriptor over all rows of the Hadamard matrix.
_SYMMETRIC_SIGNS = 0x6A09E667F3BCC908
_ANTISYMMETRIC_SIGNS = 0xBB67AE8584CAA73B
# Waves in the order of how seldom their sign flips (2.6 to 5.8 % of true pairs): waves over rows, over columns and over
# directions, the last as cosine or sine; and the median of the symmetric ones.
_SYMMETRIC_WAVES = (
    (0, 3, 1, "cos"),
    (0, 0, 1, "cos"),
    (0, 0, 2, "cos"),
    (3, 2, 1, "sin"),
    (2, 3, 1, "cos"),
    (0, 1, 1, "cos"),
    (1, 0, 1, "sin"),
    (0, 0, 0, "cos"),
    (0, 2, 1, "cos"),
    (0, 1, 0, "cos"),
    (1, 1, 1, "sin"),
    (1, 2, 1, "sin"),
    (0, 1, 2, "cos"),
    (1, 0, 2, "sin"),
    (0, 2, 2, "cos"),
    (3, 0, 1, "sin"),
)
_SYMMETRIC_MEDIANS = (
    -0.001,
    0.155,
    0.144,
    -0.001,
    0.001,
    -0.003,
    -0.005,
    0.743,
    -0.111,
    -0.005,
    0.046,
    0.001,
    -0.001,
    -0.004,
    -0.045,
    0.003,
)
_ANTISYMMETRIC_WAVES = (
    (0, 0, 1, "sin"),
    (0, 1, 1, "sin"),
    (2, 0, 1, "sin"),
    (1, 0, 1, "cos"),
    (0, 1, 2, "sin"),
    (1, 1, 1, "cos"),
    (0, 2, 1, "sin"),
    (0, 0, 2, "sin"),
)


def codes(descriptors: Descriptors) -> NDArray[np.uint64]:
    """Return the codes, uint64 (n, 2), the symmetric half first, of SIFT descriptors (n, 128)."""
    rooted = np.sqrt(descriptors / (descriptors.sum(axis=1, keepdims=True) + 1e-7))
    one, other = rooted[:, :HALF_BITS], rooted[:, mirror_partner()[:HALF_BITS]]
    symmetric = (one + other) * np.float32(0.5**0.5)
    antisymmetric = (one - other) * np.float32(0.5**0.5)
    mean = np.array(_SYMMETRIC_MEAN, np.float32).ravel()
    waves, medians = _waves(_SYMMETRIC_WAVES), np.array(_SYMMETRIC_MEDIANS, np.float32)
    signs = np.hstack(
        [
            _along(symmetric, waves) > medians,
            _rest(symmetric - mean, waves, _SYMMETRIC_SIGNS) > 0,
            _along(antisymmetric, _waves(_ANTISYMMETRIC_WAVES)) > 0,
            _rest(antisymmetric, _waves(_ANTISYMMETRIC_WAVES), _ANTISYMMETRIC_SIGNS) > 0,
        ]
    )
    return np.packbits(signs, axis=1, bitorder="little").view("<u8").astype(np.uint64).reshape(-1, 2)


def words_of(found: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Return the word (24 bits) of each code, int32 (n,)."""
    symmetric = found[:, 0] & np.uint64(2**SYMMETRIC_WORD_BITS - 1)
    antisymmetric = found[:, 1] & np.uint64(2**ANTISYMMETRIC_WORD_BITS - 1)
    return np.asarray(symmetric | (antisymmetric << np.uint64(SYMMETRIC_WORD_BITS)), np.int32)


@cache
def mirror_partner() -> NDArray[np.int64]:
    """Return where each entry (of 4 rows, 4 columns, 8 directions) goes when the picture is mirrored."""
    entries = np.arange(CODE_BITS).reshape(4, 4, 8)
    return entries[::-1][:, :, (-np.arange(8)) % 8].ravel()


@cache
def _waves(chosen: tuple[tuple[int, int, int, str], ...]) -> Descriptors:
    """Return the waves over one half of a descriptor, orthonormal rows (n, 64)."""
    cells = (np.arange(4) + 0.5) * np.pi / 4
    directions = np.arange(8) * np.pi / 4
    rows = []
    for down, across, around, part in chosen:
        turning = np.cos(around * directions) if part == "cos" else np.sin(around * directions)
        wave = np.einsum("r,c,d->rcd", np.cos(down * cells), np.cos(across * cells), turning).ravel()
        rows.append(wave[:HALF_BITS] / np.linalg.norm(wave[:HALF_BITS]))
    return np.array(rows, np.float32)


def _rest(half: Descriptors, waves: Descriptors, seed: int) -> Descriptors:
    """Rotate what the waves leave of a half (n, 64), to (n, 64 - waves)."""
    signs = np.array([1.0 if (seed >> bit) & 1 else -1.0 for bit in range(HALF_BITS)], np.float32)
    left = (half - _along(_along(half, waves), waves.T)) * signs
    return _along(left, _hadamard()[: HALF_BITS - len(waves)])


def _along(rows: Descriptors, axes: Descriptors) -> Descriptors:
    """Return rows (n, k) along axes (m, k), as (n, m).

    A product of matrices would wake the threads of the algebra library, which cost twice what they save.
    """
    return np.asarray(np.einsum("nk,mk->nm", rows, axes), np.float32)


@cache
def _hadamard() -> Descriptors:
    matrix = np.ones((1, 1), np.float32)
    while len(matrix) < HALF_BITS:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix
