"""Palettes and the placeholder."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.imaging import colour
from gallery.imaging.decode import open_picture
from tests.pictures import flat, pixels, png_bytes, scene, sticker


def rgb_of(name: str) -> list[int]:
    return [int(name[i : i + 2], 16) for i in (1, 3, 5)]


def test_a_flat_picture_has_one_colour() -> None:
    assert colour.palette(pixels(flat((40, 30), (18, 52, 86)))) == [("#123456", 1.0)]


def test_shares_tell_how_much_each_colour_covers() -> None:
    flag = flat((60, 60), (255, 255, 255))
    flag.paste((220, 20, 40), (0, 0, 60, 40))
    (first, share), (second, rest) = colour.palette(pixels(flag))
    assert np.abs(np.subtract(rgb_of(first), (220, 20, 40))).max() <= 1
    assert np.abs(np.subtract(rgb_of(second), (255, 255, 255))).max() <= 1
    assert share == pytest.approx(2 / 3, abs=0.001)
    assert rest == pytest.approx(1 / 3, abs=0.001)


def test_a_small_bright_part_is_not_lost_in_a_large_calm_one() -> None:
    sea = scene(1, (80, 60)).convert("L").convert("RGB")
    sea.paste((230, 30, 20), (10, 10, 26, 20))  # 3 % of it
    assert any(r > 200 and g < 60 for r, g, _ in (rgb_of(name) for name, _ in colour.palette(pixels(sea))))


def test_colours_that_look_alike_have_one_name() -> None:
    wall = flat((60, 60), (120, 120, 120))
    wall.paste((126, 124, 122), (0, 0, 30, 60))
    assert len(colour.palette(pixels(wall))) == 1


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 30))
def test_any_pixels_give_one_to_six_colours_whose_shares_add_up(seed: int, height: int, width: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = colour.palette(noise)
    assert 1 <= len(found) <= 6
    assert 0.8 < sum(share for _, share in found) < 1.001
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)


def test_compute_names_the_dominant_colour_and_makes_a_placeholder(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(png_bytes(scene(3)))
    result = colour.compute(open_picture(path))
    assert result["dominant_colour"] == result["palette"][0][0]
    assert 15 <= len(result["thumbhash"]) <= 30


def test_a_transparent_picture_has_a_placeholder_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(png_bytes(sticker(1)))
    thumbhash = colour.compute(open_picture(path))["thumbhash"]
    assert thumbhash[2] & 0x80
