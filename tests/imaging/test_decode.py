"""One decode: upright, sRGB, within limits, first strict and then lenient."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from gallery.imaging.decode import open_picture
from gallery.imaging.loaders import STREAMED_LIMIT_MEGAPIXELS, WHOLE_LIMIT_MEGAPIXELS
from gallery.imaging.sniff import Refused, UnsupportedFile
from tests.imaging.files import mean_difference, opened
from tests.pictures import (
    Colour,
    encoded,
    exif_bytes,
    flat,
    gif_bytes,
    gradient,
    jpeg_bytes,
    pixels,
    png_bytes,
    scene,
    sticker,
)

# Twice the steps of rounding of a JPEG of quality 95 in smooth parts.
CLOSE = 6


def png_header_of(width: int, height: int, *, interlaced: bool = False) -> bytes:
    """A PNG that claims a size, with two bytes of pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(2)))
        + chunk(b"IEND", b"")
    )


def jpeg_that_claims(width: int, height: int, *, progressive: bool = False) -> bytes:
    content = bytearray(jpeg_bytes(scene(1, (64, 48)), progressive=progressive))
    frame = content.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF"])
def test_every_format_gives_the_same_picture(tmp_path: Path, file_format: str) -> None:
    original = gradient((320, 200), (200, 40, 30), (20, 60, 210))
    picture = opened(tmp_path, encoded(original, file_format))
    assert (picture.width, picture.height) == (320, 200)
    assert not picture.damaged
    assert mean_difference(picture.rgb(320), pixels(original)) < CLOSE


def test_the_base_is_1440_px_and_smaller_ones_are_exact(tmp_path: Path) -> None:
    picture = opened(tmp_path, jpeg_bytes(scene(2, (3000, 2000))))
    assert (picture.width, picture.height) == (3000, 2000)
    assert picture.rgb(1440).shape == (960, 1440, 3)
    assert picture.rgb(720).shape == (480, 720, 3)
    assert picture.rgb(64).shape == (43, 64, 3)


def test_a_small_picture_is_never_enlarged(tmp_path: Path) -> None:
    assert opened(tmp_path, png_bytes(scene(1, (50, 40)))).rgb(1440).shape == (40, 50, 3)


def test_a_size_is_the_same_whatever_was_asked_for_before(tmp_path: Path) -> None:
    content = jpeg_bytes(scene(3, (1600, 1200)))
    direct = opened(tmp_path, content).rgb(96)
    picture = opened(tmp_path, content)
    for size in (1440, 500, 720, 200, 320):
        picture.rgb(size)
    assert np.array_equal(picture.rgb(96), direct)


