"""Local features of a picture: spread SIFT points with 128-bit codes that a mask mirrors.

SIFT: D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004; square-rooted as by
Arandjelovic and Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012.
Of each descriptor only a code is kept: see codes.py.
"""

import struct
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import codes
from dedup.compare.codes import ANTISYMMETRIC_WORD_BITS, CODE_BITS, SYMMETRIC_WORD_BITS

LAYOUT_VERSION = 2
# Of 24 photos under 28 kinds of change every copy keeps 9 points or more that agree with its original with 256, 288,
# 320 and 384 px; 384 px cost twice the time of 288.
FRAME_SIDE_PX = 288
ENLARGE_MAX = 2.0
POINTS_MAX = 400
COARSE_SHARE = 0.5
GRID_CELLS = 8
WORD_BITS = SYMMETRIC_WORD_BITS + ANTISYMMETRIC_WORD_BITS

_HEADER = struct.Struct("<BxHHH")
_POSITION_STEPS_PER_PX = 64
_SIZE_STEPS_PER_OCTAVE = 32
_POINT = np.dtype(
    [("x", "<u2"), ("y", "<u2"), ("angle", "u1"), ("size", "u1"), ("code", "u1", (CODE_BITS // 8,))]
)


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
        codes=codes.codes(descriptors),
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
    return np.unique(codes.words_of(features.codes))


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
