"""Sharpness."""

from pathlib import Path

from PIL import Image, ImageFilter

from gallery.imaging import quality
from gallery.imaging.decode import open_picture
from tests.pictures import flat, png_bytes, scene


def sharpness(folder: Path, image: Image.Image) -> float:
    path = folder / "picture"
    path.write_bytes(png_bytes(image))
    value = quality.compute(open_picture(path))["sharpness"]
    assert isinstance(value, float)
    return value


def test_blur_lowers_sharpness_step_by_step(tmp_path: Path) -> None:
    picture = scene(1, (720, 540))
    values = [
        sharpness(tmp_path, picture.filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 1, 2, 4)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 3 * values[2]


def test_a_flat_picture_has_none(tmp_path: Path) -> None:
    assert sharpness(tmp_path, flat((300, 200), (90, 90, 90))) == 0


def test_a_sharp_part_before_a_soft_ground_counts(tmp_path: Path) -> None:
    picture = scene(2, (720, 540))
    soft = picture.filter(ImageFilter.GaussianBlur(6))
    portrait = soft.copy()
    portrait.paste(picture.crop((180, 135, 540, 405)), (180, 135))
    assert sharpness(tmp_path, portrait) > 3 * sharpness(tmp_path, soft)


def test_the_smallest_picture_is_measured(tmp_path: Path) -> None:
    assert sharpness(tmp_path, flat((1, 1), (0, 0, 0))) == 0
