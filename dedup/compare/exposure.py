"""Tell a copy from another exposure of one scene by the grain of what did not change.

A copy keeps the noise of the one exposure it comes from, weakened by resizing and compression; in a second exposure the
noise is another, however still camera and scene were (Lukas, Fridrich and Goljan, IEEE TIFS 2006, identify cameras by
the lasting part of it). A logistic model weighs how the fine detail of flat areas goes together, how much there is of
it, and how much of the picture compression left without any.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.overlap import Canvas

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BLOCK_PX = 8
_FINE_PX, _MIDDLE_PX = 1.0, 2.0
# Nearer to black or white, noise is cut off.
_DARK_GREY, _LIGHT_GREY = 12, 243
_FLAT_SHARE = 0.35
_CORRELATION_MAX = 0.995
_LEVEL_OFFSET_GREY = 0.3
_COLOUR_STEP_PX = 8


def same_exposure_logit(close: Canvas, changed: Mask, dead_share: float) -> float:
    """Return how likely the grain of two pictures is of one exposure, -6 to 6; 0 where they have too little to tell.

    `changed` (bool (h, w) of the canvas) is left out; `dead_share` (0..1) is the share of px without any fine detail in
    the picture that has more of them.
    """
    details = [_details(one) for one in (close.low, close.high)]
    flat, structure = _flat_blocks(close, changed, [detail[2] for detail in details])
    if flat.sum() < thresholds.EXPOSURE_BLOCKS_MIN:
        return 0.0
    fine = _Common(details[0][0], details[1][0], flat)
    middle = _Common(details[0][1], details[1][1], flat)
    together, level = _stretched(middle.together), math.log2(fine.level + _LEVEL_OFFSET_GREY)
    measures = (
        together,
        _stretched(middle.typical),
        fine.typical,
        level,
        level * together,
        structure,
        structure * together,
        dead_share,
    )
    logit = thresholds.EXPOSURE_LOGIT_BIAS + sum(
        weight * measure for weight, measure in zip(thresholds.EXPOSURE_LOGIT_WEIGHTS, measures, strict=True)
    )
    kept = middle.typical >= thresholds.EXPOSURE_TOGETHER
    least = thresholds.OTHER_EXPOSURE_LOGIT if kept else -thresholds.EXPOSURE_LOGIT_MAX
    return float(np.clip(logit, least, thresholds.EXPOSURE_LOGIT_MAX))


class _Common:
    """How one band of two pictures goes together in flat blocks.

    Correlations (-1..1) of all px and of the median block, and how strong the weaker one is (grey levels).
    """

    def __init__(self, low: Plane, high: Plane, flat: Mask) -> None:
        low_power, high_power, product = (
            _means(plane)[flat].astype(np.float64) for plane in (low * low, high * high, low * high)
        )
        self.together = float(product.sum() / math.sqrt(low_power.sum() * high_power.sum() + 1e-9))
        self.typical = float(np.median(product / np.sqrt(low_power * high_power + 1e-6)))
        self.level = math.sqrt(min(low_power.mean(), high_power.mean()))


def _details(rgb: NDArray[np.uint8]) -> tuple[Plane, Plane, Plane]:
    """Return the fine and the middle band of the grey levels, and what is left of them."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = cv2.GaussianBlur(grey, (0, 0), _FINE_PX)
    middle = cv2.GaussianBlur(grey, (0, 0), _MIDDLE_PX)
    return grey - fine, fine - middle, np.asarray(middle, np.float32)


def _flat_blocks(close: Canvas, changed: Mask, smooth: list[Plane]) -> tuple[Mask, float]:
    """Return which blocks show least but grain, and up to how many grey levels they still deviate."""
    means = [_means(plane) for plane in smooth]
    spreads = [
        np.sqrt(np.maximum(0, _means(plane * plane) - mean * mean))
        for plane, mean in zip(smooth, means, strict=True)
    ]
    spread = np.maximum(*spreads)
    usable = _means((close.valid & ~changed).astype(np.float32)) > 0.999
    usable &= (np.minimum(*means) > _DARK_GREY) & (np.maximum(*means) < _LIGHT_GREY)
    if not usable.any():
        return usable, 0.0
    limit = min(thresholds.EXPOSURE_FLAT_GREY, float(np.quantile(spread[usable], _FLAT_SHARE)))
    return usable & (spread <= limit), limit


def same_colours(canvas: Canvas) -> bool:
    """Whether colours lie as they did, however strong they are; what turned or lost them was edited."""
    step = _COLOUR_STEP_PX
    size = max(1, canvas.valid.shape[1] // step), max(1, canvas.valid.shape[0] // step)
    hues = []
    for one in (canvas.low, canvas.high):
        small = cv2.resize(one, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        hues.append((small - small.mean(axis=2, keepdims=True)).ravel())
    strength = [math.sqrt(float(hue @ hue) / len(hue)) for hue in hues]
    if max(strength) < thresholds.EXPOSURE_COLOUR_GREY:
        return True
    together = float(hues[0] @ hues[1]) / max(1e-6, len(hues[0]) * strength[0] * strength[1])
    return together >= thresholds.EXPOSURE_COLOUR_CORRELATION


def _stretched(correlation: float) -> float:
    """Fisher's transformation, by which strong correlations differ as much as weak ones."""
    return math.atanh(max(-_CORRELATION_MAX, min(_CORRELATION_MAX, correlation)))


def _means(plane: Plane) -> Plane:
    rows, columns = plane.shape[0] // _BLOCK_PX, plane.shape[1] // _BLOCK_PX
    if rows == 0 or columns == 0:
        return np.zeros((rows, columns), np.float32)
    cut = plane[: rows * _BLOCK_PX, : columns * _BLOCK_PX]
    return np.asarray(cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
