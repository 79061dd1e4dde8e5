import numpy as np
import pytest

from dedup.compare.transform import take_apart
from dedup.compare.turns import TURNS


@pytest.mark.parametrize(
    ("name", "quarter", "mirrored"),
    [
        ("as it is", 0, False),
        ("turned by 90° clockwise", 90, False),
        ("turned by 180°", 180, False),
        ("turned by 90° counter-clockwise", 270, False),
        ("mirrored", 0, True),
        ("mirrored and turned by 180°", 180, True),
        ("mirrored and turned by 90° clockwise", 90, True),
        ("mirrored and turned by 90° counter-clockwise", 270, True),
    ],
)
def test_each_turn_is_told_from_the_others(name: str, quarter: int, mirrored: bool) -> None:
    turn = next(turn for turn in TURNS if turn.name == name)
    high = (300, 400) if turn.transposed else (400, 300)
    change = take_apart(turn.relative_affine(), (400, 300), high)
    assert (change.quarter, change.mirrored) == (quarter, mirrored)
    assert change.tilt == pytest.approx(0)
    assert change.scale == pytest.approx(1)


def test_a_crop_at_full_size_has_scale_one() -> None:
    change = take_apart(np.array([[0.5, 0, 0.1], [0, 0.5, 0.2]]), (200, 150), (400, 300))
    assert change.scale == pytest.approx(1)


def test_a_small_turn_is_a_tilt() -> None:
    sine, cosine = np.sin(np.radians(5)), np.cos(np.radians(5))
    change = take_apart(np.array([[cosine, -sine, 0], [sine, cosine, 0]]), (100, 100), (100, 100))
    assert change.quarter == 0
    assert change.tilt == pytest.approx(5)
