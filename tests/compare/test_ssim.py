"""Structural similarity: the formula, the same number from every engine."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dedup.compare.ssim import C1, C2, WINDOW_PX, TooSmallError, ssim, window
from dedup.compare.ssim_torch import NoSuchDeviceError, TorchSsim
from tests.pictures import gradient, noise, scene

Grey = NDArray[np.uint8]


def grey(seed: int, size: tuple[int, int] = (60, 44)) -> Grey:
    return np.asarray(scene(seed, size).convert("L"), np.uint8)


def by_the_book(one: Grey, other: Grey) -> float:
    """The formula of the paper, window by window, in 64 bits."""
    weights = np.outer(window(), window())
    found = []
    for top in range(one.shape[0] - WINDOW_PX + 1):
        for left in range(one.shape[1] - WINDOW_PX + 1):
            place = np.s_[top : top + WINDOW_PX, left : left + WINDOW_PX]
            x, y = one[place].astype(float), other[place].astype(float)
            mx, my = (weights * x).sum(), (weights * y).sum()
            vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
            cxy = (weights * (x - mx) * (y - my)).sum()
            found.append((2 * mx * my + C1) * (2 * cxy + C2) / ((mx**2 + my**2 + C1) * (vx + vy + C2)))
    return float(np.mean(found))


def distorted(picture: Grey, kind: str) -> Grey:
    """The picture, made worse in one way."""
    levels = picture.astype(int)
    if kind == "noise":
        levels += np.random.default_rng(0).normal(0, 12, picture.shape).astype(int)
    if kind == "brighter":
        levels += 25
    if kind == "negative":
        levels = 255 - levels
    return np.asarray(np.clip(levels, 0, 255), np.uint8)


@pytest.mark.parametrize("kind", ["same", "noise", "brighter", "negative"])
def test_it_is_the_formula_of_the_paper(kind: str) -> None:
    picture = grey(1)
    other = distorted(picture, kind)

    assert ssim(picture, other) == pytest.approx(by_the_book(picture, other), abs=1e-5)


def test_equal_pictures_score_one_and_others_less() -> None:
    assert ssim(grey(1), grey(1)) == pytest.approx(1.0, abs=1e-6)
    assert ssim(grey(1), grey(2)) < 0.6


@pytest.mark.parametrize("seed", range(4))
def test_convolutions_on_the_processor_give_the_same(seed: int) -> None:
    one, other = grey(seed, (320, 200)), grey(seed + 1, (320, 200))
    flat = np.asarray(gradient((320, 200), (250, 250, 250), (240, 240, 240)).convert("L"), np.uint8)
    wild = np.asarray(noise(seed, (320, 200)).convert("L"), np.uint8)
    on_torch = TorchSsim("cpu")

    for first, second in [(one, other), (one, one), (flat, flat), (flat, one), (wild, one)]:
        assert on_torch(first, second) == pytest.approx(ssim(first, second), abs=1e-5)


def test_a_device_that_is_not_there_is_refused_with_a_sentence() -> None:
    with pytest.raises(NoSuchDeviceError, match=r"cannot be used here .* Leave --device out"):
        TorchSsim("cuda:99")
    with pytest.raises(NoSuchDeviceError, match="'abacus' cannot be used"):
        TorchSsim("abacus")


def test_pictures_below_one_window_or_of_two_sizes_are_refused() -> None:
    small = np.zeros((WINDOW_PX - 1, 50), np.uint8)
    with pytest.raises(TooSmallError, match="50 x 10 px"):
        ssim(small, small)
    with pytest.raises(ValueError, match="cannot be compared"):
        ssim(grey(1), grey(1, (44, 60)))
