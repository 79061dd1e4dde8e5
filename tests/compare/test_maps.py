import numpy as np
import pytest

from dedup.compare import maps

AFFINE = np.array([[0.5, 0.1, 0.2], [-0.2, 0.4, 0.3]])
BENT = np.array([[1.0, 0.1, 0.05], [0.02, 0.9, 0.0], [0.2, -0.1, 1.0]])
SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


@pytest.mark.parametrize("mapping", [AFFINE, BENT], ids=["affine", "projective"])
def test_an_inverse_leads_back(mapping: np.ndarray) -> None:
    back = maps.invert(mapping)
    assert back.shape == mapping.shape
    assert maps.apply(back, maps.apply(mapping, SQUARE)) == pytest.approx(SQUARE, abs=1e-9)


def test_an_affine_map_is_the_same_lifted() -> None:
    assert maps.apply(maps.lift(AFFINE), SQUARE) == pytest.approx(maps.apply(AFFINE, SQUARE))
    assert maps.is_affine(maps.lift(AFFINE))
    assert not maps.is_affine(BENT)


def test_the_nearest_affine_map_of_an_affine_one_is_itself() -> None:
    assert maps.nearest_affine(maps.lift(AFFINE)) == pytest.approx(AFFINE)


def test_the_nearest_affine_map_stays_close_over_the_square() -> None:
    off = maps.apply(maps.nearest_affine(BENT), SQUARE) - maps.apply(BENT, SQUARE)
    assert np.abs(off).max() < 0.1


def test_the_scale_at_a_point_is_that_of_a_small_square_there() -> None:
    point, step = np.array([0.7, 0.2]), 1e-4
    small = maps.apply(BENT, point + step * SQUARE)
    assert maps.scale_at(BENT, point) == pytest.approx(np.sqrt(maps.area_of(small)) / step, rel=1e-3)


def test_relative_coordinates_meet_pixel_centres() -> None:
    pixels = maps.between_pixels(np.eye(2, 3), (100, 200, 3), (50, 100, 3))
    assert maps.apply(pixels, np.array([[-0.5, -0.5], [199.5, 99.5]])) == pytest.approx(
        np.array([[-0.5, -0.5], [99.5, 49.5]])
    )
    assert maps.between_relative(pixels, (100, 200, 3), (50, 100, 3)) == pytest.approx(np.eye(3))
