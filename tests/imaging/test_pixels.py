"""Whether two files show the same pixels: exact, or no."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from gallery.imaging.pixels import pixels_equal
from gallery.imaging.sniff import Refused
from tests.pictures import (
    decoded,
    encoded,
    exif_bytes,
    flat,
    gif_bytes,
    jpeg_bytes,
    png_bytes,
    scene,
    sticker,
)

PICTURE = scene(1, (161, 123))
JPEG = jpeg_bytes(PICTURE, quality=85)


@pytest.fixture
def equal(tmp_path: Path) -> Any:
    """Compare the contents of two files."""

    def compare(first: bytes, second: bytes) -> bool:
        paths = tmp_path / "first", tmp_path / "second"
        paths[0].write_bytes(first)
        paths[1].write_bytes(second)
        forth = pixels_equal(*paths, opened=lambda width, height: None)
        back = pixels_equal(*reversed(paths), opened=lambda width, height: None)
        assert forth == back
        return forth

    return compare


def with_changed_pixel(image: Image.Image, by: int = 1) -> Image.Image:
    array = np.array(image)
    array[70, 30, 1] ^= by
    return Image.fromarray(array)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_equals_lossless_files_of_its_pixels(equal: Any, subsampling: int, progressive: bool) -> None:
    jpeg = jpeg_bytes(PICTURE, quality=85, subsampling=subsampling, progressive=progressive)
    shown = decoded(jpeg)
    assert equal(jpeg, png_bytes(shown))
    assert equal(jpeg, encoded(shown, "TIFF"))
    assert equal(jpeg, encoded(shown, "WEBP", lossless=True))


def test_one_changed_pixel_is_never_equal(equal: Any) -> None:
    shown = decoded(JPEG)
    assert not equal(JPEG, png_bytes(with_changed_pixel(shown)))


def test_metadata_makes_no_difference(equal: Any) -> None:
    shown = decoded(JPEG)
    assert equal(png_bytes(shown), png_bytes(shown, exif=exif_bytes(1, Make="Canon"), dpi=(300, 300)))


def test_another_jpeg_of_the_same_picture_is_not_equal(equal: Any) -> None:
    assert not equal(JPEG, jpeg_bytes(PICTURE, quality=80))


def test_pictures_are_compared_upright(equal: Any) -> None:
    turned = PICTURE.transpose(Image.Transpose.ROTATE_90)
    assert equal(png_bytes(PICTURE), png_bytes(turned, exif=exif_bytes(6)))
    assert not equal(png_bytes(PICTURE), png_bytes(turned))
    assert not equal(png_bytes(PICTURE), png_bytes(PICTURE, exif=exif_bytes(3)))


def test_another_size_is_not_equal(equal: Any) -> None:
    assert not equal(png_bytes(PICTURE), png_bytes(PICTURE.crop((0, 0, 160, 123))))


def test_grey_equals_rgb_of_equal_channels(equal: Any) -> None:
    grey = PICTURE.convert("L")
    assert equal(png_bytes(grey), png_bytes(grey.convert("RGB")))
    assert not equal(png_bytes(grey), png_bytes(PICTURE))


def test_a_palette_equals_its_colours(equal: Any) -> None:
    palette = PICTURE.quantize(64)
    assert equal(png_bytes(palette), png_bytes(palette.convert("RGB")))


def test_16_bits_equal_8_bits_only_without_a_remainder(equal: Any) -> None:
    grey = np.asarray(PICTURE.convert("L"))
    wide = grey.astype(np.uint16) * 257
    assert equal(png_bytes(Image.fromarray(grey)), png_bytes(Image.fromarray(wide)))
    wide[5, 5] ^= 1
    assert not equal(png_bytes(Image.fromarray(grey)), png_bytes(Image.fromarray(wide)))


def test_opaque_alpha_is_no_difference_and_transparency_is(equal: Any) -> None:
    opaque = PICTURE.convert("RGBA")
    assert equal(png_bytes(PICTURE), png_bytes(opaque))
    seen_through = opaque.copy()
    seen_through.putpixel((0, 0), (*PICTURE.getpixel((0, 0)), 254))  # type: ignore[misc]
    assert not equal(png_bytes(PICTURE), png_bytes(seen_through))
    assert equal(png_bytes(sticker(1)), encoded(sticker(1), "WEBP", lossless=True, exact=True))
    assert not equal(png_bytes(sticker(1)), png_bytes(sticker(1).convert("RGB")))


def test_the_same_numbers_in_another_colour_space_are_not_equal(equal: Any) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide = bytearray(lab)
    at = {bytes(wide[132 + 12 * i :][:4]): 132 + 12 * i + 4 for i in range(wide[131])}
    red, green = at[b"rXYZ"], at[b"gXYZ"]
    wide[red : red + 8], wide[green : green + 8] = wide[green : green + 8], wide[red : red + 8]
    assert equal(png_bytes(PICTURE), png_bytes(PICTURE, icc_profile=lab))
    assert equal(
        png_bytes(PICTURE, icc_profile=bytes(wide)), encoded(PICTURE, "TIFF", icc_profile=bytes(wide))
    )
    assert not equal(png_bytes(PICTURE), png_bytes(PICTURE, icc_profile=bytes(wide)))


def test_cmyk_is_compared_in_its_own_inks(equal: Any) -> None:
    inks = PICTURE.convert("CMYK")
    assert equal(encoded(inks, "TIFF"), encoded(inks, "TIFF", compression="tiff_lzw"))
    assert not equal(encoded(inks, "TIFF"), encoded(with_changed_pixel(inks), "TIFF"))


def test_damaged_files_are_never_equal_not_even_to_themselves(equal: Any) -> None:
    cut = JPEG[: len(JPEG) // 2]
    png = png_bytes(PICTURE)
    corrupt = bytearray(JPEG)
    corrupt[len(JPEG) // 2 : len(JPEG) // 2 + 40] = b"\x12\xff\xd3\x00\xff" * 8
    assert not equal(cut, cut)
    assert not equal(png[: len(png) // 2], png[: len(png) // 2])
    assert not equal(bytes(corrupt), bytes(corrupt))


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text("hello")
    with pytest.raises(Refused):
        pixels_equal(path, path, opened=lambda width, height: None)


FRAMES = [flat((40, 30), (10 * n, 60, 200)) for n in range(4)]
OTHER_END = [*FRAMES[:3], flat((40, 30), (31, 60, 200))]


def webp_animation(frames: list[Image.Image]) -> bytes:
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)


def apng(frames: list[Image.Image]) -> bytes:
    return encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])


def tiff_pages(frames: list[Image.Image]) -> bytes:
    return encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("animate", [gif_bytes, webp_animation, apng, tiff_pages])
def test_animations_are_compared_frame_by_frame(equal: Any, animate: Any) -> None:
    assert equal(animate(FRAMES), animate(FRAMES))
    assert not equal(animate(FRAMES), animate(OTHER_END))
    assert not equal(animate(FRAMES), animate(FRAMES[:3]))


@pytest.mark.parametrize("animate", [gif_bytes, webp_animation, apng, tiff_pages])
def test_an_animation_never_equals_a_still_of_its_first_frame(equal: Any, animate: Any) -> None:
    assert not equal(animate(FRAMES), png_bytes(FRAMES[0]))


def test_animations_of_another_pace_are_not_equal(equal: Any) -> None:
    assert not equal(gif_bytes(FRAMES, duration_ms=100), gif_bytes(FRAMES, duration_ms=200))
