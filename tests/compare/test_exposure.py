from random import Random

import numpy as np
import pytest
from PIL import Image

from bench.harder_kinds import KINDS
from dedup.compare import thresholds
from dedup.compare.exposure import same_colours, same_exposure_logit
from dedup.compare.overlap import Canvas, Preview, lay_over
from dedup.compare.turns import TURNS
from tests.compare.drawing import brighter, grey, pixels, recompressed
from tests.pictures import flat, gradient, scene


def _exposed(grain_seed: int) -> Image.Image:
    """A sky, with grain of its own."""
    sky = np.asarray(gradient((640, 480), (90, 120, 200), (170, 180, 190)))
    grain = np.random.default_rng(grain_seed).normal(0, 4, (480, 640, 1))
    return Image.fromarray(np.clip(sky + grain, 0, 255).astype(np.uint8))


def _canvas(low: Image.Image, high: Image.Image) -> Canvas:
    canvas = lay_over(Preview(pixels(low)), Preview(pixels(high)), TURNS[0].relative_affine(), 720)
    assert canvas is not None
    return canvas


def _logit(low: Image.Image, high: Image.Image) -> float:
    canvas = _canvas(low, high)
    return same_exposure_logit(canvas, np.zeros(canvas.valid.shape, bool), 0.0)


def test_other_grain_is_another_exposure() -> None:
    first, second = (recompressed(_exposed(seed), 92) for seed in (1, 2))
    assert _logit(first, second) < thresholds.OTHER_EXPOSURE_LOGIT


@pytest.mark.parametrize("quality", [80, 92])
def test_compressed_grain_is_that_of_one_exposure(quality: int) -> None:
    shot = _exposed(3)
    assert _logit(shot, recompressed(shot, quality)) > 0


def test_a_picture_with_hardly_a_flat_block_tells_nothing() -> None:
    small = flat((40, 30), (90, 90, 90))
    assert _logit(small, small) == 0.0


def test_light_keeps_colours_and_a_turned_hue_or_grey_does_not() -> None:
    shot = scene(4)
    assert same_colours(_canvas(shot, brighter(shot, 1.2)))
    assert not same_colours(_canvas(shot, KINDS["hue"](shot, Random(5))))
    assert not same_colours(_canvas(shot, grey(shot)))
