import numpy as np
import pytest
from PIL import Image

from dedup.compare.maps import invert
from dedup.compare.overlap import Preview, compare_blocks, lay_over, refine
from dedup.compare.turns import TURNS
from tests.compare.drawing import cropped, pixels, resized
from tests.pictures import scene

WHOLE = np.eye(2, 3)


def _preview(image: Image.Image) -> Preview:
    return Preview(pixels(image))


def test_a_picture_laid_over_itself_agrees_everywhere() -> None:
    preview = _preview(scene(1))
    canvas = lay_over(preview, preview, WHOLE, 128)
    assert canvas is not None
    assert canvas.low.shape == (96, 128, 3)
    assert canvas.valid.all()
    assert (canvas.low_share, canvas.high_share) == pytest.approx((1, 1))
    blocks = compare_blocks(canvas)
    assert blocks.zncc.shape == (12, 16)
    assert blocks.zncc[blocks.textured].min() > 0.99
    assert blocks.colour.max() == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name)
def test_every_turn_can_be_undone(turn: object) -> None:
    chosen = next(one for one in TURNS if one is turn)
    rgb = pixels(scene(2))
    turned = Preview(np.ascontiguousarray(chosen.picture(rgb)))
    canvas = lay_over(Preview(rgb), turned, chosen.relative_affine(), 200)
    assert canvas is not None
    assert np.median(np.abs(canvas.low.astype(int) - canvas.high)) <= 2


def test_shares_say_how_much_of_each_picture_is_in_the_overlap() -> None:
    whole = scene(3)
    part = cropped(whole, 0.5, 0, 1, 1)
    canvas = lay_over(_preview(part), _preview(whole), np.array([[0.5, 0, 0.5], [0, 1, 0]]), 128)
    assert canvas is not None
    assert canvas.low_share == pytest.approx(1, abs=0.02)
    assert canvas.high_share == pytest.approx(0.5, abs=0.02)
    assert np.median(compare_blocks(canvas).zncc) > 0.98


def test_the_canvas_has_no_more_pixels_than_the_coarser_picture() -> None:
    small, large = _preview(resized(scene(4), 0.1)), _preview(scene(4))
    for canvas in (lay_over(small, large, WHOLE, 320), lay_over(large, small, WHOLE, 320)):
        assert canvas is not None
        assert canvas.low.shape[:2] == (48, 64)


def test_exchanging_the_pictures_exchanges_the_canvas() -> None:
    low, high = _preview(scene(5)), _preview(cropped(scene(5), 0.2, 0.2, 0.9, 0.9))
    there = np.array([[1 / 0.7, 0, -0.2 / 0.7], [0, 1 / 0.7, -0.2 / 0.7]])
    one, other = lay_over(low, high, there, 128), lay_over(high, low, invert(there), 128)
    assert one is not None
    assert other is not None
    assert np.abs(one.low.astype(int) - other.high).max() <= 1
    assert one.high_share == pytest.approx(other.low_share)


def test_pictures_that_lie_apart_have_no_canvas() -> None:
    preview = _preview(scene(6))
    assert lay_over(preview, preview, np.array([[1, 0, 2.0], [0, 1, 0]]), 128) is None


def test_refining_moves_a_rough_alignment_into_place() -> None:
    preview = _preview(scene(7))
    rough = np.array([[1, 0, 0.008], [0, 1, -0.006]])
    moved = refine(preview, preview, rough, 256)
    assert moved[:2] == pytest.approx(WHOLE, abs=0.002)


def test_refining_unrelated_pictures_returns_some_map_without_failing() -> None:
    moved = refine(_preview(scene(8)), Preview(np.zeros((40, 60, 3), np.uint8)), WHOLE, 256)
    assert np.isfinite(moved).all()
