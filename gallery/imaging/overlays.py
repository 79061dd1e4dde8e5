"""Which of two copies has something laid over it: letters, a watermark, a sticker."""

from dataclasses import dataclass

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
# 1,540 pairs of 70 photos with eleven other changes 18 are told to have an overlay, 12 of them brighter or of more
# contrast, where the sharpness beside it is asked as well (gallery.imaging.copies).
OUTLINE_TIMES_MIN = 1.2
ELSEWHERE_TIMES_MAX = 1.25
OUTLINE_PX = 5
LEVELS = 256


@dataclass(frozen=True)
class Overlay:
    """Something laid over one of two pictures: 0 or 1 for which, and where (height x width), its outline included."""

    on: int
    area: NDArray[np.bool_]


def find_overlay(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Overlay | None:
    """Return what lies over one of the two and not over the other; None where nothing does, or where that cannot be
    told. Both are grey levels of equal height x width and lie edge to edge."""
    # Other colours or more contrast make one picture a function of the other, one way at least.
    told = _told_by(other, one), _told_by(one, other)
    off = np.minimum(np.abs(one - told[0]), np.abs(other - told[1]))
    differs = cv2.blur(off, (SMOOTHED_PX, SMOOTHED_PX)) > DIFFERENCE_GREY
    differs = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not AREA_SHARE_MIN <= differs.mean() <= AREA_SHARE_MAX:
        return None
    near = cv2.dilate(differs, np.ones((OUTLINE_PX, OUTLINE_PX), np.uint8)) > 0
    # What is told of a picture by one with letters on it lacks them: both ways are looked at, and the clearer one says.
    ways = (
        (_steepness(one.astype(np.float32)), _steepness(told[0])),
        (
            _steepness(told[1]),
            _steepness(other.astype(np.float32)),
        ),
    )
    equal = [way for way in ways if abs(_log_times(*way, ~near)) <= np.log(ELSEWHERE_TIMES_MAX)]
    at_outline = max((_log_times(*way, near) for way in equal), key=abs, default=0.0)
    return Overlay(int(at_outline < 0), near) if abs(at_outline) >= np.log(OUTLINE_TIMES_MIN) else None


def _log_times(one: Grey, other: Grey, where: NDArray[np.bool_]) -> float:
    """The logarithm of how many times more the first has there than the second, on average."""
    sums = [max(1e-6, float(each[where].mean())) if where.any() else 1.0 for each in (one, other)]
    return float(np.log(sums[0] / sums[1]))


def _told_by(known: NDArray[np.uint8], sought: NDArray[np.uint8]) -> Grey:
    """What the levels of one picture say of the other's: for each level the mean of those that lie there."""
    counts = np.bincount(known.ravel(), minlength=LEVELS)
    sums = np.bincount(known.ravel(), weights=sought.ravel(), minlength=LEVELS)
    return np.asarray((sums / np.maximum(1, counts)).astype(np.float32)[known], np.float32)


def _steepness(grey: Grey) -> Grey:
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(np.abs(across) + np.abs(down), np.float32)
