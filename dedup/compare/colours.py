"""Take the best change of colours out of two aligned pictures, so that only other content is left.

A grey copy, another brightness, a tint or a colour space turns colours into other colours by nearly the same 3 x 4
matrix everywhere; turning all hues does so by one that also sees the lightest and the darkest channel. What no such
matrix explains is other content, or another shot under other light.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

_SAMPLES_MAX = 1200
_SAMPLES_MIN = 16
_ROUNDS = 4
_USABLE_SHARE = 0.05
_KEPT_SHARE = 0.67
_CLIPPED_BELOW, _CLIPPED_ABOVE = 4.0, 251.0
# Less than that share of px with a clipped channel is not worth a second look.
_CLIPPED_SHARE_MIN = 0.002
_RIDGE = 10.0
# What a matrix that also sees the lightest and darkest channel must gain (0..255) to be believed: turned hues leave
# 5 and more to the simple one, and next to nothing to this.
_HUES_GAIN = 1.0
_THIRDS = np.full((1, 3), 1 / 3, np.float32)


def difference_after_fit(low: Plane, high: Plane, valid: NDArray[np.bool_]) -> tuple[Plane, Plane]:
    """Return what is left after the best linear change of colours, as two planes (h, w).

    The first is the mean absolute difference of the channels (0..255), the second their mean difference with its sign
    (-255..255). `low` and `high` are (h, w, 3), 0..255; only px where `valid` (h, w) set the fit. A grey copy can be
    made from a coloured picture but not the other way, so both ways are tried.
    """
    places = np.flatnonzero(valid)
    if len(places) < _SAMPLES_MIN:
        return _mean_difference(low, high)
    places = places[:: max(1, len(places) // _SAMPLES_MAX)]
    first = low.reshape(-1, 3)[places].astype(np.float64)
    second = high.reshape(-1, 3)[places].astype(np.float64)
    forth, forth_error = _fit(first, second)
    back, back_error = _fit(second, first)
    if forth_error <= back_error:
        return _both_ways(low, high, forth, back)
    return _both_ways(high, low, back, forth)


def _both_ways(
    source: Plane, target: Plane, forth: NDArray[np.float64], back: NDArray[np.float64]
) -> tuple[Plane, Plane]:
    """Compare by the way that fits better; where its source is clipped, by the other one if that explains more.

    A brighter copy is white where the original still shows something: only from the original is that foreseen.
    """
    left, signed = _mean_difference(_changed(source, forth), target)
    clipped = np.any(~_unclipped(source), axis=2)
    if clipped.mean() < _CLIPPED_SHARE_MIN:
        return left, signed
    other, other_signed = _mean_difference(_changed(target, back), source)
    better = clipped & (other < left)
    return np.where(better, other, left), np.where(better, -other_signed, signed)


def _fit(source: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the matrix (4 or 6, 3) from source to target colours (n, 3), and the median error that it leaves."""
    simple, error = _fit_inputs(_inputs(source, hues=False), source, target)
    if error <= _HUES_GAIN:
        return simple, error
    hues, hues_error = _fit_inputs(_inputs(source, hues=True), source, target)
    return (hues, hues_error) if error - hues_error >= _HUES_GAIN else (simple, error)


def _inputs(colours: NDArray[np.float64], *, hues: bool) -> NDArray[np.float64]:
    columns = [colours, np.full((len(colours), 1), 255.0)]
    if hues:
        columns += [
            colours.max(axis=1, keepdims=True),
            colours.min(axis=1, keepdims=True),
        ]
    return np.hstack(columns)


def _fit_inputs(
    inputs: NDArray[np.float64],
    source: NDArray[np.float64],
    target: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """The worst third is left out again and again, so that an overlay does not pull the fit; so are clipped colours."""
    usable = np.all(_unclipped(source), axis=1, keepdims=True) & _unclipped(target)
    usable[:, usable.sum(axis=0) < max(_SAMPLES_MIN, _USABLE_SHARE * len(target))] = True
    kept = np.ones((len(target), 1), bool)
    last = int(_KEPT_SHARE * (len(target) - 1))
    ridge = _RIDGE * np.eye(inputs.shape[1])
    matrix: NDArray[np.float64] = np.zeros((inputs.shape[1], 3))
    error: NDArray[np.float64] = np.zeros(len(target))
    for _ in range(_ROUNDS):
        weighted = inputs.T[None] * (usable & kept).T[:, None]
        right_side = weighted @ target.T[:, :, None]
        matrix = np.asarray(np.linalg.solve(weighted @ inputs + ridge, right_side)[:, :, 0].T, np.float64)
        error = np.abs(np.clip(inputs @ matrix, 0, 255) - target).mean(axis=1)
        kept = (error <= np.partition(error, last)[last])[:, None]
    return matrix, float(np.median(error))


def _unclipped(levels: NDArray[np.floating]) -> NDArray[np.bool_]:
    return np.asarray((levels > _CLIPPED_BELOW) & (levels < _CLIPPED_ABOVE))


def _changed(picture: Plane, matrix: NDArray[np.float64]) -> Plane:
    weights = matrix.astype(np.float32)
    shift = 255 * weights[3:4]
    changed = cv2.transform(picture, np.hstack([weights[:3].T, shift.T]))
    if len(weights) > 4:
        red, green, blue = cv2.split(picture)
        extremes = [
            cv2.max(cv2.max(red, green), blue),
            cv2.min(cv2.min(red, green), blue),
        ]
        changed = changed + cv2.transform(cv2.merge(extremes), np.ascontiguousarray(weights[4:].T))
    return np.asarray(np.clip(changed, 0, 255), np.float32)


def _mean_difference(one: Plane, other: Plane) -> tuple[Plane, Plane]:
    apart = cv2.absdiff(one, other)
    return np.asarray(cv2.transform(apart, _THIRDS)), np.asarray(cv2.transform(one - other, _THIRDS))
