"""JPEG XL: its header is read without a decoder, its pixels come upright and in sRGB."""

import io
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from gallery.imaging import metadata
from gallery.imaging.jxl_header import JxlColour, read_jxl_header
from gallery.imaging.pixels import pixels_equal
from gallery.imaging.rgb_profile import Curve, rgb_profile
from gallery.imaging.sniff import Refused
from tests.imaging.files import opened
from tests.pictures import encoded, exif_bytes, gradient, jpeg_bytes, pixels, scene

P3_PRIMARIES = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))


def jxl_bytes(image: np.ndarray, **options: Any) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(image, effort=3, **options))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def container(codestream: bytes, *boxes: bytes) -> bytes:
    return (
        b"\x00\x00\x00\x0cJXL \r\n\x87\n"
        + box(b"ftyp", b"jxl \0\0\0\0jxl ")
        + b"".join(boxes)
        + box(b"jxlc", codestream)
    )


@pytest.mark.parametrize("boxed", [False, True])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_a_lossless_file_gives_its_very_pixels(tmp_path: Path, bands: int, boxed: bool) -> None:
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[bands]
    original = scene(1, (120, 90)).convert(mode)
    content = jxl_bytes(np.asarray(original), lossless=True, usecontainer=boxed)
    picture = opened(tmp_path, content)
    assert (picture.width, picture.height, picture.sniffed.media_type) == (120, 90, "image/jxl")
    assert not picture.damaged and picture.warnings == []
    assert np.array_equal(picture.rgb(120), pixels(original))


