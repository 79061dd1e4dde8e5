"""Which of two copies has something laid over it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from gallery.imaging.overlays import find_overlay
from tests.pictures import decoded, jpeg_bytes, noise, scene


def marked(image: Image.Image, alpha: int) -> Image.Image:
    layer = Image.new("RGBA", image.size)
    font = ImageFont.load_default(size=image.height / 10)
    ImageDraw.Draw(layer).text((40, image.height / 2), "example.org photos", (255, 255, 255, alpha), font)
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def told(one: Image.Image, other: Image.Image) -> int | None:
    found = find_overlay(np.asarray(one.convert("L")), np.asarray(other.convert("L")))
    return None if found is None else found.on


@pytest.mark.parametrize("alpha", [110, 255])
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_the_one_with_letters_is_told(seed: int, alpha: int) -> None:
    picture = scene(seed)
    with_letters = decoded(jpeg_bytes(marked(picture, alpha), 85))
    assert told(picture, with_letters) == 1
    assert told(with_letters, picture) == 0


def test_letters_on_a_busy_picture_are_told_whichever_comes_first() -> None:
    busy = Image.blend(scene(1), noise(1, (640, 480)).filter(ImageFilter.GaussianBlur(2)), 0.5)
    with_letters = decoded(jpeg_bytes(marked(busy, 255), 90))
    assert told(busy, with_letters) == 1
    assert told(with_letters, busy) == 0


@pytest.mark.parametrize("seed", range(3))
def test_other_changes_are_no_overlay(seed: int) -> None:
    picture = scene(seed)
    for changed in (
        picture,
        decoded(jpeg_bytes(picture, 40)),
        ImageEnhance.Color(picture).enhance(1.6),
        picture.filter(ImageFilter.GaussianBlur(2)),
    ):
        assert told(picture, changed) is None
