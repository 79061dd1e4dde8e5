"""How much of a picture its detail fills."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from gallery.imaging.detail import filled_share
from tests.pictures import decoded, flat, jpeg_bytes, noise, scene

FILTERS = [
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.LANCZOS,
    Image.Resampling.NEAREST,
]


def share(image: Image.Image) -> float | None:
    return filled_share(np.asarray(image.convert("RGB")))


def enlarged(image: Image.Image, times: float, how: Image.Resampling) -> Image.Image:
    return image.resize((round(image.width * times), round(image.height * times)), how)


@pytest.mark.parametrize("seed", range(4))
def test_a_sharp_picture_fills_all_of_its_pixels(seed: int) -> None:
    assert share(scene(seed)) == 1
    assert share(decoded(jpeg_bytes(scene(seed), 85))) == 1


@pytest.mark.parametrize("how", FILTERS)
@pytest.mark.parametrize("times", [2, 3])
def test_an_enlarged_picture_does_not(times: float, how: Image.Resampling) -> None:
    found = share(enlarged(scene(1, (400, 300)), times, how))
    assert found is not None
    assert 0.6 / times <= found <= 1.5 / times


def test_a_blurred_picture_does_not_either() -> None:
    found = share(scene(2).filter(ImageFilter.GaussianBlur(2)))
    assert found is not None
    assert found < 0.6


@pytest.mark.parametrize("image", [flat((300, 200), (9, 9, 9)), noise(1, (90, 400))])
def test_too_little_to_see_is_not_judged(image: Image.Image) -> None:
    assert share(image) is None