def test_a_line_one_pixel_high_survives_shrinking(tmp_path: Path) -> None:
    assert opened(tmp_path, png_bytes(flat((20000, 1), (9, 9, 9)))).rgb(320).shape == (1, 320, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_exif_orientation_is_turned_upright(tmp_path: Path, orientation: int) -> None:
    upright = scene(4, (240, 160))
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if undo is None else upright.transpose(undo)
    picture = opened(tmp_path, png_bytes(stored, exif=exif_bytes(orientation)))
    assert (picture.width, picture.height, picture.orientation) == (240, 160, orientation)
    assert np.array_equal(picture.rgb(240), pixels(upright))


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_upright(tmp_path: Path, orientation: int) -> None:
    picture = opened(tmp_path, jpeg_bytes(scene(4, (240, 160)), exif=exif_bytes(orientation)))
    assert (picture.width, picture.height, picture.orientation) == (240, 160, 1)


def test_cmyk_becomes_rgb_of_the_same_look(tmp_path: Path) -> None:
    picture = opened(tmp_path, encoded(flat((80, 60), (250, 250, 250)).convert("CMYK"), "JPEG", quality=95))
    assert picture.rgb(80).min() > 235


def test_16_bits_are_scaled_and_not_cut(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    image = Image.fromarray(np.broadcast_to(ramp, (32, 256)).copy())
    grey = opened(tmp_path, encoded(image, "PNG")).rgb(256)[0, :, 0]
    assert np.abs(grey.astype(int) - np.arange(256)).max() <= 1


def test_grey_and_palette_pictures_become_rgb(tmp_path: Path) -> None:
    original = scene(5, (120, 90))
    for mode in ("L", "P", "1"):
        assert opened(tmp_path, png_bytes(original.convert(mode))).rgb(120).shape == (90, 120, 3)


def test_a_float_tiff_is_stretched_to_what_can_be_seen(tmp_path: Path) -> None:
    values = np.linspace(-3, 7, 120 * 90, dtype=np.float32).reshape(90, 120)
    shown = opened(tmp_path, encoded(Image.fromarray(values), "TIFF")).rgb(120)
    assert (int(shown.min()), int(shown.max())) == (0, 255)


@pytest.mark.parametrize("bands", [2, 5, 40])
@pytest.mark.parametrize("space", ["srgb", "b-w", "multiband"])
def test_bands_beyond_colour_and_alpha_are_left_out(tmp_path: Path, bands: int, space: str) -> None:
    image = (pyvips.Image.black(40, 30, bands=bands) + 90).cast("uchar").copy(interpretation=space)
    assert opened(tmp_path, bytes(image.tiffsave_buffer())).rgb(40).shape == (30, 40, 3)


def test_transparent_parts_are_laid_over_white_and_kept_for_previews(tmp_path: Path) -> None:
    picture = opened(tmp_path, png_bytes(sticker(1)))
    assert picture.has_alpha
    assert picture.rgb(200)[0, 0].tolist() == [255, 255, 255]
    assert picture.with_alpha_at(100).shape[2] == 4


def test_colours_under_transparent_pixels_do_not_bleed(tmp_path: Path) -> None:
    stripes = np.zeros((64, 64, 4), np.uint8)
    stripes[:, ::2] = (255, 0, 0, 255)  # red, opaque
    stripes[:, 1::2] = (0, 255, 0, 0)  # green, unseen
    shown = opened(tmp_path, png_bytes(Image.fromarray(stripes))).rgb(16)
    assert (shown[:, :, 0] == 255).all()  # red over white is red everywhere, and nothing green was mixed in
    assert np.array_equal(shown[:, :, 1], shown[:, :, 2])


def test_alpha_that_hides_nothing_is_dropped(tmp_path: Path) -> None:
    picture = opened(tmp_path, png_bytes(scene(1, (64, 48)).convert("RGBA")))
    assert not picture.has_alpha
    assert picture.with_alpha_at(64).shape[2] == 3


def colour_swapping_profile() -> bytes:
    """An sRGB profile whose red and green primaries have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = {bytes(profile[128 + 4 + 12 * i :][:4]): 128 + 4 + 12 * i + 4 for i in range(profile[131])}
    red, green = at[b"rXYZ"], at[b"gXYZ"]
    profile[red : red + 8], profile[green : green + 8] = profile[green : green + 8], profile[red : red + 8]
    return bytes(profile)


def test_a_colour_profile_is_applied(tmp_path: Path) -> None:
    red: Colour = (230, 20, 20)
    content = png_bytes(flat((32, 32), red), icc_profile=colour_swapping_profile())
    shown = opened(tmp_path, content).rgb(32)[0, 0].astype(int)
    assert np.abs(shown - [20, 230, 20]).max() < CLOSE


def test_an_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    original = scene(6, (160, 120))
    assert np.array_equal(opened(tmp_path, png_bytes(original, icc_profile=srgb)).rgb(160), pixels(original))


def test_a_profile_of_rubbish_is_a_warning(tmp_path: Path) -> None:
    picture = opened(tmp_path, jpeg_bytes(scene(6, (160, 120)), icc_profile=b"rubbish" * 40))
    assert not picture.damaged
    assert any("profile" in warning for warning in picture.warnings)


@pytest.mark.parametrize("size", [(160, 120), (3000, 2000)])
def test_a_cut_jpeg_is_damaged_and_shows_what_is_there(tmp_path: Path, size: tuple[int, int]) -> None:
    original = scene(7, size)
    content = jpeg_bytes(original, quality=95)
    picture = opened(tmp_path, content[: len(content) // 2])
    assert picture.damaged
    assert picture.warnings[0].startswith("The picture is damaged")
    whole = opened(tmp_path, content)
    top = len(picture.rgb(1440)) // 4
    assert mean_difference(picture.rgb(1440)[:top], whole.rgb(1440)[:top]) < 1


@pytest.mark.parametrize("size", [(640, 480), (3000, 2000)])
def test_a_cut_jpeg_with_restart_markers_shows_what_is_there(tmp_path: Path, size: tuple[int, int]) -> None:
    content = jpeg_bytes(scene(7, size), quality=90, restart_marker_blocks=20)
    picture = opened(tmp_path, content[: len(content) // 2])
    whole = opened(tmp_path, content)
    assert (picture.damaged, whole.damaged) == (True, False)
    top = picture.rgb(1440).shape[0] // 4
    assert mean_difference(picture.rgb(1440)[:top], whole.rgb(1440)[:top]) < 1


def test_a_cut_png_is_damaged(tmp_path: Path) -> None:
    content = png_bytes(scene(7, (300, 200)))
    assert opened(tmp_path, content[: len(content) // 2]).damaged


def test_a_jpeg_with_corrupt_data_inside_is_damaged(tmp_path: Path) -> None:
    content = bytearray(jpeg_bytes(scene(8, (400, 300)), quality=95))
    middle = len(content) // 2
    content[middle : middle + 40] = b"\x12\xff\xd3\x00\xff" * 8
    picture = opened(tmp_path, bytes(content))
    assert picture.damaged
    assert "corrupt" in picture.warnings[0]


def test_a_file_of_which_nothing_can_be_shown_is_refused_without_its_path(tmp_path: Path) -> None:
    for content in (
        jpeg_bytes(scene(1))[:150],
        b"GIF89a<?php echo 1 ?>",
        b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x00\x00\x00\x18ftypheic" + bytes(100),
        b"RIFF\x40\x00\x00\x00WEBPVP8 " + bytes(50),
    ):
        with pytest.raises(Refused, match=r"begins like .* but cannot be decoded: .+") as refusal:
            opened(tmp_path, content)
        assert str(tmp_path) not in refusal.value.reason


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFile, match="PDF"):
        opened(tmp_path, b"%PDF-1.4")


@pytest.mark.parametrize(
    ("content", "limit"),
    [
        (png_header_of(20050, 20050), STREAMED_LIMIT_MEGAPIXELS),
        (png_header_of(8000, 8000, interlaced=True), WHOLE_LIMIT_MEGAPIXELS),
        (jpeg_that_claims(65500, 65500), STREAMED_LIMIT_MEGAPIXELS),
        (jpeg_that_claims(9000, 9000, progressive=True), WHOLE_LIMIT_MEGAPIXELS),
    ],
    ids=["png", "interlaced png", "jpeg", "progressive jpeg"],
)
def test_a_header_beyond_the_limit_is_refused_before_decoding(
    tmp_path: Path, content: bytes, limit: int
) -> None:
    with pytest.raises(Refused, match=f"the limit is {limit} megapixels"):
        opened(tmp_path, content)


def test_baseline_jpeg_may_be_larger_than_progressive(tmp_path: Path) -> None:
    picture = opened(
        tmp_path, jpeg_that_claims(9000, 6000)
    )  # 54 megapixels, of which the first few are there
    assert (picture.width, picture.damaged) == (9000, True)


def test_the_size_is_told_before_pixels_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(jpeg_bytes(scene(1, (200, 100))))
    told: list[tuple[int, int]] = []
    open_picture(path, opened=lambda width, height: told.append((width, height)))
    assert told == [(200, 100)]


def test_the_first_frame_stands_for_an_animation(tmp_path: Path) -> None:
    frames = [flat((40, 30), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    for content in (
        gif_bytes(frames),
        encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
        encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        encoded(frames[0], "AVIF", save_all=True, append_images=frames[1:], quality=100),
    ):
        picture = opened(tmp_path, content)
        assert picture.frame_count == 3
        assert np.abs(picture.rgb(40)[0, 0].astype(int) - [255, 0, 0]).max() <= 2


def test_a_number_of_frames_that_png_forbids_counts_as_one(tmp_path: Path) -> None:
    frames = [flat((40, 30), (1, 2, 3)), flat((40, 30), (3, 2, 1))]
    content = bytearray(encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    at = content.index(b"acTL")
    content[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    content[at + 12 : at + 16] = struct.pack(">I", zlib.crc32(content[at : at + 12]))
    assert opened(tmp_path, bytes(content)).frame_count == 1


def test_every_loader_but_those_of_the_accepted_formats_is_blocked() -> None:
    """In a process of its own, as blocking is for good."""
    script = """
import sys
import pyvips
from gallery.imaging.loaders import allow_only_picture_loaders
allow_only_picture_loaders()
for name in ("svgload", "matrixload", "csvload", "rawload", "vipsload", "pdfload", "magickload", "uhdrload"):
    if pyvips.type_find("VipsForeignLoad", name):
        try:
            getattr(pyvips.Image, name)(sys.executable, *([1, 1, 1] if name == "rawload" else []))
        except pyvips.Error as error:
            assert "operation is blocked" in str(error), error
            print(name)
"""
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert {"svgload", "matrixload", "csvload", "vipsload"} <= set(output.split())


def test_hidden_trailing_data_is_passed_over(tmp_path: Path) -> None:
    content = jpeg_bytes(scene(1, (64, 48))) + b"<html><script>alert(1)</script>" + b"PK\x03\x04"
    assert not opened(tmp_path, content).damaged
