"""What differs between two aligned pictures, and whether something was laid over or something in the scene moved.

A small but complete local change decides, never a mean. An overlay (caption, watermark, sticker, bar) has few
colours or lets the picture shine through; in a scene that moved, natural content is replaced by other natural
content, or the same content is found again at another place.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.overlap import BLOCK_PX, Blocks, Canvas

_BINS = 8


@dataclass(frozen=True)
class Changes:
    """What changed inside the overlap: shares (0..1) of its blocks that an overlay or other content replaced."""

    overlay_share: float
    content_share: float

    @property
    def share(self) -> float:
        """Share of the overlap that changed at all."""
        return self.overlay_share + self.content_share


def find_changes(canvas: Canvas, blocks: Blocks) -> Changes:
    """Find changed areas of a canvas and tell overlays from moved or exchanged content."""
    changed = changed_blocks(blocks)
    total = max(1, int(blocks.valid.sum()))
    count, labels = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    overlay = content = 0
    for label in range(1, count):
        area = labels == label
        if area.sum() < 2 and total > 4 * _BINS:
            continue
        if _is_overlay(canvas, blocks.difference, area) and not _has_moved(canvas, area, changed):
            overlay += int(area.sum())
        else:
            content += int(area.sum())
    return Changes(overlay / total, content / total)


def changed_blocks(blocks: Blocks) -> NDArray[np.bool_]:
    """Return which blocks differ in colour and in structure (bool, rows x columns)."""
    other_structure = ~blocks.textured | (blocks.zncc < thresholds.CHANGED_ZNCC)
    return np.asarray(blocks.valid & (blocks.residue >= thresholds.CHANGED_RESIDUE) & other_structure)


def _pixels(area: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Spread a mask of blocks to the px of a canvas."""
    mask = np.zeros(shape[:2], bool)
    spread = np.kron(area, np.ones((BLOCK_PX, BLOCK_PX), bool))
    mask[: spread.shape[0], : spread.shape[1]] = spread
    return mask


def _is_overlay(canvas: Canvas, difference: NDArray[np.float32], area: NDArray[np.bool_]) -> bool:
    inside = _pixels(area, canvas.low.shape) & (difference >= thresholds.CHANGED_RESIDUE)
    if inside.sum() < BLOCK_PX:
        return False
    low, high = canvas.low[inside].astype(np.float32), canvas.high[inside].astype(np.float32)
    return _few_colours(low) or _few_colours(high) or _shines_through(low, high)


def _few_colours(pixels: NDArray[np.float32]) -> bool:
    """Whether two colours make up most of the px (n, 3)."""
    bins = (pixels / (256 / _BINS)).astype(int) @ (1, _BINS, _BINS * _BINS)
    rest = pixels
    found = 0
    for _ in range(2):
        if len(rest) == 0:
            break
        common = np.bincount(bins).argmax()
        centre = np.median(rest[bins == common], axis=0)
        near = np.abs(rest - centre).max(axis=1) <= thresholds.OVERLAY_COLOUR_RADIUS
        found += int(near.sum())
        rest, bins = rest[~near], bins[~near]
    return found >= thresholds.OVERLAY_TWO_COLOURS_SHARE * len(pixels)


def _shines_through(low: NDArray[np.float32], high: NDArray[np.float32]) -> bool:
    """Whether the grey levels of both (n, 3) still follow each other, as under a watermark."""
    first, second = low.mean(axis=1), high.mean(axis=1)
    if min(first.std(), second.std()) < thresholds.BLOCK_TEXTURE_GREY:
        return False
    return bool(np.corrcoef(first, second)[0, 1] >= thresholds.OVERLAY_TRANSLUCENT_CORRELATION)


def _has_moved(canvas: Canvas, area: NDArray[np.bool_], changed: NDArray[np.bool_]) -> bool:
    """Whether what one picture shows in this area is found in another changed area of the other picture."""
    others = changed & ~area
    if not others.any():
        return False
    rows, columns = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    box = (
        slice(rows[0] * BLOCK_PX, (rows[-1] + 1) * BLOCK_PX),
        slice(columns[0] * BLOCK_PX, (columns[-1] + 1) * BLOCK_PX),
    )
    elsewhere = _pixels(others, canvas.low.shape)
    return any(
        _found_again(source[box], target, elsewhere)
        for source, target in ((canvas.low, canvas.high), (canvas.high, canvas.low))
    )


def _found_again(patch: NDArray[np.uint8], target: NDArray[np.uint8], elsewhere: NDArray[np.bool_]) -> bool:
    if patch.std(axis=(0, 1)).max() < thresholds.BLOCK_TEXTURE_GREY:
        return False
    score = cv2.matchTemplate(target, patch, cv2.TM_CCOEFF_NORMED)
    _, best, _, (left, top) = cv2.minMaxLoc(score)
    landed = elsewhere[top : top + patch.shape[0], left : left + patch.shape[1]]
    return bool(best >= thresholds.MOVED_ZNCC and landed.any())
