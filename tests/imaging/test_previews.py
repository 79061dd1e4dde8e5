"""Previews: three sizes, no metadata, the look of the picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.imaging import previews
from gallery.imaging.decode import open_picture
from tests.pictures import decoded, exif_bytes, flat, gif_bytes, jpeg_bytes, pixels, png_bytes, scene, sticker


def previews_of(folder: Path, content: bytes) -> tuple[dict[str, bytes], str]:
    path = folder / "picture"
    path.write_bytes(content)
    result = previews.compute(open_picture(path))
    return result["previews"], result["media_type"]


def test_each_size_is_the_length_of_the_long_side(tmp_path: Path) -> None:
    for size in ((2000, 1500), (1500, 2000)):
        files, media_type = previews_of(tmp_path, jpeg_bytes(scene(1, size)))
        assert media_type == "image/jpeg"
        assert {name: max(decoded(content).size) for name, content in files.items()} == {
            "320": 320,
            "720": 720,
            "1440": 1440,
        }
        assert all(
            (image.width > image.height) == (size[0] > size[1]) for image in map(decoded, files.values())
        )


def test_a_small_picture_is_not_enlarged(tmp_path: Path) -> None:
    files, _ = previews_of(tmp_path, jpeg_bytes(scene(1, (500, 400))))
    assert [decoded(files[name]).size for name in ("320", "720", "1440")] == [
        (320, 256),
        (500, 400),
        (500, 400),
    ]


def test_a_preview_looks_like_the_picture(tmp_path: Path) -> None:
    original = scene(2, (1440, 1080))
    files, _ = previews_of(tmp_path, png_bytes(original))
    difference = np.abs(pixels(decoded(files["1440"])).astype(int) - pixels(original).astype(int))
    assert difference.mean() < 4


@pytest.mark.parametrize("orientation", [1, 6])
def test_no_metadata_of_the_file_is_left(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif.load(exif_bytes(orientation, Make="SecretCamera", ImageDescription="at home"))
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    files, _ = previews_of(
        tmp_path, jpeg_bytes(scene(1, (800, 600)), exif=exif.tobytes(), comment=b"at home")
    )
    for content in files.values():
        image = decoded(content)
        assert not image.getexif()
        assert b"Secret" not in content
        assert b"at home" not in content
        assert b"Exif" not in content


def test_transparency_is_kept(tmp_path: Path) -> None:
    files, media_type = previews_of(tmp_path, png_bytes(sticker(3, (900, 900))))
    assert media_type == "image/webp"
    for content in files.values():
        alpha = np.asarray(decoded(content).getchannel("A"))
        middle = alpha.shape[0] // 2
        assert (int(alpha[0, 0]), int(alpha[middle, middle])) == (0, 255)


def test_sharp_coloured_edges_of_a_drawing_stay_sharp(tmp_path: Path) -> None:
    drawing = flat((64, 64), (255, 0, 0))
    drawing.paste((0, 0, 255), (33, 0, 64, 64))
    files, _ = previews_of(tmp_path, png_bytes(drawing))
    shown = pixels(decoded(files["320"])).astype(int)
    assert shown[:, 32, 0].min() > 225  # the last red column, inside a block of halved colour


def test_an_animation_shows_its_first_frame(tmp_path: Path) -> None:
    files, _ = previews_of(
        tmp_path, gif_bytes([flat((64, 64), (200, 30, 30)), flat((64, 64), (30, 30, 200))])
    )
    red, _, blue = pixels(decoded(files["320"]))[32, 32]
    assert red > 150 > blue


def test_pixels_of_an_example_are_rgb_rows(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(png_bytes(scene(1, (60, 40))))
    result = previews.compute_pixels(open_picture(path))
    assert (result["width"], result["height"], len(result["rgb"])) == (60, 40, 60 * 40 * 3)
    assert isinstance(result["rgb"], bytes)
