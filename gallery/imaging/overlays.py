"""Which of two copies has something laid over it: letters, a watermark, a sticker."""

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]

# Grey levels by which an area has to differ, evenly over 5 x 5 px: compression alone leaves 8 at quality 40.
DIFFERENCE_GREY = 12.0
SMOOTHED_PX = 5
# Share of the picture that an overlay takes: less is noise, more another picture or other colours.
AREA_SHARE_MIN = 0.0008
AREA_SHARE_MAX = 0.5
# How many times steeper the picture with the overlay is where that ends, and how nearly equal both are elsewhere. Of
# 325 copies with other changes 9 are told to have an overlay, 6 of them blurred by 1 or 2 px; at 1.15 five more.
OUTLINE_TIMES_MIN = 1.2
ELSEWHERE_TIMES_MAX = 1.25
OUTLINE_PX = 5
LEVELS = 256


def overlaid_one(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int | None:
    """Return 0 or 1 for the picture that has something laid over it; None where neither has, or where that cannot be
    told. Both are grey levels of equal height x width and lie edge to edge."""
    # Other colours or more contrast make one picture a function of the other, one way at least.
    first, second = _told_by(other, one), _told_by(one, other)
    off = np.minimum(np.abs(one - first), np.abs(other - second))
    differs = cv2.blur(off, (SMOOTHED_PX, SMOOTHED_PX)) > DIFFERENCE_GREY
    differs = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not AREA_SHARE_MIN <= differs.mean() <= AREA_SHARE_MAX:
        return None
    near = cv2.dilate(differs, np.ones((OUTLINE_PX, OUTLINE_PX), np.uint8)) > 0
    steepness = [_steepness(grey) for grey in (one.astype(np.float32), first)]
    at_outline = steepness[0][near].mean() / max(1e-6, steepness[1][near].mean())
    elsewhere = steepness[0][~near].mean() / max(1e-6, steepness[1][~near].mean())
    if max(elsewhere, 1 / max(1e-6, elsewhere)) > ELSEWHERE_TIMES_MAX:
        return None
    if at_outline >= OUTLINE_TIMES_MIN:
        return 0
    return 1 if at_outline <= 1 / OUTLINE_TIMES_MIN else None


def _told_by(known: NDArray[np.uint8], sought: NDArray[np.uint8]) -> Grey:
    """What the levels of one picture say of the other's: for each level the mean of those that lie there."""
    counts = np.bincount(known.ravel(), minlength=LEVELS)
    sums = np.bincount(known.ravel(), weights=sought.ravel(), minlength=LEVELS)
    return np.asarray((sums / np.maximum(1, counts)).astype(np.float32)[known], np.float32)


def _steepness(grey: Grey) -> Grey:
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(np.abs(across) + np.abs(down), np.float32)
