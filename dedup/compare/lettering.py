"""Find rows of letters in flat pictures, and the plain ground that they were written on.

A row is at least three black or white shapes of like height side by side. What the letters are does not matter, nor
does whether they touch here and there.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Ink is darker or brighter than this (0..255): memes are written in black and white, pages in black.
_DARK_GREY, _BRIGHT_GREY = 90, 190
# A letter: its height (px, and at most this share of the picture), its width in heights (two that touch count as one),
# and the share of its box that is ink.
_HEIGHT_PX_MIN, _HEIGHT_SHARE_MAX = 5, 0.2
_WIDTHS = (0.1, 3.5)
_FILLS = (0.15, 0.97)
# Neighbours in a row: heights apart by at most this factor (capitals beside small ones), middles and gaps by at most so
# many heights (a gap between words is one).
_LIKE_HEIGHT = 1.7
_OFF_LINE_HEIGHTS = 0.45
_GAP_HEIGHTS = 1.2
_ROW_LETTERS_MIN = 3
# All are compared with all: of more shapes than this, the taller ones are looked at.
_SHAPES_MAX = 1000
# How far outlines, dots and tails reach around a row, and the bar that it stands on above and below it, in heights; and
# how far a px of the bar may be from its colour (0..255).
_RIM_HEIGHTS = 0.4
_BAR_HEIGHTS = 1.7
_BAR_GREY = 12


@dataclass(frozen=True)
class Row:
    """A row of letters: its box in px, and the typical height of its letters in px."""

    left: int
    top: int
    right: int
    bottom: int
    letter_px: float
    letters: int


def rows_of_letters(picture: Rgb) -> list[Row]:
    """Return the rows of black and of white letters in a picture (h, w, 3)."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    return [row for ink in (grey <= _DARK_GREY, grey >= _BRIGHT_GREY) for row in _rows(_shapes(ink))]


def _shapes(ink: Mask) -> NDArray[np.int64]:
    """Return left, top, width, height (n, 4) in px of the shapes that may be letters."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    boxes = stats[1:].astype(np.int64)
    width, height, area = boxes[:, 2], boxes[:, 3], boxes[:, 4]
    fill = area / np.maximum(1, width * height)
    fits = (height >= _HEIGHT_PX_MIN) & (height <= _HEIGHT_SHARE_MAX * max(ink.shape))
    fits &= (width >= _WIDTHS[0] * height) & (width <= _WIDTHS[1] * height)
    fits &= (fill >= _FILLS[0]) & (fill <= _FILLS[1])
    kept = boxes[fits, :4]
    return np.asarray(kept[np.argsort(-kept[:, 3], kind="stable")[:_SHAPES_MAX]], np.int64)


def _rows(shapes: NDArray[np.int64]) -> list[Row]:
    """Chain shapes of like height, each to the nearest one at its right on the same line."""
    if len(shapes) < _ROW_LETTERS_MIN:
        return []
    count, labels = _chained(shapes)
    rows = []
    for label in range(count):
        row = shapes[labels == label]
        if len(row) >= _ROW_LETTERS_MIN:
            left, top = row[:, :2].min(axis=0).tolist()
            right, bottom = (row[:, :2] + row[:, 2:]).max(axis=0).tolist()
            rows.append(Row(left, top, right, bottom, float(np.median(row[:, 3])), len(row)))
    return rows


def _chained(shapes: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    left, top, width, height = shapes.T.astype(np.float64)
    taller = np.maximum(height[:, None], height[None])
    like = taller <= _LIKE_HEIGHT * np.minimum(height[:, None], height[None])
    middle = top + height / 2
    on_line = np.abs(middle[:, None] - middle[None]) <= _OFF_LINE_HEIGHTS * taller
    gap = left[None] - (left + width)[:, None]
    linked = like & on_line & (gap <= _GAP_HEIGHTS * taller) & (gap >= -taller)
    count, labels = connected_components(linked, directed=False)
    return int(count), np.asarray(labels, np.int64)


def lettering(picture: Rgb, rows: list[Row]) -> Mask:
    """Return the px (h, w) of rows of letters with what surrounds them closely, and of the bars they stand on."""
    covered = np.zeros(picture.shape[:2], bool)
    for row in rows:
        reach = round(_RIM_HEIGHTS * row.letter_px) + 1
        covered[
            max(0, row.top - reach) : row.bottom + reach, max(0, row.left - 2 * reach) : row.right + 2 * reach
        ] = True
        covered |= _bar(picture, row)
    return covered


def _bar(picture: Rgb, row: Row) -> Mask:
    """The px of the colour around the letters of a row, so far above and below as bars reach."""
    top, bottom = max(0, row.top - 2), row.bottom + 2
    inside = picture[top:bottom, max(0, row.left - 2) : row.right + 2].reshape(-1, 3)
    bins = (inside >> 4).astype(np.int64) @ (1, 16, 256)
    ground = np.median(inside[bins == np.bincount(bins).argmax()], axis=0)
    reach = round(_BAR_HEIGHTS * row.letter_px)
    band = np.s_[max(0, row.top - reach) : row.bottom + reach]
    covered = np.zeros(picture.shape[:2], bool)
    covered[band] = np.abs(picture[band].astype(np.int16) - ground).max(axis=2) <= _BAR_GREY
    return covered
