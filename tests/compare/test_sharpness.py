import numpy as np
import pytest
from PIL import Image, ImageFilter

from dedup.compare.overlap import Canvas, Preview, compare_blocks, lay_over
from dedup.compare.sharpness import equally_sharp
from tests.compare.drawing import brighter, pixels
from tests.pictures import scene


def _canvas(low: Image.Image, high: Image.Image) -> Canvas:
    canvas = lay_over(Preview(pixels(low)), Preview(pixels(high)), np.eye(2, 3), 320)
    assert canvas is not None
    return canvas


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_sharper_picture_is_blurred_until_both_agree(seed: int) -> None:
    sharp = scene(seed)
    canvas = _canvas(sharp, sharp.filter(ImageFilter.GaussianBlur(4)))
    equal, blur_px = equally_sharp(canvas)
    assert blur_px > 0
    assert (equal.high == canvas.high).all()
    before, after = (compare_blocks(one) for one in (canvas, equal))
    assert np.median(after.zncc[after.textured]) > np.median(before.zncc[before.textured])


def test_equally_sharp_pictures_stay_as_they_are_whatever_their_brightness() -> None:
    canvas = _canvas(scene(4), brighter(scene(4), 0.65))
    equal, blur_px = equally_sharp(canvas)
    assert blur_px == 0
    assert equal is canvas
