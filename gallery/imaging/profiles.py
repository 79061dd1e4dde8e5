"""Wide-gamut RGB to sRGB by three curves and a matrix, in half the time that a colour engine takes.

Cameras and phones write profiles of this kind (Display P3, Adobe RGB). What a profile means is asked of the engine
(littlecms, through libvips), so nothing of the format of profiles is known here, and a profile that is of another
kind is left to the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

# Of 255: how far the curves and the matrix may be from what the engine says, at any colour of a lattice.
_TOLERANCE = 2.0
_LATTICE_STEPS = 9
_PLACES = 65_536
# Steps of linear light from black to white. Near black, where sRGB is steepest, one is a fifth of a level.
_LINEAR_STEPS = 16_000
# The places hold colours this far outside of sRGB, more than any camera writes.
_WIDEST = 4.0
# Rows for which everything stays in the processor's cache.
_ROWS_AT_ONCE = 32

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class MatrixProfile:
    """How a profile's colours become sRGB.

    curves: 1 x 256 x 3, linear light of each channel's values, 0 to 1. to_steps: 3 x 4, from these to places in
    `levels` of linear sRGB. levels: the value of sRGB, 0 to 255, at each of 65,536 places; colours outside of sRGB are
    clipped.
    """

    curves: FloatArray
    to_steps: FloatArray
    levels: NDArray[np.uint8]

    def to_srgb(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture of height x width x 3 in sRGB."""
        result = np.empty_like(rgb)
        for top in range(0, len(rgb), _ROWS_AT_ONCE):
            rows = slice(top, top + _ROWS_AT_ONCE)
            steps = cv2.transform(cv2.LUT(rgb[rows], self.curves), self.to_steps)
            result[rows] = cv2.LUT(steps.astype(np.uint16), self.levels)
        return result


@lru_cache(maxsize=64)
def matrix_profile(profile: bytes) -> MatrixProfile | None:
    """Return what an ICC profile for RGB means as curves and a matrix, None where it is of another kind.

    Raises pyvips.Error where the profile cannot be read.
    """
    light = _light_of_channels(profile)
    white = light[:, 255].sum(axis=0)
    if not (np.isfinite(light).all() and (white > 0).all()):
        return None
    strength = light.sum(axis=2)
    if not (strength[:, 255] > 0).all():
        return None
    curves = (strength / strength[:, 255:]).T[None]
    to_srgb = np.linalg.inv(_srgb_primaries()) @ light[:, 255].T
    if np.abs(to_srgb).sum(axis=1).max() > _WIDEST:
        return None
    found = _with_levels(np.ascontiguousarray(curves, np.float32), to_srgb)
    lattice = _lattice()
    off = np.abs(found.to_srgb(lattice) - _as_engine_says(lattice, profile)).max()
    return found if off <= _TOLERANCE else None


def _with_levels(curves: FloatArray, to_srgb: NDArray[np.float64]) -> MatrixProfile:
    """The matrix scaled to places in a table that begins at its lowest outcome."""
    lowest = np.minimum(to_srgb, 0).sum(axis=1).min()
    linear = np.arange(_PLACES) / _LINEAR_STEPS + lowest
    clipped = np.clip(linear, 0, 1)
    # IEC 61966-2-1, the curve of sRGB.
    encoded = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    to_steps = np.hstack([to_srgb * _LINEAR_STEPS, np.full((3, 1), 0.5 - lowest * _LINEAR_STEPS)])
    return MatrixProfile(curves, to_steps.astype(np.float32), np.rint(encoded * 255).astype(np.uint8))


def _light_of_channels(profile: bytes) -> NDArray[np.float64]:
    """channel x value x XYZ: what each of its 256 values adds to the light of the other two channels at full.

    Light that is added is asked for, since the engine cuts off the negative Z that pure red has in wide gamuts.
    """
    ramps = np.full((3, 256, 3), 255, np.uint8)
    for channel in range(3):
        ramps[channel, :, channel] = np.arange(256)
    image = _with_profile(ramps, profile).icc_import(embedded=True, pcs="xyz")
    light: NDArray[np.float64] = image.numpy().astype(np.float64)
    return light - light[:, :1]


@lru_cache(maxsize=1)
def _srgb_primaries() -> NDArray[np.float64]:
    """XYZ (rows) of red, green and blue of sRGB (columns), in the engine's own terms."""
    primaries = pyvips.Image.new_from_array(np.diag([255, 255, 255]).astype(np.uint8)[None])
    light = primaries.copy(interpretation="srgb").icc_import(input_profile="srgb", pcs="xyz").numpy()
    columns: NDArray[np.float64] = light[0].T.astype(np.float64)
    return columns


def _as_engine_says(rgb: NDArray[np.uint8], profile: bytes) -> NDArray[np.float64]:
    """Asked at 16 bits: at 8, the engine itself is off by up to four levels near black."""
    converted = _with_profile(rgb, profile).icc_transform("srgb", embedded=True, depth=16).numpy()
    return np.asarray(converted, np.float64) / 257


def _with_profile(rgb: NDArray[np.uint8], profile: bytes) -> pyvips.Image:
    image = pyvips.Image.new_from_array(rgb).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image


def _lattice() -> NDArray[np.uint8]:
    steps = np.linspace(0, 255, _LATTICE_STEPS).astype(np.uint8)
    return np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(_LATTICE_STEPS, -1, 3)
