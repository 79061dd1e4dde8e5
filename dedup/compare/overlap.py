"""Lay two aligned pictures over each other and compare what both show, block by block.

Structure is compared by zero-mean normalised cross-correlation (ZNCC) of grey blocks, which no change of
brightness or contrast alters; colour by what is left after the best linear change of colours (a 3 x 4
matrix: grey copies, brightness, tints) has been taken out.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import maps, thresholds
from dedup.compare.colours import difference_after_fit
from dedup.compare.maps import Map

BLOCK_PX = 8
_BLUR_PX = 1.0
_CLIPPED_BELOW, _CLIPPED_ABOVE = np.full(3, 5, np.uint8), np.full(3, 250, np.uint8)
_THIRDS = np.full((1, 3), 1 / 3, np.float32)

Rgb = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Canvas:
    """Two pictures in one frame: uint8 (h, w, 3) each, and where both have pixels (bool (h, w)).

    `low_share` and `high_share` say which share (0..1) of each whole picture the overlap covers; `from_low`
    and `from_high` (3, 3) map px of each picture to px of the canvas.
    """

    low: Rgb
    high: Rgb
    valid: NDArray[np.bool_]
    low_share: float
    high_share: float
    from_low: Map
    from_high: Map

    def swapped(self) -> "Canvas":
        """Return the canvas with low and high exchanged."""
        return Canvas(
            self.high,
            self.low,
            self.valid,
            self.high_share,
            self.low_share,
            self.from_high,
            self.from_low,
        )


@dataclass(frozen=True)
class Blocks:
    """Measures of the blocks of a canvas, float32 (rows, columns) each; NaN where one has no pixels.

    `zncc` -1..1; `low_texture` and `high_texture` are standard deviations of grey levels (0..255). Colours are compared
    when they are first asked for, since most pairs are told apart by their structure alone.
    """

    zncc: Plane
    low_texture: Plane
    high_texture: Plane
    canvas: Canvas
    block_px: int

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """Blocks that both pictures fill."""
        return np.isfinite(self.zncc)

    @cached_property
    def textured(self) -> NDArray[np.bool_]:
        """Valid blocks in which at least one picture shows something."""
        texture = np.maximum(self.low_texture, self.high_texture)
        return np.asarray(self.valid & (texture >= thresholds.BLOCK_TEXTURE_GREY))

    @property
    def difference(self) -> Plane:
        """Mean absolute difference of the channels (0..255) of each px after the best change of colours, (h, w)."""
        return self._after_fit[0]

    @property
    def signed(self) -> Plane:
        """The mean difference of the channels, with its sign, (h, w)."""
        return self._after_fit[1]

    @cached_property
    def colour(self) -> Plane:
        """Mean of `difference` in each block."""
        return self._where_valid(_block_means(self.difference, self.block_px))

    @cached_property
    def residue(self) -> Plane:
        """Root mean square of `difference` in each block, which small strokes raise more than the mean."""
        squares = _block_means(self.difference * self.difference, self.block_px)
        return self._where_valid(np.sqrt(squares))

    @cached_property
    def raw_colour(self) -> Plane:
        """Mean absolute difference of the channels in each block before any change of colours."""
        plane = cv2.transform(cv2.absdiff(*self._blurred), _THIRDS)
        return self._where_valid(_block_means(np.asarray(plane, np.float32), self.block_px))

    @cached_property
    def unclipped(self) -> NDArray[np.bool_]:
        """Valid blocks of which neither picture shows more than a little in pure white or black."""
        return np.asarray(self.valid & (np.maximum(*self._clipped_shares) <= thresholds.CLIPPED_SHARE))

    @cached_property
    def comparable(self) -> NDArray[np.bool_]:
        """Valid blocks of which not one picture alone has lost more than a little to pure white or black."""
        apart = np.abs(np.subtract(*self._clipped_shares))
        return np.asarray(self.valid & (apart <= thresholds.CLIPPED_SHARE))

    def not_lost(self, counted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the counted blocks that can be compared, or all of them where these are too few to speak for all."""
        known = counted & self.comparable
        enough = max(thresholds.TEXTURED_BLOCKS_MIN, thresholds.KNOWN_SHARE * counted.sum())
        return known if known.sum() >= enough else counted

    @cached_property
    def _clipped_shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        low, high = (
            _block_means(_clipped(one), self.block_px) for one in (self.canvas.low, self.canvas.high)
        )
        return low, high

    @cached_property
    def _blurred(self) -> tuple[Plane, Plane]:
        return _blurred(self.canvas.low), _blurred(self.canvas.high)

    @cached_property
    def _after_fit(self) -> tuple[Plane, Plane]:
        return difference_after_fit(*self._blurred, self.canvas.valid)

    def _where_valid(self, measure: NDArray[np.floating]) -> Plane:
        return _where(self.valid, measure)


