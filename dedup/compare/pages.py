"""Pages and screens: pictures that are mostly background and text, where every line must agree."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.overlap import Canvas, compare_blocks

PAGE_BLOCK_PX = 16
_GREY_STEP = 4


def is_page(canvas: Canvas) -> bool:
    """Whether both pictures are mostly a flat background with strokes, as pages of text and screens are."""
    return all(_looks_printed(one, canvas.valid) for one in (canvas.low, canvas.high))


def other_text_share(canvas: Canvas) -> float:
    """Return the share (0..1) of textured blocks that do not show the same in both pictures."""
    blocks = compare_blocks(canvas, PAGE_BLOCK_PX)
    texture = np.maximum(blocks.low_texture, blocks.high_texture)
    textured = blocks.valid & (texture >= thresholds.BLOCK_TEXTURE_GREY)
    if not textured.any():
        return 0.0
    return float(np.mean(blocks.zncc[textured] < thresholds.PAGE_BLOCK_ZNCC))


def _looks_printed(picture: NDArray[np.uint8], valid: NDArray[np.bool_]) -> bool:
    if not valid.any():
        return False
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    around = np.ones((3, 3), np.uint8)
    reach = (cv2.dilate(grey, around).astype(np.int16) - cv2.erode(grey, around))[valid]
    counts = np.bincount(grey[valid] // _GREY_STEP, minlength=256 // _GREY_STEP)
    background = (counts[:-1] + counts[1:]).max() / len(reach)
    flat = float(np.mean(reach <= thresholds.PAGE_FLAT_GREY))
    strokes = float(np.mean(reach >= thresholds.PAGE_STROKE_GREY))
    return bool(
        background >= thresholds.PAGE_BACKGROUND_SHARE
        and flat >= thresholds.PAGE_FLAT_SHARE
        and strokes >= thresholds.PAGE_STROKE_SHARE * (1 - flat)
    )
