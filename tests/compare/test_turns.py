import numpy as np
import pytest
from scipy.fft import dctn

from dedup.compare.turns import TURNS, Turn

turns = pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name)


def test_the_eight_turns_give_eight_different_pictures() -> None:
    picture = np.arange(12).reshape(3, 4)
    assert len({turn.picture(picture).tobytes() + bytes(turn.picture(picture).shape) for turn in TURNS}) == 8


def test_a_quarter_turn_clockwise_moves_the_top_left_corner_to_the_top_right() -> None:
    clockwise = next(turn for turn in TURNS if turn.name == "turned by 90° clockwise")
    assert clockwise.picture(np.array([[1, 2], [3, 4]])).tolist() == [[3, 1], [4, 2]]


def test_only_the_turns_named_so_are_mirrored() -> None:
    assert [turn.mirrored for turn in TURNS] == ["mirrored" in turn.name for turn in TURNS]


@turns
def test_turning_cosines_equals_the_cosines_of_the_turned_picture(turn: Turn) -> None:
    square = np.random.default_rng(1).normal(size=(64, 64))
    expected = dctn(turn.picture(square))[:16, :16]
    assert np.allclose(turn.cosines(dctn(square)[:16, :16]), expected)


@turns
def test_the_relative_map_leads_to_where_the_turn_puts_a_pixel(turn: Turn) -> None:
    picture = np.zeros((5, 8))
    picture[1, 6] = 1
    row, column = np.argwhere(turn.picture(picture))[0]
    height, width = turn.picture(picture).shape
    x, y = turn.relative_affine() @ (6.5 / 8, 1.5 / 5, 1)
    assert (x * width, y * height) == pytest.approx((column + 0.5, row + 0.5))
