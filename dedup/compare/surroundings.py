"""Whether one picture only shows the other one with flat surroundings: on a screen, in a border, on a page."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare.overlap import Preview, invert
from dedup.compare.verdict import Side, Verdict

LOOKED_AT_PX = 720
# The other picture lies inside when that much of it is shown; an edge may be cut off by the alignment.
INSIDE_SHARE_MIN = 0.97
# Levels within 3 x 3 px of a flat area differ by no more; JPEG noise included.
FLAT_SPREAD_GREY = 8
# Of what lies around an original, 87 to 96 % is flat on 8 drawn screenshots of it; of what lies around a crop in its
# original, 1 to 78 % on 24 photos.
FLAT_SHARE_MIN = 0.82
# The alignment is a little off; a seam of that share of the inner picture's size is not looked at.
SEAM_SHARE = 0.04

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def framed_by(low: Side, high: Side, verdict: Verdict) -> str | None:
    """Return "low" or "high" for the side that shows the other one with flat surroundings; None for neither."""
    low_share, high_share = (float(verdict.evidence[name] or 0) for name in ("low_share", "high_share"))
    if max(low_share, high_share) < INSIDE_SHARE_MIN or min(low_share, high_share) >= INSIDE_SHARE_MIN:
        return None
    outer = "low" if low_share < high_share else "high"
    relative = np.array(verdict.transform)
    if outer == "low":
        flat = flat_share_around(low.preview, invert(relative))
    else:
        flat = flat_share_around(high.preview, relative)
    return outer if flat >= FLAT_SHARE_MIN else None


def flat_share_around(outer: Preview, inner_to_outer: NDArray[np.float64]) -> float:
    """Return the share (0..1) of flat px among those of `outer` that lie outside the inner picture; 0 without any.

    `inner_to_outer` (2, 3) maps relative coordinates of the inner picture to those of the outer one.
    """
    pixels = outer.level(LOOKED_AT_PX / max(outer.shape[:2]))
    height, width = pixels.shape[:2]
    corners = (CORNERS @ inner_to_outer[:, :2].T + inner_to_outer[:, 2]) * (width, height)
    centre = corners.mean(axis=0)
    grown = np.rint(centre + (corners - centre) * (1 + SEAM_SHARE)).astype(np.int32)
    outside = np.ones((height, width), np.uint8)
    cv2.fillPoly(outside, [grown], 0)
    if not outside.any():
        return 0.0
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    around = np.ones((3, 3), np.uint8)
    spread = cv2.dilate(grey, around) - cv2.erode(grey, around)
    return float(np.mean(spread[outside > 0] <= FLAT_SPREAD_GREY))
