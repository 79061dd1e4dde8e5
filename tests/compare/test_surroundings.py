"""Telling a screenshot or a frame around a picture from the picture that a crop was taken of."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from dedup.compare.fingerprint import compute, read
from dedup.compare.surroundings import framed_by
from dedup.compare.verdict import Side, compare
from tests.pictures import pixels, scene


class Drawn:
    """A drawn picture as the fingerprint takes it."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    def rgb(self, long_side_px: int) -> np.ndarray:
        small = self.image.copy()
        small.thumbnail((long_side_px, long_side_px))
        return pixels(small)


def side(image: Image.Image) -> Side:
    features = compute(Drawn(image))["features"]
    assert isinstance(features, bytes)
    return Side(read(features), *image.size, load_preview=lambda: Drawn(image).rgb(720))


def outer_side(low: Image.Image, high: Image.Image) -> str | None:
    sides = side(low), side(high)
    verdict = compare(*sides)
    assert verdict is not None
    return framed_by(*sides, verdict)


def on_a_screen(picture: Image.Image) -> Image.Image:
    """The picture on a phone: black bars, a title and two buttons."""
    screen = Image.new("RGB", (picture.width, picture.width * 16 // 9), (16, 16, 18))
    screen.paste(picture, (0, (screen.height - picture.height) // 2))
    draw = ImageDraw.Draw(screen)
    draw.text((30, 40), "12:34   Photos", fill="white", font_size=28)
    draw.rounded_rectangle((40, screen.height - 120, 240, screen.height - 60), 20, fill=(60, 120, 220))
    return screen


def test_a_screenshot_frames_the_picture() -> None:
    picture = scene(21, (720, 540))

    assert outer_side(on_a_screen(picture), picture) == "low"
    assert outer_side(picture, on_a_screen(picture)) == "high"


def test_a_border_frames_the_picture() -> None:
    picture = scene(22, (720, 540))

    assert outer_side(ImageOps.expand(picture, 60, "white"), picture) == "low"


def test_a_border_counts_where_much_of_the_picture_beside_it_is_as_white() -> None:
    picture = scene(26, (720, 540))
    draw = ImageDraw.Draw(picture)
    for box in ((160, 0, 560, 30), (160, 510, 560, 540), (0, 120, 30, 420), (690, 120, 720, 420)):
        draw.rectangle(box, fill=(246, 246, 246))

    assert outer_side(ImageOps.expand(picture, 50, "white"), picture) == "low"


@pytest.mark.parametrize("seed", [23, 24])
def test_a_picture_does_not_frame_the_crop_that_was_taken_of_it(seed: int) -> None:
    picture = scene(seed, (900, 700))

    assert outer_side(picture, picture.crop((200, 250, 760, 660))) is None


def test_copies_of_the_same_extent_frame_nothing() -> None:
    picture = scene(25, (720, 540))

    assert outer_side(picture, picture.resize((360, 270))) is None
