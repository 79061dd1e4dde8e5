"""Colour profiles as curves and a matrix: the same colours as the colour engine gives."""

import struct
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from gallery.imaging.decode import open_picture
from gallery.imaging.profiles import matrix_profile
from tests.pictures import jpeg_bytes, scene

# Primaries under the white D50, as Display P3's and Adobe RGB's own profiles give them (ICC registry).
WIDE = {
    "Display P3": ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841), 2.4),
    "Adobe RGB": ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446), 2.2),
}


def wide_profile(name: str) -> bytes:
    """An RGB profile with other primaries and a plain power as its curve, made from sRGB's."""
    *primaries, gamma = WIDE[name]
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for i in range(profile[131]):
        tag, offset, _ = struct.unpack(">4sII", profile[132 + 12 * i : 144 + 12 * i])
        if tag in (b"rXYZ", b"gXYZ", b"bXYZ"):
            numbers = [round(value * 65536) for value in primaries["rgb".index(chr(tag[0]))]]
            profile[offset + 8 : offset + 20] = struct.pack(">3i", *numbers)
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            profile[offset : offset + 16] = struct.pack(">4sIHHi", b"para", 0, 0, 0, round(gamma * 65536))
    return bytes(profile)


def by_engine(rgb: np.ndarray, profile: bytes) -> np.ndarray:
    """littlecms' answer at 16 bits, on the scale of 8."""
    image = pyvips.Image.new_from_array(rgb).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    converted: np.ndarray = image.icc_transform("srgb", embedded=True, depth=16).numpy() / 257
    return converted


@pytest.mark.parametrize("name", WIDE)
def test_every_colour_is_what_the_engine_says(name: str) -> None:
    profile = wide_profile(name)
    found = matrix_profile(profile)
    assert found is not None
    colours = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    off = np.abs(found.to_srgb(colours) - by_engine(colours, profile))
    assert off.max() < 2.5  # near black, where a step of light is several levels
    assert np.percentile(off, 99) < 1


def test_a_wide_gamut_photo_is_shown_with_its_true_colours(tmp_path: Path) -> None:
    profile = wide_profile("Display P3")
    path = tmp_path / "wide.jpg"
    path.write_bytes(jpeg_bytes(Image.new("RGB", (64, 64), (200, 100, 60)), icc_profile=profile, quality=100))
    expected = by_engine(np.array([[[200, 100, 60]]], np.uint8), profile)[0, 0]
    shown = open_picture(path).rgb(64)[32, 32]
    assert np.abs(shown - expected).max() <= 2
    assert shown[0] > 205  # red of Display P3 is redder than that of sRGB


def test_a_profile_made_of_a_table_is_left_to_the_engine() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    with pytest.raises(pyvips.Error):
        matrix_profile(lab)


def test_shape_and_order_are_kept() -> None:
    found = matrix_profile(wide_profile("Adobe RGB"))
    assert found is not None
    picture = np.asarray(scene(1, (123, 77)))
    whole = found.to_srgb(picture)
    assert whole.shape == (77, 123, 3)
    assert np.array_equal(whole[40:60], found.to_srgb(picture[40:60]))
