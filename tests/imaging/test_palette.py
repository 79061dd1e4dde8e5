"""Palettes as vectors, and names for colours."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.imaging.colour_names import colour_name
from gallery.imaging.oklab import to_oklab
from gallery.imaging.palette import DIMENSIONS, KERNEL_WIDTH, colour_features, palette_vector


def alike(one: list[list[object]], other: list[list[object]]) -> float:
    """Cosine of two palettes."""
    a, b = palette_vector(one), palette_vector(other)
    assert a is not None
    assert b is not None
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_features_reproduce_the_kernel_between_any_two_colours() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (200, 3))
    lab = to_oklab((colours / 255).astype(np.float32))
    kernel = np.exp(-((lab[:, None] - lab[None]) ** 2).sum(-1) / (2 * KERNEL_WIDTH**2))
    features = colour_features(colours)
    assert features.shape == (200, DIMENSIONS)
    assert float(np.sqrt(((features @ features.T - kernel) ** 2).mean())) < 0.02


def test_palettes_are_alike_by_their_colours_and_shares() -> None:
    sea: list[list[object]] = [["#2060a0", 0.7], ["#e0d0b0", 0.3]]
    assert alike(sea, [["#2468a4", 0.65], ["#dccfb4", 0.35]]) > 0.97
    assert alike(sea, [["#2060a0", 0.1], ["#e0d0b0", 0.9]]) < 0.75
    assert alike(sea, [["#a02020", 1.0]]) < 0.15


def test_shares_need_not_add_up_and_an_empty_palette_has_no_vector() -> None:
    whole = palette_vector([["#ff0000", 2], ["#0000ff", 2]])
    half = palette_vector([["#ff0000", 0.5], ["#0000ff", 0.5]])
    assert whole is not None
    assert whole == pytest.approx(half)
    assert palette_vector([]) is None
    assert palette_vector([["#ff0000", 0]]) is None


@pytest.mark.parametrize("colour", ["red", "#ff00", "ff00000", "#gg0000"])
def test_what_is_no_colour_is_refused(colour: str) -> None:
    with pytest.raises(ValueError):
        palette_vector([[colour, 1.0]])


@pytest.mark.parametrize(
    ("colour", "name"), [("#008080", "teal"), ("#ff0000", "red"), ("#fefefe", "white"), ("#223a66", "navy")]
)
def test_colours_have_everyday_names(colour: str, name: str) -> None:
    assert colour_name(colour) == name
