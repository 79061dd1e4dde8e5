"""Take the best change of colours out of two aligned pictures, so that only other content is left.

A grey copy, another brightness, a tint or a colour space turns colours into other colours by nearly the same 3 x 4
matrix everywhere. What that matrix cannot explain is other content, or another shot under other light.
"""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

_SAMPLES_MAX = 1500
_SAMPLES_MIN = 16
_ROUNDS = 5
_USABLE_SHARE = 0.05
_KEPT_SHARE = 0.67
_CLIPPED_BELOW, _CLIPPED_ABOVE = 4.0, 251.0
_RIDGE = 10.0


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
        return _mean_difference(_changed(low, forth), high)
    return _mean_difference(_changed(high, back), low)


def _fit(source: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the matrix (4, 3) from source to target colours (n, 3), and the median error that it leaves.

    The worst third is left out again and again, so that an overlay does not pull the fit; so are clipped colours.
    """
    inputs = np.column_stack([source, np.full(len(source), 255.0)])
    known = np.asarray(_unclipped(source).all(axis=1), np.bool_)
    columns = [_fit_channel(inputs, target[:, channel], known) for channel in range(3)]
    matrix = np.column_stack(columns)
    error = np.abs(np.clip(inputs @ matrix, 0, 255) - target).mean(axis=1)
    return matrix, float(np.median(error))


def _fit_channel(
    inputs: NDArray[np.float64], target: NDArray[np.float64], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    usable = known & _unclipped(target)
    if usable.sum() < max(_SAMPLES_MIN, _USABLE_SHARE * len(target)):
        usable = np.ones(len(target), bool)
    inputs, target = inputs[usable], target[usable]
    kept = np.ones(len(target), bool)
    weights: NDArray[np.float64] = np.zeros(4)
    for _ in range(_ROUNDS):
        left = inputs[kept]
        weights = np.asarray(
            np.linalg.solve(left.T @ left + _RIDGE * np.eye(4), left.T @ target[kept]), np.float64
        )
        error = np.abs(inputs @ weights - target)
        kept = error <= np.quantile(error, _KEPT_SHARE)
    return weights


def _unclipped(levels: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((levels > _CLIPPED_BELOW) & (levels < _CLIPPED_ABOVE))


def _changed(picture: Plane, matrix: NDArray[np.float64]) -> Plane:
    colours = matrix.astype(np.float32)
    return np.asarray(np.clip(picture @ colours[:3] + np.float32(255) * colours[3], 0, 255), np.float32)


def _mean_difference(one: Plane, other: Plane) -> tuple[Plane, Plane]:
    difference = one - other
    third = np.full(3, 1 / 3, np.float32)
    return np.asarray(np.abs(difference) @ third, np.float32), np.asarray(difference @ third, np.float32)
