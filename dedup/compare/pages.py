"""Pages and screens: flat pictures of text, lines and even colours, where every line must agree.

What may differ all the same is a clock at the edge, and letters that were laid over: on a drawing, as memes have them,
or larger than the page's own at its top or bottom.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.changes import veil_strength
from dedup.compare.lettering import Row, lettering, rows_of_letters
from dedup.compare.overlap import Blocks, Canvas, compare_blocks
from dedup.compare.sharpness import equally_sharp

PAGE_BLOCK_PX = 16
_COLOUR_SHIFT = 4
_COMMONEST = 4
# What is darker than its surroundings, so far around, by so many grey levels.
_AROUND_PX, _DARKER_GREY = 5.0, 10.0

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Page:
    """How two aligned pages or screens differ.

    `changed_share` is the share (0..1) of textured blocks that do not show the same; `clock` whether these are few, in
    one place, at the top or at the bottom; `lettering` whether they are letters that were laid over; `veiled` whether
    what was laid over lets the page through, as a watermark does; `text` whether the pages are mostly text. `changed`
    (bool, rows x columns) are the blocks themselves.
    """

    changed_share: float
    clock: bool
    text: bool
    lettering: bool = False
    veiled: bool = False
    changed: Mask | None = field(default=None, compare=False, repr=False)


def may_be_page(coarse: Canvas) -> bool:
    """Whether few colours or even areas make up most of both pictures, on a small canvas: a cheap first look."""
    return all(
        _commonest_share(one[coarse.valid]) >= thresholds.PAGE_POSSIBLE_SHARE
        or float(np.mean(_reach(one)[coarse.valid] <= thresholds.PAGE_FLAT_GREY))
        >= thresholds.PAGE_POSSIBLE_FLAT_SHARE
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
    blocks = compare_blocks(equally_sharp(canvas)[0], PAGE_BLOCK_PX)
    changed = _changed(blocks)
    share = min(1.0, float(changed.sum() / max(1, blocks.textured.sum())))
    strokes = max(wholes)
    if min(wholes) < thresholds.PAGE_STROKE_SHARE and 0 < share <= thresholds.PAGE_OVERLAY_SHARE:
        common = canvas.valid & ~_pixels(_grown(changed), canvas.valid.shape)
        strokes = max(_stroke_share(one, common) for one in (canvas.low, canvas.high))
    if strokes < thresholds.PAGE_STROKE_SHARE:
        return None
    lettered = share > 0 and _Differing(canvas, blocks, changed).is_lettering()
    text = strokes >= thresholds.PAGE_TEXT_SHARE
    veiled = share > 0 and _is_veiled(canvas, blocks, changed)
    return Page(share, _is_clock(changed, share), text, lettered, veiled, changed)


def _changed(blocks: Blocks) -> Mask:
    """Return which blocks show other lines, or other even colours."""
    other = (blocks.zncc < thresholds.PAGE_BLOCK_ZNCC) & (blocks.residue >= thresholds.PAGE_RESIDUE)
    strong = (blocks.zncc < thresholds.PAGE_STRONG_ZNCC) & (blocks.residue >= thresholds.PAGE_STRONG_RESIDUE)
    return np.asarray((blocks.textured & (other | strong)) | _other_colours(blocks))


def _other_colours(blocks: Blocks) -> Mask:
    """Return the even blocks of another colour: they must differ as they are, in grey, and after the best change."""
    rows, columns = blocks.zncc.shape
    filled = np.s_[: rows * blocks.block_px, : columns * blocks.block_px]
    low, high = (
        cv2.cvtColor(one, cv2.COLOR_RGB2GRAY)[filled].astype(np.float32)
        for one in (blocks.canvas.low, blocks.canvas.high)
    )
    grey = np.abs(cv2.resize(low - high, (columns, rows), interpolation=cv2.INTER_AREA))
    differs = np.minimum(blocks.residue, blocks.raw_colour) >= thresholds.PAGE_OTHER_COLOUR
    return np.asarray(blocks.unclipped & ~blocks.textured & differs & (grey >= thresholds.PAGE_OTHER_GREY))


def _is_veiled(canvas: Canvas, blocks: Blocks, changed: Mask) -> bool:
    """Whether all that differs was mixed evenly with white or black in one of the pages."""
    inside = _pixels(changed, canvas.valid.shape) & (blocks.difference >= thresholds.PAGE_VEILED_GREY)
    if not inside.any():
        return False
    low, high = canvas.low[inside], canvas.high[inside]
    found = [veil_strength(low, high), veil_strength(high, low)]
    return any(strength is not None and strength <= thresholds.PAGE_VEIL_MAX for strength in found)


def _is_clock(changed: Mask, share: float) -> bool:
    """Whether a little differs in one place at the top or at the bottom."""
    areas = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)[0] - 1
    if areas != 1 or share > thresholds.PAGE_CLOCK_SHARE:
        return areas == 0
    rows = np.flatnonzero(changed.any(axis=1))
    reach = max(1, round(thresholds.PAGE_CLOCK_EDGE_SHARE * len(changed)))
    return bool(rows[-1] < reach or rows[0] >= len(changed) - reach)


class _Differing:
    """What differs between two pages, and the letters in and around it."""

    def __init__(self, canvas: Canvas, blocks: Blocks, changed: Mask) -> None:
        self._blocks, self._changed = blocks, changed
        self._pictures = canvas.low, canvas.high
        area = _pixels(changed, canvas.valid.shape)
        self._area, self._pixels = area, area & (blocks.difference >= thresholds.CHANGED_RESIDUE)
        self._rows = [rows_of_letters(one) for one in self._pictures]
        smallest = thresholds.LETTERING_HEIGHT_SHARE * canvas.valid.shape[0]
        self._over = [
            [row for row in rows if self._is_new(row) and row.letter_px >= smallest] for rows in self._rows
        ]

    def is_lettering(self) -> bool:
        """Whether all that differs is letters, with the bars they stand on, over a drawing or at an edge."""
        if not any(self._over) or not self._pixels.any():
            return False
        covered = [lettering(one, rows) for one, rows in zip(self._pictures, self._over, strict=True)]
        shares = [float(np.mean(one[self._pixels])) for one in (*covered, covered[0] | covered[1])]
        if shares[2] < thresholds.LETTERING_SHARE:
            return False
        return self._is_drawing() or self._is_caption(shares)

    def _is_new(self, row: Row) -> bool:
        inside = self._area[row.top : row.bottom, row.left : row.right]
        return bool(inside.mean() >= thresholds.LETTERING_CHANGED_SHARE)

    def _is_drawing(self) -> bool:
        """Whether most of what both show has lines in all directions, and few beside each other, as text has not."""
        shape = self._changed.shape
        drawn = self._blocks.textured & ~_grown(self._changed)
        common = drawn.sum()
        for one in self._pictures:
            drawn &= (_slant(one, shape) >= thresholds.SLANTED_SHARE) & (
                _crossings(one, shape) < thresholds.TEXT_CROSSINGS
            )
        return bool(
            drawn.sum() >= thresholds.DRAWING_COMMON_SHARE * common
            and drawn.sum() >= thresholds.DRAWING_SHARE * self._blocks.textured.sum()
        )

    def _is_caption(self, shares: list[float]) -> bool:
        """Whether the letters of one picture, at its top or bottom, explain all that differs and stand there anew."""
        height = len(self._area)
        reach = round(thresholds.CAPTION_EDGE_SHARE * height)
        places = np.flatnonzero(self._area.any(axis=1))
        if not (places[-1] < reach or places[0] >= height - reach):
            return False
        for own, other in ((0, 1), (1, 0)):
            if shares[own] >= thresholds.CAPTION_SHARE and not any(
                _is_slot(row, another) for row in self._over[own] for another in self._rows[other]
            ):
                return True
        return False


def _is_slot(row: Row, other: Row) -> bool:
    """Whether two rows begin at one place in letters of one height: two values of one field."""
    near = max(row.letter_px, other.letter_px)
    return (
        abs(row.left - other.left) <= near
        and abs(row.bottom - other.bottom) <= near
        and near <= thresholds.SLOT_HEIGHT * min(row.letter_px, other.letter_px)
    )


def _slant(picture: Rgb, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return how far lines are neither level nor upright in each block (0 to about 1)."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1)
    across, down = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)), np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    rows, columns = shape
    filled = np.s_[: rows * PAGE_BLOCK_PX, : columns * PAGE_BLOCK_PX]
    less, more = (
        cv2.resize(one[filled], (columns, rows), interpolation=cv2.INTER_AREA)
        for one in (np.minimum(across, down), np.maximum(across, down))
    )
    return np.asarray(less / (more + 1), np.float32)


def _crossings(picture: Rgb, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return how often a level line meets the edge of something dark in each block, where it meets any."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    dark = grey < cv2.GaussianBlur(grey, (0, 0), _AROUND_PX) - _DARKER_GREY
    edges = np.zeros(dark.shape, bool)
    edges[:, 1:] = dark[:, 1:] != dark[:, :-1]
    rows, columns = shape
    blocks = edges[: rows * PAGE_BLOCK_PX, : columns * PAGE_BLOCK_PX].reshape(
        rows, PAGE_BLOCK_PX, columns, PAGE_BLOCK_PX
    )
    each = blocks.sum(axis=3)
    return np.asarray(each.sum(axis=1) / np.maximum(1, (each > 0).sum(axis=1)), np.float64)


def _grown(changed: Mask) -> Mask:
    """Return blocks and those around them."""
    return np.asarray(cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _pixels(blocks: Mask, shape: tuple[int, ...]) -> Mask:
    """Spread blocks to px."""
    pixels = np.zeros(shape, bool)
    spread = np.repeat(np.repeat(blocks, PAGE_BLOCK_PX, axis=0), PAGE_BLOCK_PX, axis=1)
    pixels[: spread.shape[0], : spread.shape[1]] = spread
    return pixels


def _commonest_share(pixels: NDArray[np.uint8]) -> float:
    """Return the share of the px (n, 3) that have one of the four commonest colours."""
    if len(pixels) == 0:
        return 0.0
    colours = (pixels >> _COLOUR_SHIFT).astype(np.int64) @ (1, 16, 256)
    return float(np.sort(np.bincount(colours))[-_COMMONEST:].sum() / len(colours))


def _reach(picture: Rgb) -> NDArray[np.uint8]:
    """Return how far grey levels reach within 3 x 3 px."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    around = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.subtract(cv2.dilate(grey, around), cv2.erode(grey, around)), np.uint8)


def _stroke_share(picture: Rgb, valid: Mask) -> float:
    """Return the share of strokes among what is not flat; 0 for what is not mostly flat.

    Few colours make up a page, or so much of it is flat that it was drawn, in whatever colours.
    """
    if not valid.any():
        return 0.0
    reach = _reach(picture)[valid]
    flat = float(np.mean(reach <= thresholds.PAGE_FLAT_GREY))
    strokes = float(np.mean(reach >= thresholds.PAGE_STROKE_GREY) / max(1e-3, 1 - flat))
    if flat >= thresholds.DRAWN_FLAT_SHARE and strokes >= thresholds.DRAWN_STROKE_SHARE:
        return strokes
    if flat < thresholds.PAGE_FLAT_SHARE:
        return 0.0
    return strokes if _commonest_share(picture[valid]) >= thresholds.PAGE_COLOURS_SHARE else 0.0
