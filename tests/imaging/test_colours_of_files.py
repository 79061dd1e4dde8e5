"""Colours of files with profiles, inks and depths come out as a colour engine of its own (littlecms in Pillow) says."""

import io
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from gallery.imaging.rgb_profile import Curve, Point, rgb_profile
from tests.imaging.files import opened
from tests.pictures import encoded, jpeg_bytes, scene

D65 = (0.3127, 0.3290)
DISPLAY_P3 = (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), Curve.srgb())
ADOBE_RGB = (((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), Curve(gamma=563 / 256))
# Rounding in both engines, and tables where one uses formulas.
CLOSE = 2


def lattice() -> Image.Image:
    """729 colours from all over the cube, four pixels each."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    return Image.fromarray(colours.repeat(2, axis=0).repeat(2, axis=1))


def as_engine_says(image: Image.Image, profile: bytes, intent: ImageCms.Intent) -> np.ndarray:
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=intent,
        outputMode="RGB",
    )
    return np.asarray(converted).astype(int)


@pytest.mark.parametrize("space", [DISPLAY_P3, ADOBE_RGB], ids=["Display P3", "Adobe RGB"])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_wide_gamuts_become_srgb(
    tmp_path: Path, space: tuple[tuple[Point, ...], Curve], file_format: str
) -> None:
    profile = rgb_profile(D65, *space)
    options = {"lossless": True} if file_format == "WEBP" else {}
    picture = opened(tmp_path, encoded(lattice(), file_format, icc_profile=profile, **options))
    expected = as_engine_says(lattice(), profile, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    assert picture.warnings == []
    assert np.abs(picture.rgb(54).astype(int) - expected).max() <= CLOSE
    assert np.abs(expected - np.asarray(lattice())).max() > 20  # the profile does something


def test_a_wide_gamut_of_16_bits_becomes_srgb(tmp_path: Path) -> None:
    profile = rgb_profile(D65, *DISPLAY_P3)
    deep = pyvips.Image.new_from_array(np.asarray(lattice()).astype(np.uint16) * 257)
    deep = deep.copy(interpretation="rgb16")
    deep.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    expected = as_engine_says(lattice(), profile, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    shown = opened(tmp_path, bytes(deep.pngsave_buffer(keep="icc"))).rgb(54).astype(int)
    assert np.abs(shown - expected).max() <= CLOSE


def inks() -> Image.Image:
    return scene(3, (120, 90)).convert("CMYK")


def test_inks_with_a_profile_become_srgb_by_it(tmp_path: Path) -> None:
    profile = bytes(pyvips.Operation.call("profile_load", "cmyk"))  # libvips brings one
    expected = as_engine_says(inks(), profile, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    shown = opened(tmp_path, encoded(inks(), "TIFF", icc_profile=profile)).rgb(120).astype(int)
    assert np.abs(shown - expected).mean() < 3


def test_inks_that_a_jpeg_stores_upside_down_are_not_shown_as_their_negative(tmp_path: Path) -> None:
    """Adobe's CMYK JPEGs keep 255 for no ink and say so in a marker, as Pillow's do."""
    jpeg = encoded(inks(), "JPEG", quality=95)
    assert b"Adobe" in jpeg
    straight = opened(tmp_path, encoded(inks(), "TIFF")).rgb(120).astype(int)
    shown = opened(tmp_path, jpeg).rgb(120).astype(int)
    assert np.abs(shown - straight).mean() < 4


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_grey_and_alpha_at_both_depths_look_as_they_are(tmp_path: Path, bits: int, bands: int) -> None:
    wanted = np.asarray(scene(4, (60, 40)).convert({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[bands])).copy()
    wanted = wanted.reshape(40, 60, bands)
    if bands in (2, 4):
        wanted[:, :30, -1] = 0
    deep = wanted.astype(np.uint16) * 257 if bits == 16 else wanted
    names = {8: ("b-w", "srgb"), 16: ("grey16", "rgb16")}[bits]
    image = pyvips.Image.new_from_array(deep).copy(interpretation=names[bands > 2])
    picture = opened(tmp_path, bytes(image.pngsave_buffer()))
    assert picture.has_alpha == (bands in (2, 4))
    shown = picture.rgb(60).astype(int)
    colours = wanted[:, :, :1] if bands <= 2 else wanted[:, :, :3]
    assert np.abs(shown[:, 30:] - colours[:, 30:]).max() <= 1
    if picture.has_alpha:
        assert shown[:, :30].min() == 255


def test_a_jpeg_with_a_gain_map_is_read_as_the_jpeg_that_it_begins_with(tmp_path: Path) -> None:
    """UltraHDR: a second JPEG of brightness behind the first, and XMP that tells of it."""
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    base = scene(5, (400, 300))
    content = jpeg_bytes(base, xmp=xmp) + jpeg_bytes(scene(6, (200, 150)).convert("L"))
    picture = opened(tmp_path, content)
    assert (picture.width, picture.height, picture.damaged) == (400, 300, False)
    assert np.array_equal(picture.rgb(400), opened(tmp_path, jpeg_bytes(base)).rgb(400))


@pytest.mark.parametrize("order", ["big-endian", "BigTIFF", "planes", "tiles", "one tile"])
def test_every_layout_of_a_tiff_gives_the_same_picture(tmp_path: Path, order: str) -> None:
    image = scene(7, (300, 200))
    pixels = pyvips.Image.new_from_array(np.asarray(image)).copy(interpretation="srgb")
    content = {
        "big-endian": lambda: big_endian_tiff(np.asarray(image), planar=False),
        "planes": lambda: big_endian_tiff(np.asarray(image), planar=True),
        "BigTIFF": lambda: bytes(pixels.tiffsave_buffer(bigtiff=True)),
        "tiles": lambda: bytes(pixels.tiffsave_buffer(tile=True, tile_width=64, tile_height=64)),
        "one tile": lambda: bytes(pixels.tiffsave_buffer(tile=True, tile_width=512, tile_height=512)),
    }[order]()
    picture = opened(tmp_path, content)
    assert not picture.damaged
    assert np.array_equal(picture.rgb(300), np.asarray(image))


def big_endian_tiff(pixels: np.ndarray, *, planar: bool) -> bytes:
    height, width, bands = pixels.shape
    planes = [pixels[:, :, band].tobytes() for band in range(bands)] if planar else [pixels.tobytes()]
    lengths = [len(plane) for plane in planes]
    offsets = [8 + sum(lengths[:at]) for at in range(len(planes))]
    body = b"".join(planes)
    lists_at = 8 + len(body)

    def numbers(*values: int, size: int) -> bytes:
        return b"".join(value.to_bytes(size, "big") for value in values)

    lists = numbers(8, 8, 8, size=2) + bytes(2) + numbers(*offsets, size=4) + numbers(*lengths, size=4)
    at = lists_at + len(lists)
    where = (lists_at + 8, lists_at + 8 + 4 * len(planes)) if planar else (offsets[0], lengths[0])
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, lists_at), (259, 3, 1, 1 << 16), (262, 3, 1, 2 << 16),
        (273, 4, len(planes), where[0]), (277, 3, 1, 3 << 16), (278, 4, 1, height),
        (279, 4, len(planes), where[1]), (284, 3, 1, (2 if planar else 1) << 16),
    ]  # fmt: skip
    table = b"".join(
        numbers(tag, kind, size=2) + numbers(count, value, size=4) for tag, kind, count, value in entries
    )
    return b"MM\0*" + numbers(at, size=4) + body + lists + numbers(len(entries), size=2) + table + bytes(4)
