"""Bands of one colour along the edges."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from gallery.imaging.borders import band_shares, find_borders
from gallery.imaging.decode import open_picture
from tests.pictures import decoded, flat, gradient, jpeg_bytes, png_bytes, scene


def shares(image: Image.Image) -> tuple[float, ...]:
    return band_shares(np.asarray(image.convert("RGB")))


def framed(image: Image.Image, top: int, right: int, bottom: int, left: int, colour: str) -> Image.Image:
    page = Image.new("RGB", (image.width + left + right, image.height + top + bottom), colour)
    page.paste(image, (left, top))
    return page


@pytest.mark.parametrize("colour", ["white", "black", "#c03020"])
def test_a_border_all_around_is_found(colour: str) -> None:
    picture = ImageOps.expand(scene(1, (280, 200)), 12, colour)
    assert shares(decoded(jpeg_bytes(picture, 95))) == pytest.approx(
        (12 / 224, 12 / 304, 12 / 224, 12 / 304), abs=0.01
    )


def test_the_bars_of_a_film_are_found() -> None:
    assert shares(framed(scene(2, (320, 180)), 30, 0, 30, 0, "black")) == pytest.approx(
        (0.125, 0, 0.125, 0), abs=0.01
    )


def test_a_band_on_one_side_is_found() -> None:
    assert shares(framed(scene(3, (320, 200)), 0, 0, 40, 0, "white")) == pytest.approx(
        (0, 0, 1 / 6, 0), abs=0.01
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_picture_without_a_border_has_none(seed: int) -> None:
    assert shares(scene(seed, (320, 240))) == (0, 0, 0, 0)


def test_a_thing_on_white_paper_has_no_border() -> None:
    page = flat((320, 240), (255, 255, 255))
    page.paste(scene(4, (100, 60)), (110, 90))
    assert shares(page) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "image",
    [flat((320, 240), (0, 0, 0)), gradient((320, 240), (0, 0, 90), (250, 250, 255)), flat((1, 1), (5, 5, 5))],
)
def test_what_has_no_picture_inside_has_no_border(image: Image.Image) -> None:
    assert shares(image) == (0, 0, 0, 0)


def test_the_answer_for_a_file_is_a_list_or_empty(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(png_bytes(ImageOps.expand(scene(1, (560, 400)), 24, "white")))
    assert len(find_borders(open_picture(path))["border"]) == 4
    path.write_bytes(png_bytes(scene(1)))
    assert find_borders(open_picture(path)) == {"border": []}