class Preview:
    """A picture in halving sizes, so that warping it to a small canvas costs little. Holds uint8 (h, w, 3)."""

    def __init__(self, picture: Rgb) -> None:
        self._levels = [picture]

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (height, width, 3) of the whole picture."""
        return self._levels[0].shape

    def level(self, scale: float) -> Rgb:
        """Return the smallest level that has at least `scale` (0..1) of the whole picture's px per side."""
        wanted = int(np.floor(-np.log2(min(1.0, max(scale, 1e-3)))))
        while len(self._levels) <= wanted and min(self._levels[-1].shape[:2]) >= 2 * BLOCK_PX:
            height, width = self._levels[-1].shape[:2]
            half = (max(1, width // 2), max(1, height // 2))
            smaller = cv2.resize(self._levels[-1], half, interpolation=cv2.INTER_AREA)
            self._levels.append(np.asarray(smaller, np.uint8))
        return self._levels[min(wanted, len(self._levels) - 1)]


def lay_over(low: Preview, high: Preview, relative: Map, side_px: int) -> Canvas | None:
    """Warp both pictures into the frame of the one with fewer pixels in the overlap.

    `relative`, (2, 3) or (3, 3), maps relative coordinates of low to those of high. The overlap's long side has at most
    `side_px` px, and never more than the coarser picture has. None when they hardly overlap.
    """
    mapping = maps.between_pixels(relative, low.shape, high.shape)
    if maps.scale_at(mapping, np.array([low.shape[1] / 2, low.shape[0] / 2])) <= 1:
        return _lay_in_frame(low, high, mapping, side_px)
    swapped = _lay_in_frame(high, low, maps.invert(mapping), side_px)
    return None if swapped is None else swapped.swapped()


def compare_blocks(canvas: Canvas, block_px: int = BLOCK_PX) -> Blocks:
    """Measure every block of `block_px` x `block_px` px of a canvas."""
    low, high = (
        _blurred(np.asarray(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), np.uint8))
        for one in (canvas.low, canvas.high)
    )
    whole = _block_means(canvas.valid.astype(np.float32), block_px) > 1 - 0.5 / block_px**2
    low_mean, high_mean = _block_means(low, block_px), _block_means(high, block_px)
    low_spread = np.sqrt(np.maximum(0, _block_means(low * low, block_px) - low_mean**2))
    high_spread = np.sqrt(np.maximum(0, _block_means(high * high, block_px) - high_mean**2))
    common = _block_means(low * high, block_px) - low_mean * high_mean
    return Blocks(
        zncc=_where(whole, common / (low_spread * high_spread + 1e-2)),
        low_texture=_where(whole, low_spread),
        high_texture=_where(whole, high_spread),
        canvas=canvas,
        block_px=block_px,
    )


def refine(
    low: Preview,
    high: Preview,
    relative: Map,
    side_px: int,
    *,
    perspective: bool = False,
) -> Map:
    """Move an alignment until the grey levels fit best (ECC: Evangelidis and Psarakis, PAMI 2008).

    Returns a map (3, 3), the given one when the pictures give no better one. Only with `perspective` may parallel lines
    cease to be parallel.
    """
    canvas = lay_over(low, high, relative, side_px)
    if canvas is None:
        return maps.lift(relative)
    first = cv2.cvtColor(canvas.low, cv2.COLOR_RGB2GRAY)
    second = cv2.cvtColor(canvas.high, cv2.COLOR_RGB2GRAY)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-4)
    motion = cv2.MOTION_HOMOGRAPHY if perspective else cv2.MOTION_AFFINE
    start = np.eye(3 if perspective else 2, 3, dtype=np.float32)
    mask = canvas.valid.astype(np.uint8) * 255
    try:
        _, moved = cv2.findTransformECC(second, first, start, motion, stop, mask, 5)
        moved = maps.lift(np.asarray(moved, np.float64))
        pixels = np.linalg.inv(canvas.from_high) @ np.linalg.inv(moved) @ canvas.from_low
    except (
        cv2.error,
        np.linalg.LinAlgError,
    ):  # it does not converge on flat or unrelated pictures
        return maps.lift(relative)
    return maps.between_relative(pixels, low.shape, high.shape)


