import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from dedup.compare.colours import difference_after_fit
from tests.compare.drawing import brighter, grey, pixels
from tests.pictures import flat, scene


def _left(low: Image.Image, high: Image.Image) -> NDArray[np.float32]:
    first, second = (pixels(one).astype(np.float32) for one in (low, high))
    return difference_after_fit(first, second, np.ones(first.shape[:2], bool))[0]


@pytest.mark.parametrize("change", ["grey", "darker", "brighter", "pale", "tinted"])
def test_a_change_of_colours_alone_leaves_little(change: str) -> None:
    picture = scene(1)
    tint = Image.fromarray((np.asarray(picture) * (0.9, 1.0, 0.7)).astype(np.uint8))
    changed = {
        "grey": grey(picture),
        "darker": brighter(picture, 0.65),
        "brighter": brighter(picture, 1.4),
        "pale": ImageEnhance.Color(picture).enhance(0.4),
        "tinted": tint,
    }[change]
    assert np.median(_left(picture, changed)) < 2
    assert np.median(_left(changed, picture)) < 2


def test_another_scene_leaves_much() -> None:
    assert np.median(_left(scene(1), scene(2))) > 15


def test_an_overlay_stands_out_and_does_not_pull_the_rest() -> None:
    picture = scene(3)
    covered = picture.copy()
    covered.paste((255, 0, 0), (100, 100, 300, 250))
    left = _left(picture, covered)
    inside = np.zeros(left.shape, bool)
    inside[100:250, 100:300] = True
    assert np.median(left[inside]) > 40
    assert np.median(left[~inside]) < 2


def test_without_enough_common_pixels_the_plain_difference_remains() -> None:
    low, high = (np.full((4, 4, 3), level, np.float32) for level in (10, 50))
    left, signed = difference_after_fit(low, high, np.zeros((4, 4), bool))
    assert left == pytest.approx(40)
    assert signed == pytest.approx(-40)


def test_flat_pictures_do_not_break_the_fit() -> None:
    assert np.isfinite(_left(flat((40, 30), (0, 0, 0)), flat((40, 30), (255, 255, 255)))).all()


def test_what_a_brighter_copy_lost_to_white_is_no_other_content() -> None:
    picture = scene(1)
    noise = np.random.default_rng(1).normal(0, 6, (*picture.size[::-1], 3))
    bright = Image.fromarray(np.clip(np.asarray(brighter(picture, 1.5)) + noise, 0, 255).astype(np.uint8))
    assert (np.asarray(bright) == 255).any(axis=2).mean() > 0.1
    for left in (_left(picture, bright), _left(bright, picture)):
        assert np.quantile(left, 0.98) < 20
