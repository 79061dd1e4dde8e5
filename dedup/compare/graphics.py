"""Tell letters, bars and stickers that were laid over a picture from things that are in it, by how they are drawn.

What is drawn has a few exact colours that its surroundings lack, px that equal their neighbours, and edges harder than
a lens makes; a thing in a scene is drawn as all else in it is, and stands there in another exposure. Logistic models
weigh these, one for what is thin as letters are, one for what is solid.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.exposure import same_exposure_logit
from dedup.compare.overlap import Canvas

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_COLOUR_RADIUS = 8
_COLOURS_MAX = 3
_TRIES = 6
_COLOUR_SHARE_MIN = 0.08
_EVEN_GREY = 4
_DEAD_GREY = 1
_PIXELS_MAX = 4000
_PIXELS_MIN = 20
_SCENE_STEP_PX = 3
# Around what changed, so far the sharper canvas is left out of what stayed.
_EDGE_PX = 9
_SPREAD_PX = 5
_SMOOTH_OFFSET_GREY = 0.3
_EDGE_OFFSET_GREY = 4


@dataclass(frozen=True)
class Outline:
    """What is known of a changed area: its px (bool (h, w)), those around it, whether it is thin as letters are, which
    share (0..1) of the width it spans, whether it touches the border, how strange (0..1) its colours are to what
    surrounds it in the picture that shows them, and by how many levels its px differ."""

    inside: Mask
    around: Mask
    thin: bool
    width_share: float
    at_border: bool
    strange: float
    difference: float


@dataclass(frozen=True)
class _Drawing:
    """One picture of a canvas: px, how far levels reach within 3 x 3 px, and how strongly they bend."""

    rgb: Rgb
    reach: NDArray[np.uint8]
    bend: NDArray[np.float32]

    @cached_property
    def spread(self) -> NDArray[np.float32]:
        """Largest deviation of a channel within 5 x 5 px."""
        window = (_SPREAD_PX, _SPREAD_PX)
        planes = [plane.astype(np.float32) for plane in cv2.split(self.rgb)]
        squares = [cv2.blur(plane * plane, window) - cv2.blur(plane, window) ** 2 for plane in planes]
        return np.asarray(np.sqrt(np.maximum(0, np.maximum.reduce(squares))), np.float32)


class CloseView:
    """Two pictures on a canvas as fine as they come, to look at changed areas of a coarser one.

    `changed` (bool (h, w) of a canvas of any size) is all that changed; the rest shows how the scene is drawn.
    `grain_tells` is False where grain says nothing: in a photo of a print, which is a new exposure, and where colours
    were turned or taken away.
    """

    def __init__(self, canvas: Canvas, changed: Mask, *, grain_tells: bool = True) -> None:
        self._canvas = canvas
        self._grain_tells = grain_tells
        self._drawings = [_drawing(one) for one in (canvas.low, canvas.high)]
        edge = np.ones((_EDGE_PX, _EDGE_PX), np.uint8)
        self._changed = cv2.dilate(self._here(changed).astype(np.uint8), edge) > 0

    @cached_property
    def same_exposure(self) -> float:
        """How likely what stayed is of one exposure, a logit; 0 where that cannot be told."""
        if not self._grain_tells:
            return 0.0
        return same_exposure_logit(self._canvas, self._changed, max(self._shares_of_rest(_DEAD_GREY)))

    @cached_property
    def flattened(self) -> float:
        """Share (0..1) of what stayed in which compression left no fine detail in one picture, and the other has it."""
        shares = self._shares_of_rest(_DEAD_GREY)
        return max(shares) - min(shares)

    def laid_over_logit(self, area: Outline) -> float:
        """Return how likely an area was laid over one picture or both; above 0 it rather was, at 0 it is too small."""
        inside = self._here(area.inside)
        if inside.sum() < _PIXELS_MIN:
            return 0.0
        few = self._few_colours(inside, self._here(area.around))
        dead = max(_shares(self._drawings, inside, _DEAD_GREY))
        edge, hardest = (self._hardness(inside, share) for share in (0.9, 0.97))
        border, exposure = float(area.at_border), self.same_exposure
        if area.thin:
            difference = math.log2(area.difference + 1)
            thin = (edge, exposure, area.width_share, dead, difference, few, border, hardest)
            return _weighed(thin, thresholds.THIN_LOGIT_WEIGHTS, thresholds.THIN_LOGIT_BIAS)
        scene = self._shares_of_rest(_EVEN_GREY)
        solid = (
            *(area.width_share, hardest, area.strange, exposure, max(scene), min(scene)),
            *(self._smoothness(inside), dead, min(_shares(self._drawings, inside, _EVEN_GREY))),
            *(few, border, edge),
        )
        return _weighed(solid, thresholds.SOLID_LOGIT_WEIGHTS, thresholds.SOLID_LOGIT_BIAS)

    def _few_colours(self, inside: Mask, around: Mask) -> float:
        """Return the share of px with one of few colours that what is around lacks, in one picture or the other."""
        step, ring_step = (max(1, int(mask.sum()) // _PIXELS_MAX) for mask in (inside, around))
        low, high = (
            _strange_colours(
                one.rgb[inside][::step].astype(np.int16), one.rgb[around][::ring_step].astype(np.int16)
            )
            for one in self._drawings
        )
        return float(np.mean(low | high))

    def _hardness(self, inside: Mask, share: float) -> float:
        """Return how strongly levels bend where they bend most, but for the given share of px (logarithm)."""
        bend = max(float(np.quantile(one.bend[inside], share)) for one in self._drawings)
        return math.log2(bend + _EDGE_OFFSET_GREY)

    def _smoothness(self, inside: Mask) -> float:
        """Return how much smooth px deviate, beside those of the rest (logarithm of the ratio)."""
        ratios = []
        for one, rest in zip(self._drawings, self._smooth_rest, strict=True):
            own = float(np.quantile(one.spread[inside], 0.2)) + _SMOOTH_OFFSET_GREY
            ratios.append(math.log2(own / (rest + _SMOOTH_OFFSET_GREY)))
        return min(ratios)

    @cached_property
    def _rest(self) -> Mask:
        """The px that stayed, thinned out."""
        some = np.zeros_like(self._changed)
        some[::_SCENE_STEP_PX, ::_SCENE_STEP_PX] = True
        return np.asarray(some & self._canvas.valid & ~self._changed)

    @cached_property
    def _smooth_rest(self) -> list[float]:
        if not self._rest.any():
            return [0.0, 0.0]
        return [float(np.quantile(one.spread[self._rest], 0.1)) for one in self._drawings]

    def _shares_of_rest(self, grey: int) -> list[float]:
        return _shares(self._drawings, self._rest, grey) if self._rest.any() else [0.0, 0.0]

    def _here(self, mask: Mask) -> Mask:
        height, width = self._canvas.valid.shape
        grown = cv2.resize(mask.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray((grown > 0) & self._canvas.valid)


def _shares(drawings: Sequence[_Drawing], inside: Mask, grey: int) -> list[float]:
    """Return for each picture the share of px whose surroundings differ by no more than `grey` levels."""
    return [float(np.mean(one.reach[inside] <= grey)) for one in drawings]


def _weighed(measures: Sequence[float], weights: Sequence[float], bias: float) -> float:
    return bias + sum(weight * measure for weight, measure in zip(weights, measures, strict=True))


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
