"""Whether one picture only shows the other one with flat surroundings: on a screen, in a border, on a page."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare.maps import invert
from dedup.compare.verdict import Side, Verdict
from gallery.imaging.borders import LOOKED_AT_PX as BORDER_LOOKED_AT_PX
from gallery.imaging.borders import band_shares

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
# Across the seam of a border or a screen levels jump, in a blurred background that was cut off they do not: by at most
# 15 on 22 pairs of a picture and its crop whose surroundings are flat.
SEAM_GREY_MIN = 20
SEAM_POINTS = 48
# A side of the outer picture counts as free of surroundings below this share, and a band may fall short by it: the
# alignment is as much off.
SIDE_SHARE_MIN = 0.02

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def framed_by(low: Side, high: Side, verdict: Verdict) -> str | None:
    """Return "low" or "high" for the side that shows the other one with flat surroundings; None for neither."""
    low_share, high_share = (float(verdict.evidence[name] or 0) for name in ("low_share", "high_share"))
    if max(low_share, high_share) < INSIDE_SHARE_MIN or min(low_share, high_share) >= INSIDE_SHARE_MIN:
        return None
    outer = "low" if low_share < high_share else "high"
    relative = np.array(verdict.transform)
    if outer == "low":
        preview, inner_to_outer = low.preview, invert(relative)
    else:
        preview, inner_to_outer = high.preview, relative
    pixels = preview.level(LOOKED_AT_PX / max(preview.shape[:2]))
    if flat_share_around(pixels, inner_to_outer) < FLAT_SHARE_MIN:
        return None
    is_frame = seam_jump(pixels, inner_to_outer) >= SEAM_GREY_MIN or is_bordered(
        preview.level(BORDER_LOOKED_AT_PX / max(preview.shape[:2])), inner_to_outer
    )
    return outer if is_frame else None


def is_bordered(pixels: NDArray[np.uint8], inner_to_outer: NDArray[np.float64]) -> bool:
    """Return whether all that lies around the inner picture belongs to bands of one colour along the edges.

    A band on both opposite sides needs less of a seam than one that nothing else speaks for.
    """
    corners = CORNERS @ inner_to_outer[:, :2].T + inner_to_outer[:, 2]
    (left, top), (right, bottom) = corners.min(axis=0), 1 - corners.max(axis=0)
    around = np.array([top, right, bottom, left])
    bands = np.array(band_shares(pixels))
    has_any = around > SIDE_SHARE_MIN
    return bool(has_any.any() and np.all(bands[has_any] >= around[has_any] - SIDE_SHARE_MIN))


def seam_jump(pixels: NDArray[np.uint8], inner_to_outer: NDArray[np.float64]) -> float:
    """Return by how much (median, 0..255) levels differ across those edges of the inner picture that lie inside."""
    height, width = pixels.shape[:2]
    along = np.linspace(0.1, 0.9, SEAM_POINTS)[:, None]
    jumps = []
    for start, end in zip(CORNERS, np.roll(CORNERS, -1, axis=0), strict=True):
        outwards = np.array([end[1] - start[1], start[0] - end[0]]) * SEAM_SHARE
        edge = start + along * (end - start)
        sides = [
            (edge + step) @ inner_to_outer[:, :2].T + inner_to_outer[:, 2] for step in (outwards, -outwards)
        ]
        visible = np.all([(side >= 0).all(axis=1) & (side < 1).all(axis=1) for side in sides], axis=0)
        if visible.sum() >= SEAM_POINTS // 4:
            columns, rows = zip(
                *((side[visible] * (width, height)).astype(int).T for side in sides), strict=True
            )
            outer, inner = (
                pixels[row, column].astype(int) for row, column in zip(rows, columns, strict=True)
            )
            jumps.append(float(np.median(np.abs(outer - inner).mean(axis=1))))
    return float(np.median(jumps)) if jumps else 0.0


def flat_share_around(pixels: NDArray[np.uint8], inner_to_outer: NDArray[np.float64]) -> float:
    """Return the share (0..1) of flat px among the outer picture's that lie outside the inner one; 0 without any.

    `pixels` (height, width, 3) uint8 are the outer picture's; `inner_to_outer` (2, 3) maps relative coordinates.
    """
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
