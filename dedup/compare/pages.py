"""Pages and screens: pictures that are mostly background and text, where every line must agree."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.overlap import Canvas, compare_blocks

PAGE_BLOCK_PX = 16
_COLOUR_SHIFT = 4
_COMMONEST = 4


@dataclass(frozen=True)
class Page:
    """How two aligned pages or screens differ.

    `changed_share` is the share (0..1) of textured blocks that do not show the same, `together` whether these all lie
    in one place, `text` whether the pages are mostly text.
    """

    changed_share: float
    together: bool
    text: bool


def may_be_page(coarse: Canvas) -> bool:
    """Whether few colours make up most of both pictures, on a small canvas: a cheap first look."""
    return all(
        _commonest_share(one[coarse.valid]) >= thresholds.PAGE_POSSIBLE_SHARE
        for one in (coarse.low, coarse.high)
    )


def read_page(canvas: Canvas) -> Page | None:
    """Compare two pages line by line on a 640 px canvas; None when they are no pages.

    One of them suffices to tell, since compression blurs the flat background of the other; but then what both show
    alike must look like a page as well: text laid over a photo makes no page of it.
    """
    wholes = [_stroke_share(one, canvas.valid) for one in (canvas.low, canvas.high)]
    if max(wholes) < thresholds.PAGE_STROKE_SHARE:
        return None
    blocks = compare_blocks(canvas, PAGE_BLOCK_PX)
    other = (blocks.zncc < thresholds.PAGE_BLOCK_ZNCC) & (blocks.residue >= thresholds.PAGE_RESIDUE)
    changed = blocks.textured & other
    share = float(changed.sum() / max(1, blocks.textured.sum()))
    strokes = max(wholes)
    if min(wholes) < thresholds.PAGE_STROKE_SHARE and 0 < share <= thresholds.PAGE_OVERLAY_SHARE:
        common = canvas.valid & ~_grown(changed, canvas.valid.shape)
        strokes = max(_stroke_share(one, common) for one in (canvas.low, canvas.high))
    if strokes < thresholds.PAGE_STROKE_SHARE:
        return None
    areas = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)[0] - 1
    return Page(share, areas <= 1, strokes >= thresholds.PAGE_TEXT_SHARE)


def _grown(changed: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Spread blocks, and those around them, to px."""
    blocks = cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8))
    pixels = np.zeros(shape, bool)
    spread = np.repeat(np.repeat(blocks > 0, PAGE_BLOCK_PX, axis=0), PAGE_BLOCK_PX, axis=1)
    pixels[: spread.shape[0], : spread.shape[1]] = spread
    return pixels


def _commonest_share(pixels: NDArray[np.uint8]) -> float:
    """Return the share of the px (n, 3) that have one of the four commonest colours."""
    if len(pixels) == 0:
        return 0.0
    colours = (pixels >> _COLOUR_SHIFT).astype(np.int64) @ (1, 16, 256)
    return float(np.sort(np.bincount(colours))[-_COMMONEST:].sum() / len(colours))


def _stroke_share(picture: NDArray[np.uint8], valid: NDArray[np.bool_]) -> float:
    """Return the share of strokes among what is not flat; 0 for what is not mostly flat or has many colours."""
    if not valid.any() or _commonest_share(picture[valid]) < thresholds.PAGE_COLOURS_SHARE:
        return 0.0
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    around = np.ones((3, 3), np.uint8)
    reach = (cv2.dilate(grey, around).astype(np.int16) - cv2.erode(grey, around))[valid]
    flat = float(np.mean(reach <= thresholds.PAGE_FLAT_GREY))
    if flat < thresholds.PAGE_FLAT_SHARE:
        return 0.0
    return float(np.mean(reach >= thresholds.PAGE_STROKE_GREY) / max(1e-3, 1 - flat))
