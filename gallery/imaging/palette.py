"""Palettes as vectors, so that a database can compare them.

A palette is a distribution of colour: shares that add up to 1. Its vector is the mean of its colours' features under a
Gaussian kernel in Oklab (a kernel mean embedding; Gretton et al., "A Kernel Two-Sample Test", JMLR 2012), the features
taken by the Nyström method over a fixed grid of colours. So the inner product of two palettes' vectors is the mean
likeness of a colour of the one with a colour of the other, 1 for two pictures of the same single colour and near 0 for
pictures without a colour in common, and the distance between the vectors is a distance between the distributions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gallery.imaging.oklab import to_oklab

GRID_LEVELS: Final = (
    5  # per channel of sRGB: 125 landmarks keep the kernel within 0.01 (root mean square) of the true one
)
DIMENSIONS: Final = GRID_LEVELS**3
KERNEL_WIDTH: Final = (
    0.12  # in Oklab, where 0.02 is just noticeable and neighbouring colour names lie 0.1 to 0.2 apart
)
_RIDGE: Final = 1e-3  # below this an eigenvalue is rounding noise and would be blown up

Vector = NDArray[np.float64]


def palette_vector(palette: Iterable[Sequence[object]]) -> Vector | None:
    """The vector (DIMENSIONS,) of [["#rrggbb", share], ...]; None for an empty palette.

    Shares need not add up to 1. Raises ValueError on a colour that is no `#rrggbb`.
    """
    entries = [(str(colour), float(str(share))) for colour, share in palette]
    total = sum(share for _, share in entries)
    if total <= 0:
        return None
    shares = np.array([share / total for _, share in entries])
    return np.asarray(
        shares @ colour_features(np.array([_rgb(colour) for colour, _ in entries])), dtype=np.float64
    )


def colour_features(rgb: NDArray[np.integer]) -> Vector:
    """Features (n, DIMENSIONS) of sRGB colours (n, 3) in 0..255."""
    landmarks, weights = _landmarks()
    return np.asarray(_kernel(_oklab(rgb), landmarks) @ weights, dtype=np.float64)


def colour_distance(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Distance in Oklab of two sRGB colours (3,)."""
    return float(np.linalg.norm(_oklab(one[None]) - _oklab(other[None])))


def _rgb(colour: str) -> tuple[int, int, int]:
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"{colour!r} is not a colour such as #ff8800")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _oklab(rgb: NDArray[Any]) -> Vector:
    return to_oklab((rgb / 255).astype(np.float32)).astype(np.float64)


def _kernel(one: Vector, other: Vector) -> Vector:
    squared = ((one[:, None, :] - other[None, :, :]) ** 2).sum(axis=-1)
    return np.asarray(np.exp(-squared / (2 * KERNEL_WIDTH**2)), dtype=np.float64)


@cache
def _landmarks() -> tuple[Vector, Vector]:
    """The grid in Oklab (DIMENSIONS, 3), and the inverse root of its kernel matrix."""
    levels = np.linspace(0.0, 1.0, GRID_LEVELS)
    grid = _oklab(np.array(list(itertools.product(levels, repeat=3))) * 255)
    values, vectors = np.linalg.eigh(_kernel(grid, grid))
    return grid, np.asarray(
        vectors @ np.diag(np.maximum(values, _RIDGE) ** -0.5) @ vectors.T, dtype=np.float64
    )
