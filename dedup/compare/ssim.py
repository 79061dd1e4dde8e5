"""Structural similarity of two pictures of equal size.

Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural similarity", IEEE
Transactions on Image Processing 13(4), 2004. With mean m, variance v and covariance c of the grey levels x and y under
a Gaussian window of 11 x 11 px and a deviation of 1.5 px, and C1 = (0.01 L)^2, C2 = (0.03 L)^2 for L = 255:

    SSIM = (2 m_x m_y + C1) (2 c_xy + C2) / ((m_x^2 + m_y^2 + C1) (v_x + v_y + C2))

at each px whose window lies within the picture; the similarity of the pictures is the mean of these.
"""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW_PX = 11
WINDOW_DEVIATION_PX = 1.5
MARGIN_PX = WINDOW_PX // 2
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
# Taken off the levels while variances are computed: differences of large squares lose digits in 32 bits.
MIDDLE_GREY = np.float32(127.5)

Plane = NDArray[np.float32]


class TooSmallError(ValueError):
    """The pictures are smaller than one window."""


class Similarity(Protocol):
    """A way to compute SSIM, wherever it runs."""

    def __call__(self, one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
        """The mean SSIM (-1..1) of two pictures of grey levels, (height, width) each. Raises TooSmallError."""
        ...


def ssim(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the mean SSIM (-1..1) of two pictures of grey levels, uint8 (height, width). Raises TooSmallError."""
    require_window(one, other)
    x, y = centred(one), centred(other)
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x = _blurred(x * x) - mean_x * mean_x
    variance_y = _blurred(y * y) - mean_y * mean_y
    covariance = _blurred(x * y) - mean_x * mean_y
    mean_x, mean_y = mean_x + MIDDLE_GREY, mean_y + MIDDLE_GREY
    above = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    below = (mean_x * mean_x + mean_y * mean_y + C1) * (variance_x + variance_y + C2)
    whole = (above / below)[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    return float(whole.mean(dtype=np.float64))


def require_window(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> None:
    """Raise TooSmallError unless a window fits into the pictures, and ValueError when their sizes differ."""
    if one.shape != other.shape:
        raise ValueError(f"pictures of {one.shape} and {other.shape} cannot be compared")
    if min(one.shape) < WINDOW_PX:
        raise TooSmallError(f"{one.shape[1]} x {one.shape[0]} px is smaller than a window of {WINDOW_PX} px")


def window() -> NDArray[np.float64]:
    """Return the weights of the window along one side, (11,), which sum to 1."""
    return np.asarray(cv2.getGaussianKernel(WINDOW_PX, WINDOW_DEVIATION_PX), np.float64)[:, 0]


def centred(picture: NDArray[np.uint8]) -> Plane:
    """Return the levels less MIDDLE_GREY, float32 (height, width)."""
    return np.asarray(picture.astype(np.float32) - MIDDLE_GREY, np.float32)


def _blurred(plane: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (WINDOW_PX, WINDOW_PX), WINDOW_DEVIATION_PX), np.float32)
