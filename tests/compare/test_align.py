import numpy as np
import pytest
from PIL import Image

from dedup.compare.align import Alignment, align, match, plausible, relative_affine
from dedup.compare.local_features import LocalFeatures, extract
from tests.compare.drawing import captioned, cropped, pixels, resized, shown_on_screen, tilted
from tests.pictures import flat, scene


def _features(image: Image.Image) -> LocalFeatures:
    return extract(pixels(image))


def _best(low: Image.Image, high: Image.Image) -> tuple[Alignment, np.ndarray]:
    first, second = _features(low), _features(high)
    alignment = align(first, second)[0]
    return alignment, relative_affine(alignment, first, second)


def test_a_crop_is_found_where_it_was_cut() -> None:
    whole = scene(1)
    alignment, relative = _best(cropped(whole, 0.25, 0.125, 0.75, 0.625), whole)
    assert alignment.points >= 20
    assert not alignment.mirrored
    assert relative @ (0, 0, 1) == pytest.approx((0.25, 0.125), abs=0.004)
    assert relative @ (1, 1, 1) == pytest.approx((0.75, 0.625), abs=0.004)


def test_a_picture_on_a_screen_is_found_in_it() -> None:
    picture = scene(2)
    screen = shown_on_screen(picture)
    _, relative = _best(picture, screen)
    shown_height = 540 * picture.height / picture.width
    assert relative @ (0, 0, 1) == pytest.approx((0, 130 / screen.height), abs=0.004)
    assert relative @ (1, 1, 1) == pytest.approx((1, (130 + shown_height) / screen.height), abs=0.004)


def test_a_mirrored_picture_is_found_through_the_mirrored_view() -> None:
    picture = scene(3)
    alignment, relative = _best(picture, picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert alignment.mirrored
    assert relative == pytest.approx(np.array([[-1, 0, 1], [0, 1, 0]]), abs=0.004)


def test_a_quarter_turn_is_found() -> None:
    picture = scene(4)
    _, relative = _best(picture, picture.transpose(Image.Transpose.ROTATE_270))
    assert relative == pytest.approx(np.array([[0, -1, 1], [1, 0, 0]]), abs=0.004)


def test_a_straightened_and_shrunk_picture_is_found() -> None:
    picture = scene(5)
    alignment, _ = _best(picture, resized(tilted(picture, 5), 0.6))
    assert alignment.points >= 30
    assert alignment.spread > 0.3


def test_other_scenes_hardly_align() -> None:
    first, second = _features(scene(6)), _features(scene(7))
    assert all(alignment.points < 15 for alignment in align(first, second))


def test_a_shared_caption_spans_little_of_the_pictures() -> None:
    captions = [_features(captioned(scene(seed), "lantern in the harbour")) for seed in (8, 9)]
    assert all(alignment.spread < 0.3 for alignment in align(*captions))


def test_pictures_without_points_do_not_align() -> None:
    empty = _features(flat((300, 200), (20, 40, 60)))
    assert align(empty, _features(scene(1))) == []
    assert len(match(empty, empty)) == 0


@pytest.mark.parametrize(
    ("linear", "expected"),
    [
        ([[1, 0], [0, 1]], True),
        ([[0, -0.5], [0.5, 0]], True),
        ([[-1, 0], [0, 1]], False),
        ([[1, 0], [0, 2]], False),
        ([[0.01, 0], [0, 0.01]], False),
        ([[0, 0], [0, 0]], False),
    ],
)
def test_only_maps_that_crops_turns_and_resizing_make_are_plausible(
    linear: list[list[float]], expected: bool
) -> None:
    assert plausible(np.column_stack([np.array(linear, float), np.zeros(2)])) is expected
