"""Words for colours."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gallery.imaging.oklab import to_oklab

_NAMED: Final = {
    "black": "#101010", "dark grey": "#404040", "grey": "#808080", "light grey": "#c0c0c0", "white": "#f8f8f8",
    "red": "#d02020", "dark red": "#701515", "orange": "#f08020", "brown": "#7a4a25", "beige": "#d8c8a8",
    "yellow": "#f0d830", "olive": "#6f7030", "green": "#30a040", "dark green": "#1d4a25", "light green": "#a0d890",
    "teal": "#208080", "turquoise": "#50c8c8", "light blue": "#a0c8e8", "blue": "#3068d0", "navy": "#182850",
    "purple": "#703090", "lilac": "#b898d8", "pink": "#f0a0b8", "magenta": "#d03090",
}  # fmt: skip


def colour_name(colour: str) -> str:
    """The everyday name nearest in Oklab to `#rrggbb`."""
    names, points = _points()
    return names[int(np.argmin(((points - _oklab(colour)) ** 2).sum(axis=1)))]


@cache
def _points() -> tuple[list[str], NDArray[np.float32]]:
    return list(_NAMED), np.stack([_oklab(colour) for colour in _NAMED.values()])


def _oklab(colour: str) -> NDArray[np.float32]:
    rgb = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    point: NDArray[np.float32] = to_oklab(np.array([rgb], dtype=np.float32))[0]
    return point