def _lay_in_frame(low: Preview, high: Preview, mapping: Map, side_px: int) -> Canvas | None:
    """Warp low into the frame of high; `mapping` (3, 3) maps px."""
    corners = maps.apply(mapping, _corners(low.shape))
    box = _overlap_box(corners, high.shape)
    if box is None:
        return None
    left, top, width, height = box
    scale = min(1.0, side_px / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    to_canvas = np.array(
        [
            [scale, 0, (0.5 - left) * scale - 0.5],
            [0, scale, (0.5 - top) * scale - 0.5],
            [0, 0, 1.0],
        ]
    )
    from_low = to_canvas @ mapping
    low_warped, low_inside = _warp(low, from_low, size)
    high_warped, high_inside = _warp(high, to_canvas, size)
    valid = low_inside & high_inside
    area = float(np.count_nonzero(valid))
    low_share = area / max(1e-9, maps.area_of(corners) * scale**2)
    high_share = area / (high.shape[0] * high.shape[1] * scale**2)
    shares = min(1.0, low_share), min(1.0, high_share)
    return Canvas(low_warped, high_warped, valid, *shares, from_low, to_canvas)


def _corners(shape: tuple[int, ...]) -> NDArray[np.float64]:
    height, width = shape[:2]
    return maps.UNIT_CORNERS * (width, height) - 0.5


def _overlap_box(
    corners: NDArray[np.float64], high_shape: tuple[int, ...]
) -> tuple[float, float, float, float] | None:
    """Return left, top, width, height (px of high) of the box around the overlap; None when it is empty."""
    limit = high_shape[1], high_shape[0]
    begin = np.clip(corners.min(axis=0) + 0.5, 0, limit)
    size = np.clip(corners.max(axis=0) + 0.5, 0, limit) - begin
    if not size.min() >= BLOCK_PX:
        return None
    return float(begin[0]), float(begin[1]), float(size[0]), float(size[1])


def _warp(preview: Preview, mapping: Map, size: tuple[int, int]) -> tuple[Rgb, NDArray[np.bool_]]:
    """Warp without aliasing (shrink by area, then interpolate); also say which px are filled."""
    height, width = preview.shape[:2]
    scale = min(1.0, maps.scale_at(mapping, np.array([width / 2, height / 2])))
    picture = preview.level(scale)
    shrunk = (max(1, round(width * scale)), max(1, round(height * scale)))
    if shrunk != (picture.shape[1], picture.shape[0]):
        picture = np.asarray(cv2.resize(picture, shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    mapping = mapping @ maps.to_pixels(preview.shape) @ maps.to_relative(picture.shape)
    filled = np.full(picture.shape[:2], 255, np.uint8)
    warp = cv2.warpPerspective
    if maps.is_affine(mapping):
        warp, mapping = cv2.warpAffine, mapping[:2] / mapping[2, 2]
    warped = warp(picture, mapping, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = warp(filled, mapping, size, flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.uint8), np.asarray(inside > 127)


def _blurred(picture: Rgb) -> Plane:
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), _BLUR_PX), np.float32)


def _clipped(picture: Rgb) -> Plane:
    """Return 1 where a channel is at its end (h, w), 0 elsewhere."""
    return np.asarray(cv2.inRange(picture, _CLIPPED_BELOW, _CLIPPED_ABOVE) == 0, np.float32)


def _where(valid: NDArray[np.bool_], measure: NDArray[np.floating]) -> Plane:
    return np.where(valid, measure, np.nan).astype(np.float32)


def _block_means(plane: NDArray[np.float32], block_px: int) -> NDArray[np.float64]:
    """Return the mean of each block of (h, w), leaving out what does not fill one."""
    rows, columns = plane.shape[0] // block_px, plane.shape[1] // block_px
    if rows == 0 or columns == 0:
        return np.zeros((rows, columns))
    cut = plane[: rows * block_px, : columns * block_px]
    return np.asarray(cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA), np.float64)
