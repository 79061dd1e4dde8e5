"""A 256-bit perceptual hash from the low cosines of a picture, and the hashes of its eight turns.

The bits equal `imagehash.phash(picture, hash_size=16)`: grey, 64 x 64 by Lanczos, DCT-II along both axes, the
lowest 16 x 16 coefficients above their median. Keeping the coefficients gives the hashes of the turned
picture without hashing it again (see `turns.Turn.cosines`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dct

from dedup.compare import thresholds
from dedup.compare.turns import TURNS

HASH_SIDE = 16
HASH_BITS = HASH_SIDE * HASH_SIDE
HASH_BYTES = HASH_BITS // 8
SAMPLE_SIDE_PX = 4 * HASH_SIDE


@dataclass(frozen=True)
class PictureHash:
    """The hash of a picture in each of the eight turns, and how much the picture offers to hash.

    `turned[i]` is the hash of the picture after `TURNS[i]`, 32 bytes, first bit in the highest bit of the
    first byte; row by row from the lowest vertical frequency. `quality` is 0 (flat) to 100: the share in
    percent of coefficients that stand clear of noise. A dull picture's bits are chance, so it must not be
    looked up by them.
    """

    turned: tuple[bytes, ...]
    quality: int

    @property
    def upright(self) -> bytes:
        """Return the hash of the picture as it is (32 bytes)."""
        return self.turned[0]

    @property
    def dull(self) -> bool:
        """Whether the picture is too flat or smooth for its hash to mean anything."""
        return self.quality < thresholds.HASH_QUALITY_MIN_PERCENT


def low_cosines(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the 16 x 16 lowest DCT-II coefficients (float64) of a picture (height, width, 3) uint8."""
    grey = (
        Image.fromarray(rgb).convert("L").resize((SAMPLE_SIDE_PX, SAMPLE_SIDE_PX), Image.Resampling.LANCZOS)
    )
    pixels = np.asarray(grey, dtype=np.float64)
    low: NDArray[np.float64] = dct(dct(pixels, axis=0), axis=1)[:HASH_SIDE, :HASH_SIDE]
    return low


def hash_picture(rgb: NDArray[np.uint8]) -> PictureHash:
    """Hash an upright picture of shape (height, width, 3), uint8 sRGB, in all eight turns."""
    cosines = low_cosines(rgb)
    return PictureHash(
        turned=tuple(_bits_above_median(turn.cosines(cosines)) for turn in TURNS),
        quality=_quality(cosines),
    )


def hamming(first: bytes, second: bytes) -> int:
    """Return in how many bits two hashes of the same length differ; ValueError when the lengths differ."""
    if len(first) != len(second):
        raise ValueError(f"hashes of {len(first)} and {len(second)} bytes cannot be compared")
    return (int.from_bytes(first, "big") ^ int.from_bytes(second, "big")).bit_count()


def turn_distances(turned: Sequence[bytes], other: bytes) -> list[int]:
    """Return for each turn of one picture how many bits differ from the upright hash of the other."""
    return [hamming(one, other) for one in turned]


def _bits_above_median(cosines: NDArray[np.float64]) -> bytes:
    return np.packbits(cosines > np.median(cosines)).tobytes()


def _quality(cosines: NDArray[np.float64]) -> int:
    distance = np.abs(cosines - np.median(cosines))
    return int(np.floor(100.0 * np.mean(distance > thresholds.HASH_NOISE_COSINE)))
