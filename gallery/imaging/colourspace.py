"""Any colour space, depth and profile to 8-bit sRGB."""

from functools import lru_cache
from typing import Literal

import numpy as np
import pyvips

# A profile that moves no colour of a 9 x 9 x 9 lattice by more than this (of 255) is sRGB under one of its
# many names: converting would cost time and change nothing that can be seen.
_SRGB_TOLERANCE = 2
# How many bands are colours. One more is alpha; with more than that, none is known to be alpha.
_COLOUR_BANDS = {"srgb": 3, "rgb": 3, "rgb16": 3, "b-w": 1, "grey16": 1, "cmyk": 4}
_RGB_SPACES = ("srgb", "rgb", "rgb16")
# Interpretations that libvips converts from floating point with their true meaning.
_MEASURED_SPACES = ("scrgb", "lab", "lch", "xyz", "yxy", "cmc", "labs", "labq", "oklab", "oklch", "hsv")


def wide_profile(image: pyvips.Image) -> bytes | None:
    """Return the colour profile of `image`, or None where it has none or one that means sRGB."""
    if not image.get_typeof("icc-profile-data"):
        return None
    profile = bytes(image.get("icc-profile-data"))
    return None if image.interpretation in _RGB_SPACES and _is_srgb(profile) else profile


def to_srgb(image: pyvips.Image, *, depth_bits: Literal[8, 16] = 8) -> pyvips.Image:
    """Return `image` in sRGB, of 3 bands, or 4 where it has alpha, by its colour profile if it has one.

    Raises pyvips.Error where the profile cannot be used.
    """
    if wide_profile(image) is None:
        return to_srgb_without_profile(image, depth_bits=depth_bits)
    return _regular(image).icc_transform("srgb", embedded=True, depth=depth_bits)


def to_srgb_without_profile(image: pyvips.Image, *, depth_bits: Literal[8, 16] = 8) -> pyvips.Image:
    """Return `image` in sRGB, passing over whatever colour profile it carries."""
    image = _regular(image)
    if image.interpretation == "cmyk":
        # libvips has a profile of its own for CMYK without one.
        return image.icc_transform("srgb", embedded=False, input_profile="cmyk", depth=depth_bits)
    space, kind = ("srgb", "uchar") if depth_bits == 8 else ("rgb16", "ushort")
    if image.interpretation != space:
        image = image.colourspace(space)
    return image.cast(kind) if image.format != kind else image


def _regular(image: pyvips.Image) -> pyvips.Image:
    """`image` in a format and with a number of bands that have a meaning as a picture.

    Scientific TIFFs hold floats, 32-bit integers, or two and five bands. Floats without a measured colour
    space are stretched to their own range, as viewers do.
    """
    if image.format not in ("uchar", "ushort") and image.interpretation not in _MEASURED_SPACES:
        image = image.extract_band(0, n=3 if image.bands >= 3 else 1)
        return image.scaleimage().copy(interpretation="srgb" if image.bands >= 3 else "b-w")
    if image.interpretation in ("multiband", "matrix", "histogram", "fourier"):
        colour = image.extract_band(0, n=3 if image.bands >= 3 else 1)
        names = ("rgb16", "grey16") if image.format == "ushort" else ("srgb", "b-w")
        return colour.copy(interpretation=names[0] if colour.bands == 3 else names[1])
    colours = _COLOUR_BANDS.get(image.interpretation, image.bands)
    return image if image.bands <= colours + 1 else image.extract_band(0, n=colours)


@lru_cache(maxsize=64)
def _is_srgb(profile: bytes) -> bool:
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    image = pyvips.Image.new_from_array(lattice).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        converted = image.icc_transform("srgb", embedded=True, depth=8).numpy()
    except pyvips.Error:
        return False
    return int(np.abs(converted.astype(int) - lattice.astype(int)).max()) <= _SRGB_TOLERANCE
