"""Local features of a picture: spread SIFT points with 128-bit codes that a mask mirrors.

SIFT: D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004; square-rooted as by
Arandjelovic and Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012.
Mirroring a picture permutes a SIFT descriptor. Its halves symmetric and antisymmetric under that permutation
are each rotated by a fixed Hadamard matrix and only the signs kept: the code of the mirrored picture then is
the code with its antisymmetric half inverted. On 33,307 true pairs of points between photos and their
variants, 97 % lie within 26 bits and one false pair in 10,000 does; a rotation trained by PCA on 48,803
descriptors is no better (97 % at the same rate of false pairs).
"""

import struct
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

LAYOUT_VERSION = 1
FRAME_SIDE_PX = 384
ENLARGE_MAX = 2.0
POINTS_MAX = 400
COARSE_SHARE = 0.5
GRID_CELLS = 8
CODE_BITS = 128
HALF_BITS = CODE_BITS // 2
WORD_BITS = 24

_HEADER = struct.Struct("<BxHHH")
_POSITION_STEPS_PER_PX = 64
_SIZE_STEPS_PER_OCTAVE = 32
_POINT = np.dtype(
    [("x", "<u2"), ("y", "<u2"), ("angle", "u1"), ("size", "u1"), ("code", "u1", (CODE_BITS // 8,))]
)
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


class UnreadableFeaturesError(ValueError):
    """Stored features have another layout than this code writes, or are cut short."""


@dataclass(frozen=True)
class LocalFeatures:
    """Points of one picture, strongest and best spread first.

    `width` and `height` (px) are the frame in which points lie: the picture shrunk or enlarged so that its
    long side has FRAME_SIDE_PX. `xy` is float32 (n, 2), a pixel's centre at integers; `angle` float32 (n,)
    in radians; `size` float32 (n,) in px of the frame; `codes` uint64 (n, 2), the symmetric half first.
    """

    width: int
    height: int
    xy: NDArray[np.float32]
    angle: NDArray[np.float32]
    size: NDArray[np.float32]
    codes: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.xy)

    def mirrored(self) -> "LocalFeatures":
        """Return the features of the picture mirrored left to right, without looking at pixels again."""
        xy = self.xy.copy()
        xy[:, 0] = self.width - 1 - xy[:, 0]
        codes = self.codes.copy()
        codes[:, 1] = ~codes[:, 1]
        return replace(self, xy=xy, angle=(np.pi - self.angle).astype(np.float32), codes=codes)


def extract(rgb: NDArray[np.uint8]) -> LocalFeatures:
    """Find and describe the points of an upright picture of shape (height, width, 3), uint8."""
    frame = _frame(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8))
    height, width = frame.shape
    detector = _detector()
    found = detector.detect(frame, None)
    kept = [found[i] for i in _spread(found, width, height)]
    points, descriptors = detector.compute(frame, kept) if kept else ((), None)
    if descriptors is None:
        descriptors = np.zeros((0, CODE_BITS), np.float32)
    return LocalFeatures(
        width=width,
        height=height,
        xy=np.array([point.pt for point in points], np.float32).reshape(-1, 2),
        angle=np.deg2rad(np.array([point.angle for point in points], np.float32)),
        size=np.array([point.size for point in points], np.float32),
        codes=_codes(descriptors),
    )


def pack(features: LocalFeatures) -> bytes:
    """Return the features as bytes: 8 bytes of header and 22 bytes a point (at most 8.8 kB)."""
    points = np.zeros(len(features), _POINT)
    steps = np.rint(features.xy * _POSITION_STEPS_PER_PX)
    points["x"], points["y"] = np.clip(steps, 0, 0xFFFF).astype(np.uint16).T
    points["angle"] = np.rint(features.angle * (256 / (2 * np.pi))).astype(np.int64) % 256
    octaves = np.log2(np.maximum(features.size, 1.0)) * _SIZE_STEPS_PER_OCTAVE
    points["size"] = np.clip(np.rint(octaves), 0, 255).astype(np.uint8)
    points["code"] = features.codes.astype("<u8").view(np.uint8).reshape(-1, CODE_BITS // 8)
    return _HEADER.pack(LAYOUT_VERSION, features.width, features.height, len(features)) + points.tobytes()


def unpack(packed: bytes) -> LocalFeatures:
    """Read what `pack` wrote; raise UnreadableFeaturesError for anything else."""
    if len(packed) < _HEADER.size or packed[0] != LAYOUT_VERSION:
        raise UnreadableFeaturesError(
            "these features were written by another version: compute the fingerprint again"
        )
    _, width, height, count = _HEADER.unpack_from(packed)
    if len(packed) != _HEADER.size + count * _POINT.itemsize:
        raise UnreadableFeaturesError(f"{len(packed)} bytes cannot hold {count} points")
    points = np.frombuffer(packed, _POINT, count, _HEADER.size)
    return LocalFeatures(
        width=width,
        height=height,
        xy=np.stack([points["x"], points["y"]], axis=1).astype(np.float32)
        / np.float32(_POSITION_STEPS_PER_PX),
        angle=points["angle"].astype(np.float32) * np.float32(2 * np.pi / 256),
        size=np.exp2(points["size"].astype(np.float32) / _SIZE_STEPS_PER_OCTAVE),
        codes=np.ascontiguousarray(points["code"]).view("<u8").astype(np.uint64).reshape(-1, 2),
    )


def words(features: LocalFeatures) -> NDArray[np.int32]:
    """Return one 24-bit word per point (int32, sorted, distinct); copies share many words.

    Two thirds of the bits come from the symmetric half. The words of the mirrored picture are
    `words(features.mirrored())`.
    """
    symmetric = features.codes[:, 0] & np.uint64(0xFFFF)
    antisymmetric = features.codes[:, 1] & np.uint64(0xFF)
    return np.unique((symmetric | (antisymmetric << np.uint64(16))).astype(np.int32))


def _frame(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = grey.shape
    scale = min(FRAME_SIDE_PX / max(height, width), ENLARGE_MAX)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return grey
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)


@cache
def _detector() -> Any:  # OpenCV's stubs do not know SIFT
    return cv2.SIFT_create(  # type: ignore[attr-defined]
        nfeatures=0, contrastThreshold=0.015, edgeThreshold=12, enable_precise_upscale=True
    )


def _spread(points: Any, width: int, height: int) -> NDArray[np.int64]:
    """Return indices of at most POINTS_MAX points, half of them from the coarse third, spread over a grid."""
    count = len(points)
    if count == 0:
        return np.zeros(0, np.int64)
    xy = np.array([point.pt for point in points])
    strength = np.array([point.response for point in points])
    size = np.array([point.size for point in points])
    across = np.minimum((xy / (width, height) * GRID_CELLS).astype(int), GRID_CELLS - 1)
    cell = across[:, 1] * GRID_CELLS + across[:, 0]
    everything = np.arange(count)
    if count <= POINTS_MAX:
        return _best_per_cell(everything, cell, strength, count)
    coarse_count = int(POINTS_MAX * COARSE_SHARE)
    coarsest = np.argsort(-size, kind="stable")[: max(POINTS_MAX, count // 3)]
    coarse = _best_per_cell(coarsest, cell, strength, coarse_count)
    others = np.setdiff1d(everything, coarse, assume_unique=True)
    fine = _best_per_cell(others, cell, strength, POINTS_MAX - len(coarse))
    return np.concatenate([coarse, fine])


def _best_per_cell(
    chosen: NDArray[np.int64], cell: NDArray[np.int64], strength: NDArray[np.float64], count: int
) -> NDArray[np.int64]:
    """Take the strongest of each cell, then the second of each cell, and so on, up to `count`."""
    order = chosen[np.lexsort((-strength[chosen], cell[chosen]))]
    cells = cell[order]
    starts = np.flatnonzero(np.r_[True, cells[1:] != cells[:-1]])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return order[np.lexsort((-strength[order], rank))][:count]


def _mirror_partner() -> NDArray[np.int64]:
    """Return where each entry (of 4 rows, 4 columns, 8 directions) goes when the picture is mirrored."""
    entries = np.arange(CODE_BITS).reshape(4, 4, 8)
    return entries[::-1][:, :, (-np.arange(8)) % 8].ravel()


@cache
def _signs(seed: int) -> NDArray[np.float32]:
    return np.array([1.0 if (seed >> bit) & 1 else -1.0 for bit in range(HALF_BITS)], np.float32)


def _rotated(half: NDArray[np.float32], signs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply rows of (n, 64) with fixed signs and a Hadamard matrix, by the fast Walsh-Hadamard transform."""
    values = half * signs
    step = 1
    while step < HALF_BITS:
        pairs = values.reshape(len(half), HALF_BITS // (2 * step), 2, step)
        values = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2)
        step *= 2
    return np.asarray(values.reshape(len(half), HALF_BITS), np.float32)


def _codes(descriptors: NDArray[np.float32]) -> NDArray[np.uint64]:
    rooted = np.sqrt(descriptors / (descriptors.sum(axis=1, keepdims=True) + 1e-7))
    one, other = rooted[:, :HALF_BITS], rooted[:, _mirror_partner()[:HALF_BITS]]
    symmetric = (one + other) * np.float32(0.5**0.5) - np.array(_SYMMETRIC_MEAN, np.float32).ravel()
    antisymmetric = (one - other) * np.float32(0.5**0.5)
    halves = (
        _rotated(symmetric, _signs(_SYMMETRIC_SIGNS)),
        _rotated(antisymmetric, _signs(_ANTISYMMETRIC_SIGNS)),
    )
    bits = np.concatenate(halves, axis=1) > 0
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64).reshape(-1, 2)
