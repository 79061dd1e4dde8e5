"""What an affine map between two pictures did: scale, turn, mirror, and how much of each picture is shared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Change:
    """A map taken apart.

    `scale` is px of high per px of low (full sizes); `angle` in degrees, clockwise as seen on the screen, in (-180,
    180]; when `mirrored`, the picture was mirrored left to right first, then turned.
    """

    scale: float
    angle: float
    mirrored: bool

    @property
    def quarter(self) -> int:
        """The nearest quarter turn in degrees: 0, 90, 180 or 270."""
        return int(round(self.angle / 90.0) % 4) * 90

    @property
    def tilt(self) -> float:
        """What the angle differs from the nearest quarter turn, in degrees (-45..45)."""
        return (self.angle + 45.0) % 90.0 - 45.0


def take_apart(
    relative: NDArray[np.float64], low_size: tuple[int, int], high_size: tuple[int, int]
) -> Change:
    """Take apart a 2x3 map of relative coordinates; the sizes are full (width, height) in px."""
    linear = np.diag(np.array(high_size, float)) @ relative[:, :2] @ np.diag(1.0 / np.array(low_size, float))
    determinant = float(np.linalg.det(linear))
    mirrored = determinant < 0
    if mirrored:
        linear = linear @ np.diag([-1.0, 1.0])
    angle = float(np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])))
    return Change(scale=abs(determinant) ** 0.5, angle=angle, mirrored=mirrored)


def skew_degrees(
    relative: NDArray[np.float64], low_size: tuple[int, int], high_size: tuple[int, int]
) -> float:
    """Return how far the angle between the mapped axes of low is from a right one, in degrees (0..90)."""
    linear = np.diag(np.array(high_size, float)) @ relative[:, :2] @ np.diag(1.0 / np.array(low_size, float))
    across, down = linear[:, 0], linear[:, 1]
    cosine = across @ down / max(1e-12, float(np.linalg.norm(across) * np.linalg.norm(down)))
    return float(abs(90.0 - np.degrees(np.arccos(np.clip(cosine, -1, 1)))))
