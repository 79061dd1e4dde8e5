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

from dedup.compare import thresholds
from dedup.compare.colours import difference_after_fit

BLOCK_PX = 8
_BLUR_PX = 1.0
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Rgb = NDArray[np.uint8]
Affine = NDArray[np.float64]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Canvas:
    """Two pictures in one frame: uint8 (h, w, 3) each, and where both have pixels (bool (h, w)).

    `low_share` and `high_share` say which share (0..1) of each whole picture the overlap covers; `from_low`
    and `from_high` (2, 3) map px of each picture to px of the canvas.
    """

    low: Rgb
    high: Rgb
    valid: NDArray[np.bool_]
    low_share: float
    high_share: float
    from_low: Affine
    from_high: Affine

    def swapped(self) -> "Canvas":
        """Return the canvas with low and high exchanged."""
        return Canvas(
            self.high, self.low, self.valid, self.high_share, self.low_share, self.from_high, self.from_low
        )


@dataclass(frozen=True)
class Blocks:
    """Measures of the blocks of a canvas, float32 (rows, columns) each; NaN where one has no pixels.

    `zncc` -1..1; `low_texture` and `high_texture` are standard deviations of grey levels (0..255). `low` and `high`
    are the blurred pictures, float32 (h, w, 3), of which `filled` (h, w) says what both have; colours are compared
    when they are first asked for, since most pairs are told apart by their structure alone.
    """

    zncc: Plane
    low_texture: Plane
    high_texture: Plane
    low: Plane
    high: Plane
    filled: NDArray[np.bool_]
    block_px: int

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Blocks that both pictures fill."""
        return np.isfinite(self.zncc)

    @property
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
        return self._where_valid(_blocks(self.difference, self.block_px).mean(axis=2))

    @cached_property
    def residue(self) -> Plane:
        """Root mean square of `difference` in each block, which small strokes raise more than the mean."""
        pixels = _blocks(self.difference, self.block_px)
        return self._where_valid(np.sqrt(np.mean(pixels * pixels, axis=2)))

    @cached_property
    def raw_colour(self) -> Plane:
        """Mean absolute difference of the channels in each block before any change of colours."""
        plane = np.abs(self.low - self.high) @ np.full(3, 1 / 3, np.float32)
        return self._where_valid(_blocks(plane, self.block_px).mean(axis=2))

    @cached_property
    def _after_fit(self) -> tuple[Plane, Plane]:
        return difference_after_fit(self.low, self.high, self.filled)

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


def lay_over(low: Preview, high: Preview, relative: Affine, side_px: int) -> Canvas | None:
    """Warp both pictures into the frame of the one with fewer pixels in the overlap.

    `relative` (2, 3) maps relative coordinates of low to those of high. The overlap's long side has at most
    `side_px` px, and never more than the coarser picture has. None when they hardly overlap.
    """
    affine = pixel_affine(relative, low.shape, high.shape)
    if np.sqrt(abs(np.linalg.det(affine[:, :2]))) > 1:
        swapped = lay_over(high, low, invert(relative), side_px)
        return None if swapped is None else swapped.swapped()
    box = _overlap_box(affine, low.shape, high.shape)
    if box is None:
        return None
    left, top, width, height = box
    scale = min(1.0, side_px / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    to_canvas = np.array([[scale, 0, (0.5 - left) * scale - 0.5], [0, scale, (0.5 - top) * scale - 0.5]])
    from_low = chain(to_canvas, affine)
    low_warped, low_inside = _warp(low, from_low, size)
    high_warped, high_inside = _warp(high, to_canvas, size)
    valid = low_inside & high_inside
    area = float(valid.sum())
    low_area = low.shape[0] * low.shape[1] * float(abs(np.linalg.det(from_low[:, :2])))
    high_area = high.shape[0] * high.shape[1] * scale**2
    shares = min(1.0, area / low_area), min(1.0, area / high_area)
    return Canvas(low_warped, high_warped, valid, *shares, from_low, to_canvas)


def compare_blocks(canvas: Canvas, block_px: int = BLOCK_PX) -> Blocks:
    """Measure every block of `block_px` x `block_px` px of a canvas."""
    low = cv2.GaussianBlur(canvas.low, (0, 0), _BLUR_PX).astype(np.float32)
    high = cv2.GaussianBlur(canvas.high, (0, 0), _BLUR_PX).astype(np.float32)
    whole = _blocks(canvas.valid.astype(np.float32), block_px).min(axis=2) > 0
    first, second = _blocks(low @ _LUMA, block_px), _blocks(high @ _LUMA, block_px)
    first = first - first.mean(axis=2, keepdims=True)
    second = second - second.mean(axis=2, keepdims=True)
    first_spread, second_spread = (np.sqrt(np.mean(one * one, axis=2)) for one in (first, second))
    zncc = np.mean(first * second, axis=2) / (first_spread * second_spread + 1e-2)
    return Blocks(
        zncc=_where(whole, zncc),
        low_texture=_where(whole, first_spread),
        high_texture=_where(whole, second_spread),
        low=low,
        high=high,
        filled=canvas.valid,
        block_px=block_px,
    )


def pixel_affine(relative: Affine, low_shape: tuple[int, ...], high_shape: tuple[int, ...]) -> Affine:
    """Turn a map of relative coordinates into one of px (centres at integers) for these shapes."""
    low_height, low_width = low_shape[:2]
    high_height, high_width = high_shape[:2]
    to_relative = np.array(
        [[1 / low_width, 0, 0.5 / low_width], [0, 1 / low_height, 0.5 / low_height], [0, 0, 1]]
    )
    to_pixels = np.array([[high_width, 0, -0.5], [0, high_height, -0.5], [0, 0, 1]])
    return np.asarray((to_pixels @ np.vstack([relative, [0, 0, 1]]) @ to_relative)[:2])


def invert(affine: Affine) -> Affine:
    """Return the inverse of a 2x3 affine map; numpy.linalg.LinAlgError when it has none."""
    return np.asarray(np.linalg.inv(np.vstack([affine, [0, 0, 1]]))[:2])


def chain(after: Affine, before: Affine) -> Affine:
    """Return the 2x3 map that applies `before`, then `after`."""
    return np.asarray(after @ np.vstack([before, [0, 0, 1]]))


def refine(low: Preview, high: Preview, relative: Affine, side_px: int) -> Affine:
    """Move an alignment until the grey levels fit best (ECC: Evangelidis and Psarakis, PAMI 2008).

    Returns the given map when the pictures give no better one.
    """
    canvas = lay_over(low, high, relative, side_px)
    if canvas is None:
        return relative
    first = cv2.cvtColor(canvas.low, cv2.COLOR_RGB2GRAY)
    second = cv2.cvtColor(canvas.high, cv2.COLOR_RGB2GRAY)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 25, 1e-4)
    start = np.eye(2, 3, dtype=np.float32)
    mask = canvas.valid.astype(np.uint8) * 255
    try:
        _, moved = cv2.findTransformECC(second, first, start, cv2.MOTION_AFFINE, stop, mask, 5)
    except cv2.error:  # it does not converge on flat or unrelated pictures
        return relative
    pixels = chain(invert(canvas.from_high), chain(invert(np.asarray(moved, np.float64)), canvas.from_low))
    return _relative(pixels, low.shape, high.shape)


def _relative(pixels: Affine, low_shape: tuple[int, ...], high_shape: tuple[int, ...]) -> Affine:
    """Undo `pixel_affine`."""
    low_height, low_width = low_shape[:2]
    high_height, high_width = high_shape[:2]
    to_relative = np.array([[1 / high_width, 0, 0.5 / high_width], [0, 1 / high_height, 0.5 / high_height]])
    to_pixels = np.array([[low_width, 0, -0.5], [0, low_height, -0.5]])
    return chain(to_relative, chain(pixels, to_pixels))


def _overlap_box(
    affine: Affine, low_shape: tuple[int, ...], high_shape: tuple[int, ...]
) -> tuple[float, float, float, float] | None:
    """Return left, top, width, height (px of high) of the box around the overlap; None when it is empty."""
    height, width = low_shape[:2]
    corners = np.array([[-0.5, -0.5], [width - 0.5, -0.5], [-0.5, height - 0.5], [width - 0.5, height - 0.5]])
    mapped = corners @ affine[:, :2].T + affine[:, 2] + 0.5
    low_end = np.clip(mapped.min(axis=0), 0, (high_shape[1], high_shape[0]))
    high_end = np.clip(mapped.max(axis=0), 0, (high_shape[1], high_shape[0]))
    size = high_end - low_end
    if size.min() < BLOCK_PX:
        return None
    return float(low_end[0]), float(low_end[1]), float(size[0]), float(size[1])


def _warp(preview: Preview, affine: Affine, size: tuple[int, int]) -> tuple[Rgb, NDArray[np.bool_]]:
    """Warp without aliasing (shrink by area, then interpolate); also say which px are filled."""
    scale = min(1.0, float(np.sqrt(abs(np.linalg.det(affine[:, :2])))))
    height, width = preview.shape[:2]
    picture = preview.level(scale)
    shrunk = (max(1, round(width * scale)), max(1, round(height * scale)))
    if shrunk != (picture.shape[1], picture.shape[0]):
        picture = np.asarray(cv2.resize(picture, shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    step = width / shrunk[0], height / shrunk[1]
    to_whole = np.array([[step[0], 0, (step[0] - 1) / 2], [0, step[1], (step[1] - 1) / 2]])
    affine = chain(affine, to_whole)
    warped = cv2.warpAffine(picture, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    filled = np.full((shrunk[1], shrunk[0]), 255, np.uint8)
    inside = cv2.warpAffine(filled, affine, size, flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.uint8), np.asarray(inside > 127)


def _where(valid: NDArray[np.bool_], measure: NDArray[np.floating]) -> Plane:
    return np.where(valid, measure, np.nan).astype(np.float32)


def _blocks(plane: NDArray[np.float32], block_px: int) -> NDArray[np.float32]:
    """Cut (h, w) into (rows, columns, block_px ** 2), leaving out what does not fill a block."""
    rows, columns = plane.shape[0] // block_px, plane.shape[1] // block_px
    cut = plane[: rows * block_px, : columns * block_px].reshape(rows, block_px, columns, block_px)
    return np.asarray(cut.transpose(0, 2, 1, 3).reshape(rows, columns, block_px * block_px), np.float32)
