"""Whether a larger picture is only a smaller one enlarged: what it has beyond the smaller one's finest detail is then
just what enlarging makes of that, while an original has detail of its own there."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.floating[Any]]
Weights = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# Side of the windows of the larger picture that are looked at, and of how many the answer is made.
WINDOW_PX = 320
WINDOW_CENTRES = ((0.5, 0.5), (0.27, 0.27), (0.27, 0.73), (0.73, 0.27), (0.73, 0.73))
WINDOWS = 3
# Pixels of the smaller picture around a window, which no kernel reaches beyond, and at its edge that are not trusted.
REACH_PX = 4
# What two distances may differ by and count as equal.
TIE = 1e-6


def _nearest(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return ((x >= -0.5) & (x < 0.5)).astype(np.float64)


def _nearest_before(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for programs that take the other one where two are as near."""
    return ((x > -0.5 + TIE) & (x <= 0.5 + TIE)).astype(np.float64)


def _linear(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(sharpness: float) -> Weights:
    """Keys' cubic convolution (1981); -0.5 is Catmull-Rom, as in Pillow and libvips, -0.75 OpenCV's."""

    def weights(x: NDArray[np.float64]) -> NDArray[np.float64]:
        a, d = sharpness, np.abs(x)
        near = (a + 2) * d**3 - (a + 3) * d**2 + 1
        far = a * (d**3 - 5 * d**2 + 8 * d - 4)
        return np.where(d < 1, near, np.where(d < 2, far, 0.0))

    return weights


def _lanczos(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


KERNELS: tuple[Weights, ...] = (_nearest, _nearest_before, _linear, _cubic(-0.5), _cubic(-0.75), _lanczos)


def agreement(small: NDArray[np.uint8], large: NDArray[np.uint8]) -> float:
    """Return how well (-1..1) what `large` has beyond the detail of `small` agrees with what enlarging `small` to that
    size makes there, by the kernel that fits best: near 1 for an enlarged picture, small for an original.

    Both are grey, height x width, and show the same from edge to edge; `large` has more pixels on both sides.
    """
    windows = [_Window.at(small, large, *centre) for centre in WINDOW_CENTRES]
    chosen = sorted(windows, key=lambda window: window.texture, reverse=True)[:WINDOWS]
    found = []
    for kernel in KERNELS:
        products = np.zeros(3)
        for window in chosen:
            products += window.products(kernel)
        found.append(products[0] / max(1e-6, float(np.sqrt(products[1] * products[2]))))
    return float(max(found))


class _Window:
    """A part of the larger picture, the part of the smaller one beneath it, and where the pixels of one lie in those
    of the other."""

    def __init__(self, small: Grey, large: Grey, down: "_Axis", across: "_Axis") -> None:
        self.small, self.large, self._down, self._across = small, large, down, across

    @classmethod
    def at(cls, small: NDArray[np.uint8], large: NDArray[np.uint8], down: float, across: float) -> "_Window":
        """The window around this place (shares of height and width)."""
        rows = _Axis(small.shape[0], large.shape[0], down)
        columns = _Axis(small.shape[1], large.shape[1], across)
        return cls(
            small[rows.small, columns.small].astype(np.float32),
            large[rows.large, columns.large].astype(np.float32),
            rows,
            columns,
        )

    def products(self, kernel: Weights) -> NDArray[np.float64]:
        """The sums of products of what the larger one has beyond the smaller one's detail with what the kernel makes
        there, of the first with itself, and of the second with itself."""
        made = self._beyond(self._down.enlarge(kernel) @ self.small @ self._across.enlarge(kernel).T)
        there = self._there
        return np.array([(there * made).sum(), (there * there).sum(), (made * made).sum()], np.float64)

    @property
    def texture(self) -> float:
        """Mean difference of neighbours in the smaller picture: where there is none, nothing can agree."""
        return float(np.abs(np.diff(self.small, axis=0)).mean() + np.abs(np.diff(self.small, axis=1)).mean())

    @cached_property
    def _there(self) -> NDArray[np.float32]:
        return self._beyond(self.large)

    def _beyond(self, pixels: Grey) -> NDArray[np.float32]:
        """The pixels less what is left of them after making them as small as the smaller picture, and large again."""
        again = self._down.there_and_back @ pixels @ self._across.there_and_back.T
        return np.asarray((pixels - again)[self._down.inner, self._across.inner], np.float32)


class _Axis:
    """Rows or columns of a window: those of the larger picture, and those of the smaller one beneath them."""

    def __init__(self, small: int, large: int, place: float) -> None:
        scale = large / small
        length = min(large, WINDOW_PX)
        start = min(max(0, round(place * large - length / 2)), large - length)
        first = max(0, int(start / scale) - REACH_PX)
        last = min(small, int(np.ceil((start + length) / scale)) + REACH_PX)
        self.large, self.small = slice(start, start + length), slice(first, last)
        # Where the larger one's pixels lie among the smaller one's.
        self._centres = (np.arange(start, start + length) + 0.5) / scale - 0.5 - first
        self._count, self._scale = last - first, scale
        margin = int(np.ceil(REACH_PX * scale))
        self.inner = slice(margin, max(margin + 1, length - margin))

    def enlarge(self, kernel: Weights) -> NDArray[np.float32]:
        """The matrix that makes the larger one's pixels of the smaller one's."""
        weights = kernel(np.asarray(self._centres[:, None] - np.arange(self._count), np.float64))
        return np.asarray(weights / np.maximum(1e-6, weights.sum(axis=1, keepdims=True)), np.float32)

    @cached_property
    def there_and_back(self) -> NDArray[np.float32]:
        """The matrix that makes the larger one's pixels small and large again."""
        return self.enlarge(_lanczos) @ self.shrink()

    def shrink(self) -> NDArray[np.float32]:
        """The matrix that makes the smaller one's pixels of the larger one's, as means of what they cover."""
        half = 0.5 + 0.5 / self._scale
        distance = np.abs(self._centres - np.arange(self._count)[:, None])
        weights = np.clip((half - distance) * self._scale, 0.0, 1.0)
        return np.asarray(weights / np.maximum(1e-6, weights.sum(axis=1, keepdims=True)), np.float32)