@pytest.mark.parametrize("size", [(1, 1), (8, 256), (300, 200), (1600, 900), (1000, 1000), (513, 8193)])
def test_the_header_says_the_size_that_the_decoder_makes(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "picture.jxl"
    path.write_bytes(jxl_bytes(np.zeros((size[1], size[0], 3), np.uint8), lossless=True))
    header = read_jxl_header(path)
    assert (header.width, header.height, header.bands, header.bits) == (*size, 3, 8)


def test_16_bits_of_linear_light_become_srgb(tmp_path: Path) -> None:
    light = np.full((20, 30, 3), (65535, 14000, 0), np.uint16)  # the encoder calls 16 bits linear
    shown = opened(tmp_path, jxl_bytes(light, lossless=True)).rgb(30)[0, 0].astype(int)
    expected = 255 * (1.055 * (14000 / 65535) ** (1 / 2.4) - 0.055)
    assert np.abs(shown - [255, expected, 0]).max() <= 1


def test_12_bits_are_scaled_to_their_own_white(tmp_path: Path) -> None:
    white = np.full((20, 30, 3), 4095, np.uint16)
    assert opened(tmp_path, jxl_bytes(white, lossless=True, bitspersample=12)).rgb(30).min() == 255


def test_floats_become_srgb(tmp_path: Path) -> None:
    light = np.full((64, 64, 3), 0.5, np.float32)
    shown = opened(tmp_path, jxl_bytes(light, lossless=True)).rgb(64)[0, 0].astype(int)
    assert np.abs(shown - 188).max() <= 1


def test_a_recompressed_jpeg_looks_as_the_jpeg_and_tells_what_it_told(tmp_path: Path) -> None:
    original = scene(2, (320, 200))
    jpeg = jpeg_bytes(original, exif=exif_bytes(6))
    expected = opened(tmp_path, jpeg)
    want, told = expected.rgb(320), metadata.compute(expected)
    picture = opened(tmp_path, bytes(imagecodecs.jpegxl_encode_jpeg(jpeg)))
    assert (picture.width, picture.height) == (200, 320)
    assert np.abs(picture.rgb(320).astype(int) - want).max() <= 2
    assert metadata.compute(picture) == told


def test_exif_in_a_box_is_read_and_its_orientation_is_not_done_twice(tmp_path: Path) -> None:
    exif = exif_bytes(6)
    exif = exif.removeprefix(b"Exif\0\0")
    codestream = jxl_bytes(np.asarray(scene(3, (120, 90))), lossless=True)
    packed = box(b"brob", b"Exif" + imagecodecs.brotli_encode(bytes(4) + exif))
    for each in (box(b"Exif", bytes(4) + exif), packed):
        picture = opened(tmp_path, container(codestream, each))
        assert (picture.width, picture.height) == (120, 90)
        assert metadata.compute(picture)["exif"]["Orientation"] == "6"


def test_a_packed_box_that_would_unpack_to_gigabytes_is_left_out(tmp_path: Path) -> None:
    bomb = box(b"brob", b"xml " + imagecodecs.brotli_encode(bytes(64 * 2**20)))
    picture = opened(tmp_path, container(jxl_bytes(np.zeros((9, 9, 3), np.uint8)), bomb))
    assert picture.blob("xmp-data") is None


def test_an_animation_shows_its_first_frame_and_counts_all(tmp_path: Path) -> None:
    frames = np.zeros((5, 40, 30, 3), np.uint8)
    frames[0] = (200, 10, 10)
    picture = opened(tmp_path, jxl_bytes(frames, lossless=True))
    assert picture.frame_count == 5
    assert picture.rgb(40)[0, 0].tolist() == [200, 10, 10]


def test_a_header_beyond_the_limit_is_refused_before_decoding(tmp_path: Path) -> None:
    whole = jxl_bytes(np.zeros((8000, 8000), np.uint8), lossless=True)
    with pytest.raises(Refused, match="the limit is 50 megapixels for a JPEG XL"):
        opened(tmp_path, whole[:40])


def test_a_cut_file_is_damaged_where_something_can_be_shown_and_else_refused(tmp_path: Path) -> None:
    content = jxl_bytes(np.asarray(scene(4, (700, 500))), distance=1.0)
    picture = opened(tmp_path, content[: len(content) * 9 // 10])
    assert picture.damaged
    assert picture.rgb(700).any()
    with pytest.raises(Refused, match="begins like JXL but cannot be decoded"):
        opened(tmp_path, content[: len(content) // 20])


@pytest.mark.parametrize(
    "content",
    [b"\xff\x0a", b"\xff\x0a" + b"\xff" * 60, container(b"")],
    ids=["empty", "rubbish", "no picture"],
)
def test_rubbish_after_the_signature_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Refused, match="cannot be decoded"):
        opened(tmp_path, content)


def test_the_same_pixels_in_png_and_jpeg_xl_are_equal(tmp_path: Path) -> None:
    original = scene(5, (160, 120))
    png, jxl, other = (tmp_path / name for name in ("a.png", "a.jxl", "b.jxl"))
    png.write_bytes(encoded(original, "PNG"))
    jxl.write_bytes(jxl_bytes(np.asarray(original), lossless=True))
    changed = pixels(original).copy()
    changed[7, 7, 1] ^= 1
    other.write_bytes(jxl_bytes(changed, lossless=True))
    assert pixels_equal(png, jxl, opened=lambda *_: None)
    assert not pixels_equal(png, other, opened=lambda *_: None)


def test_animations_are_never_called_equal_by_their_first_frame(tmp_path: Path) -> None:
    for name, second in (("a.jxl", 50), ("b.jxl", 90)):
        frames = np.zeros((2, 40, 30, 3), np.uint8)
        frames[1] = second
        (tmp_path / name).write_bytes(jxl_bytes(frames, lossless=True))
    assert not pixels_equal(tmp_path / "a.jxl", tmp_path / "b.jxl", opened=lambda *_: None)


def test_a_profile_made_from_chromaticities_means_what_they_mean() -> None:
    """Against the published matrix from Display P3 to sRGB: half grey stays half grey."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(rgb_profile(JxlColour().white, P3_PRIMARIES, Curve.srgb())))
    srgb = ImageCms.createProfile("sRGB")
    image = Image.new("RGB", (2, 1))
    image.putpixel((0, 0), (128, 128, 128))
    image.putpixel((1, 0), (180, 120, 100))
    shown = np.asarray(ImageCms.profileToProfile(image, profile, srgb))[0].astype(int)
    assert np.abs(shown[0] - 128).max() <= 1
    linear = np.array([180, 120, 100]) / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    matrix = [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]
    srgb_linear = np.array(matrix) @ linear
    expected = 255 * (1.055 * srgb_linear ** (1 / 2.4) - 0.055)
    assert np.abs(shown[1] - expected).max() <= 1.5


def test_smooth_colours_survive_lossy_coding(tmp_path: Path) -> None:
    original = gradient((320, 200), (200, 40, 30), (20, 60, 210))
    picture = opened(tmp_path, jxl_bytes(np.asarray(original), distance=1.0))
    assert np.abs(picture.rgb(320).astype(int) - pixels(original)).mean() < 3
