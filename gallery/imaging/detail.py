"""How much of a picture its detail fills: an enlarged picture has more pixels than detail.

Along rows and columns the power of a sharp picture falls slowly up to the finest frequency. Enlarging leaves little
above the finest frequency of the source (Gallagher, Detection of linear and cubic interpolation in JPEG compressed
images, 2005, uses the period that it leaves in the second derivative as well), and repeating pixels leaves steps of
nothing between equal ones.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

# Rows and columns that are looked at, evenly spread: of more, the answer does not get better.
LINES = 24
# Below it, a line has too few frequencies.
SIDE_PX_MIN = 128
# Lines are cut to a multiple of it, which is quick to transform, and to their middle: more tells no more.
LENGTH_STEP_PX = 32
LENGTH_PX_MAX = 512
BINS = 48
# Power (dB of grey levels squared) below which a picture is too smooth to tell.
TEXTURE_DB_MIN = 8.0
# By how many dB the power below a share of the frequencies exceeds that above it in photos that nobody enlarged: up to
# so much in 98.5 of 100 of 250 that were saved at qualities 60 to 95 or made smaller, more for the least shares.
SHARES = np.array([0.25, 0.29, 0.333, 0.4, 0.45, 0.5, 0.55, 0.6, 0.667, 0.72, 0.77])
USUAL_DROP_DB = np.array([3.4, 3.6, 3.8, 4.0, 4.3, 5.5, 6.6, 7.0, 7.6, 7.6, 7.6])
# How far beyond, with PERIOD_WEIGHT dB for each unit by which a period stands out (natural logarithm of its height over
# the median) more than PERIOD_MIN: none of 250 other photos is.
DROP_BEYOND_DB = 0.7
PERIOD_WEIGHT_DB = 2.0
PERIOD_MIN = 2.0
# Frequencies of JPEG's blocks, by which no enlargement is told, and how near counts as the same (cycles per px).
BLOCK_FREQUENCIES = np.arange(5) / 8
SAME_FREQUENCY = 0.012
LOWEST_FREQUENCY = 0.06
# Steps that are this much smaller than the largest around them lie between repeated pixels; the share of them from
# which pixels were repeated, in each of so many parts of a line: in screenshots there are as many, but not everywhere.
REPEATED_STEP_SHARE = 0.3
REPEATED_SHARE_MIN = 0.15
REPEATED_REACH_PX = 4
REPEATED_PARTS = 6
# Grey levels by which the largest step around has to change.
STEP_GREY_MIN = 2.0

BIN_PLACES = (np.arange(BINS) + 0.5) / BINS


@dataclass(frozen=True)
class _Axis:
    """What the lines of one direction show: power (dB) by frequency, the strongest period and its frequency (cycles
    per px), and the share of steps between repeated pixels."""

    power_db: NDArray[np.float64]
    period: float
    frequency: float
    repeated_share: float


def filled_share(rgb: NDArray[np.uint8]) -> float | None:
    """Return the share (0..1) of the long side of `rgb`, height x width x 3, that its detail fills; 1 where nothing
    speaks against it, None where the picture is too small or too smooth to tell."""
    if min(rgb.shape[:2]) < SIDE_PX_MIN:
        return None
    axes = [_look_along(_lines(rgb)), _look_along(_lines(rgb.transpose(1, 0, 2)))]
    power = (axes[0].power_db + axes[1].power_db) / 2
    if power[: BINS // 3].mean() < TEXTURE_DB_MIN:
        return None
    repeated = min(axis.repeated_share for axis in axes)
    if repeated >= REPEATED_SHARE_MIN:
        return 1 - repeated
    return _share_by_drop(power, _common_period(*axes))


def _share_by_drop(power_db: NDArray[np.float64], period: float) -> float:
    beyond = np.array([_drop(power_db, share) for share in SHARES]) - USUAL_DROP_DB
    most = float(beyond.max())
    if most + PERIOD_WEIGHT_DB * max(0.0, period - PERIOD_MIN) <= DROP_BEYOND_DB:
        return 1.0
    # Power goes on falling above the finest frequency of the source, so the first fall is where that lies.
    return float(SHARES[(beyond >= min(most, DROP_BEYOND_DB)).argmax()])


def _drop(power_db: NDArray[np.float64], share: float) -> float:
    """By how many dB the power just below this share of the frequencies exceeds that just above."""
    below, above = _between(0.6 * share, 0.9 * share), _between(1.1 * share, 1.5 * share)
    return float(power_db[below].mean() - power_db[above].mean())


def _between(low: float, high: float) -> NDArray[np.bool_]:
    """The bins between two shares of the frequencies."""
    return np.asarray((low < BIN_PLACES) & (high > BIN_PLACES), np.bool_)


def _lines(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """LINES rows, evenly spread, as grey levels, cut to a quick length."""
    rows = np.linspace(0, len(rgb) - 1, LINES).astype(int)
    length = min(rgb.shape[1] // LENGTH_STEP_PX * LENGTH_STEP_PX, LENGTH_PX_MAX)
    start = (rgb.shape[1] - length) // 2
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[rows, start : start + length]), cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.float32)


def _look_along(lines: NDArray[np.float32]) -> _Axis:
    steps = np.diff(lines, axis=1)
    period, frequency = _strongest_period(np.abs(np.diff(steps, axis=1)).mean(axis=0))
    return _Axis(_power_db(steps), period, frequency, _repeated_share(np.abs(steps).mean(axis=0)))


@lru_cache(maxsize=64)
def _window(length: int) -> NDArray[np.float32]:
    return np.hanning(length).astype(np.float32)


def _power_db(steps: NDArray[np.float32]) -> NDArray[np.float64]:
    """Power by frequency in BINS, of differences, which evens out the fall that every picture has."""
    window = _window(steps.shape[1])
    spectrum = rfft(steps * window, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=0) / (window**2).sum()
    edges = np.linspace(1, len(power), BINS + 1).astype(int)
    sums = np.add.reduceat(power, edges[:-1]) / np.maximum(1, np.diff(edges))
    return np.asarray(10 * np.log10(sums + 1e-3), np.float64)


def _strongest_period(bends: NDArray[np.float32]) -> tuple[float, float]:
    """How much the strongest period of the bends along a line stands out, and its frequency in cycles per px."""
    even = bends - np.convolve(bends, np.ones(9) / 9, "same")
    heights = np.abs(rfft(even * _window(len(even))))
    frequencies = np.arange(len(heights)) / len(even)
    near = np.abs(frequencies[:, None] - BLOCK_FREQUENCIES).min(axis=1)
    usable = (frequencies > LOWEST_FREQUENCY) & (near > max(SAME_FREQUENCY, 2.5 / len(even)))
    place = int(np.where(usable, heights, 0).argmax())
    usual = float(np.median(heights[frequencies > LOWEST_FREQUENCY]))
    return float(np.log(max(heights[place], 1e-6) / max(usual, 1e-6))), float(frequencies[place])


def _common_period(one: _Axis, other: _Axis) -> float:
    """How much a period stands out in both directions."""
    if abs(one.frequency - other.frequency) >= SAME_FREQUENCY:
        return 0.0
    return min(one.period, other.period)


def _repeated_share(steps: NDArray[np.float32]) -> float:
    """The share of the steps that are next to nothing beside the largest one around, where it is least."""
    reach = np.ones((1, 2 * REPEATED_REACH_PX + 1), np.uint8)
    largest = cv2.dilate(steps.reshape(1, -1), reach).ravel()
    small = (steps < REPEATED_STEP_SHARE * largest) & (largest >= STEP_GREY_MIN)
    return float(min(part.mean() for part in np.array_split(small, REPEATED_PARTS)))
