"""Tell letters, bars and stickers that were laid over a picture from things that are in it, by how they are drawn.

What is drawn has a few exact colours that its surroundings lack, px that equal their neighbours, and edges harder than
a lens makes. A logistic model weighs these, fitted on 1,100 changed areas: captions, watermarks and screens of 24
photos, stickers, texts on 40 meme templates, against cut-out things that lie elsewhere in the other picture.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.overlap import Canvas

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_COLOUR_RADIUS = 8
_COLOURS_MAX = 3
_TRIES = 6
_COLOUR_SHARE_MIN = 0.08
_EVEN_GREY = 4
_PIXELS_MAX = 4000
_PIXELS_MIN = 20


@dataclass(frozen=True)
class _Drawing:
    """One picture of a canvas: px, how far levels reach within 3 x 3 px, and how strongly they bend."""

    rgb: Rgb
    reach: NDArray[np.uint8]
    bend: NDArray[np.float32]


class CloseView:
    """Two pictures on a canvas as fine as they come, to look at changed areas of a coarser one."""

    def __init__(self, canvas: Canvas) -> None:
        self._valid = canvas.valid
        self._drawings = [_drawing(one) for one in (canvas.low, canvas.high)]

    def drawn_logit(self, inside: Mask, around: Mask) -> float:
        """Return how likely the px `inside` (h, w) of a canvas of any size are graphics in one picture or in both.

        Above 0 they rather are.
        """
        area, ring = self._here(inside), self._here(around)
        if area.sum() < _PIXELS_MIN:
            return -math.inf
        step, ring_step = max(1, int(area.sum()) // _PIXELS_MAX), max(1, int(ring.sum()) // _PIXELS_MAX)
        few = [
            _strange_colours(
                one.rgb[area][::step].astype(np.int16), one.rgb[ring][::ring_step].astype(np.int16)
            )
            for one in self._drawings
        ]
        even = sorted(float(np.mean(one.reach[area] <= _EVEN_GREY)) for one in self._drawings)
        edge = max(float(np.quantile(one.bend[area], 0.9)) for one in self._drawings)
        measures = (float(np.mean(few[0] | few[1])), math.log2(edge + 4), even[1], even[0])
        return thresholds.DRAWN_LOGIT_BIAS + sum(
            weight * measure for weight, measure in zip(thresholds.DRAWN_LOGIT_WEIGHTS, measures, strict=True)
        )

    def _here(self, mask: Mask) -> Mask:
        height, width = self._valid.shape
        grown = cv2.resize(mask.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray((grown > 0) & self._valid)


def _drawing(rgb: Rgb) -> _Drawing:
    around = np.ones((3, 3), np.uint8)
    red, green, blue = cv2.split(cv2.subtract(cv2.dilate(rgb, around), cv2.erode(rgb, around)))
    reach = np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return _Drawing(rgb, reach, np.abs(cv2.Laplacian(grey, cv2.CV_32F)))


def _strange_colours(pixels: NDArray[np.int16], around: NDArray[np.int16]) -> Mask:
    """Return which px (n, 3) have one of a few colours that what is around (m, 3) lacks."""
    bins = (pixels >> 4).astype(np.int64) @ (1, 16, 256)
    left = np.ones(len(pixels), bool)
    explained = np.zeros(len(pixels), bool)
    found = 0
    for _ in range(_TRIES):
        if found == _COLOURS_MAX or left.sum() < _COLOUR_SHARE_MIN * len(pixels):
            break
        colour = np.median(pixels[left & (bins == np.bincount(bins[left]).argmax())], axis=0)
        near = np.abs(pixels - colour).max(axis=1) <= _COLOUR_RADIUS
        if (near & left).sum() < _COLOUR_SHARE_MIN * len(pixels):
            break
        common = np.mean(np.abs(around - colour).max(axis=1) <= _COLOUR_RADIUS) if len(around) else 0.0
        if common < 0.02 + 0.15 * near.mean():
            explained |= near
            found += 1
        left &= ~near
    return explained
