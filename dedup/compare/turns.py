"""The eight turns of a picture: as it is, three quarter turns, and the mirror images of these.

A turn first swaps rows and columns when `transposed`, then reverses columns when `flip_x`, then rows when
`flip_y`. The order of `TURNS` is stored in fingerprints and must not change.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Turn:
    """One of the eight symmetries of a rectangle, named by what was done to the picture."""

    name: str
    transposed: bool
    flip_x: bool
    flip_y: bool

    @property
    def mirrored(self) -> bool:
        """Whether the turn changes left-handed into right-handed."""
        return (self.transposed + self.flip_x + self.flip_y) % 2 == 1

    def picture(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Turn an array of shape (height, width) or (height, width, channels)."""
        turned = pixels.swapaxes(0, 1) if self.transposed else pixels
        turned = turned[:, ::-1] if self.flip_x else turned
        return turned[::-1] if self.flip_y else turned

    def cosines(self, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn a square of DCT-II coefficients (row = vertical frequency) without going back to pixels.

        Reversing an axis negates the odd frequencies along it; swapping the axes swaps the frequencies.
        """
        turned = coefficients.T if self.transposed else coefficients
        odd = 1.0 - 2.0 * (np.arange(len(coefficients)) % 2)
        turned = turned * odd[None, :] if self.flip_x else turned
        return turned * odd[:, None] if self.flip_y else turned

    def relative_affine(self) -> NDArray[np.float64]:
        """Return the 2x3 map from relative coordinates (0..1) of the picture to those of the turned one."""
        linear = np.array([[0.0, 1.0], [1.0, 0.0]]) if self.transposed else np.eye(2)
        affine = np.hstack([linear, np.zeros((2, 1))])
        for axis, flipped in enumerate((self.flip_x, self.flip_y)):
            if flipped:
                affine[axis] *= -1
                affine[axis, 2] += 1
        return affine


TURNS = (
    Turn("as it is", False, False, False),
    Turn("mirrored", False, True, False),
    Turn("turned by 180°", False, True, True),
    Turn("mirrored and turned by 180°", False, False, True),
    Turn("turned by 90° clockwise", True, True, False),
    Turn("turned by 90° counter-clockwise", True, False, True),
    Turn("mirrored and turned by 90° clockwise", True, True, True),
    Turn("mirrored and turned by 90° counter-clockwise", True, False, False),
)
