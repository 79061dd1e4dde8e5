"""Maps between planes: affine ones (2 x 3) as they are stored, projective ones (3 x 3) as they are computed with."""

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float64]
Points = NDArray[np.float64]

_GRID = 5
UNIT_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def lift(mapping: Map) -> Map:
    """Return a map as 3 x 3, whether it was (2, 3) or (3, 3)."""
    if mapping.shape == (3, 3):
        return mapping
    return np.vstack([mapping, [0.0, 0.0, 1.0]])


def invert(mapping: Map) -> Map:
    """Return the inverse in the shape of the given map; numpy.linalg.LinAlgError when it has none."""
    inverse = np.linalg.inv(lift(mapping))
    return np.asarray((inverse / inverse[2, 2])[: len(mapping)])


def apply(mapping: Map, points: Points) -> Points:
    """Map points (n, 2)."""
    if mapping.shape == (2, 3):
        return np.asarray(points @ mapping[:, :2].T + mapping[:, 2])
    mapped = points @ mapping[:, :2].T + mapping[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def is_affine(mapping: Map) -> bool:
    """Whether parallel lines stay parallel."""
    return len(mapping) == 2 or bool(np.abs(mapping[2, :2]).max() < 1e-9)


def nearest_affine(mapping: Map) -> Map:
    """Return the affine map (2, 3) that comes closest over the unit square."""
    if is_affine(mapping):
        return np.asarray(mapping[:2])
    steps = np.linspace(0, 1, _GRID)
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    design = np.column_stack([points, np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(design, apply(mapping, points), rcond=None)[0].T)


def scale_at(mapping: Map, point: Points) -> float:
    """Return by how much lengths grow around a point (2,), the mean of all directions."""
    if is_affine(mapping):
        return float(np.sqrt(abs(np.linalg.det(mapping[:2, :2]))))
    depth = float(mapping[2, :2] @ point + mapping[2, 2])
    return float(np.sqrt(abs(np.linalg.det(mapping) / depth**3)))


def area_of(corners: Points) -> float:
    """Return the area of a polygon (n, 2)."""
    following = np.roll(corners, -1, axis=0)
    return float(abs(np.sum(corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0])) / 2)


def to_pixels(shape: tuple[int, ...]) -> Map:
    """Return the map from relative coordinates (0..1) to px, centres at integers, of a picture of (height, width)."""
    height, width = shape[:2]
    return np.array([[width, 0, -0.5], [0, height, -0.5], [0, 0, 1.0]])


def to_relative(shape: tuple[int, ...]) -> Map:
    """Undo `to_pixels`."""
    height, width = shape[:2]
    return np.array([[1 / width, 0, 0.5 / width], [0, 1 / height, 0.5 / height], [0, 0, 1.0]])


def between_pixels(relative: Map, low_shape: tuple[int, ...], high_shape: tuple[int, ...]) -> Map:
    """Turn a map of relative coordinates into one of px (3, 3) for pictures of these shapes."""
    return np.asarray(to_pixels(high_shape) @ lift(relative) @ to_relative(low_shape))


def between_relative(pixels: Map, low_shape: tuple[int, ...], high_shape: tuple[int, ...]) -> Map:
    """Undo `between_pixels`; the scale is fixed so that the last entry is 1."""
    mapping = to_relative(high_shape) @ lift(pixels) @ to_pixels(low_shape)
    return np.asarray(mapping / mapping[2, 2])
