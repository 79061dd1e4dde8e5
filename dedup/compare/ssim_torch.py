"""The same structural similarity by convolutions of PyTorch, on a processor or a GPU; see ssim.py for the formula."""

import numpy as np
import torch
from numpy.typing import NDArray

from dedup.compare.ssim import C1, C2, MIDDLE_GREY, centred, require_window, window


class NoSuchDeviceError(RuntimeError):
    """PyTorch has no such device here; the message says what to do."""


class TorchSsim:
    """SSIM on one device. Call it as `ssim`; equal pictures give equal scores to 5 digits on every device."""

    def __init__(self, device: str) -> None:
        """`device` is "cpu", "cuda", "cuda:1", ... Raises NoSuchDeviceError."""
        try:
            self._device = torch.device(device)
            weights = torch.as_tensor(window(), dtype=torch.float32, device=self._device)
        except (RuntimeError, AssertionError) as error:
            raise NoSuchDeviceError(
                f"The device {device!r} cannot be used here ({str(error).splitlines()[0]}). "
                "Leave --device out to compare on the processor."
            ) from error
        self._across, self._down = weights.view(1, 1, 1, -1), weights.view(1, 1, -1, 1)

    def __call__(self, one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
        """The mean SSIM (-1..1) of two pictures of grey levels, uint8 (height, width). Raises TooSmallError."""
        require_window(one, other)
        with torch.inference_mode():
            x, y = self._plane(one), self._plane(other)
            planes = torch.cat([x, y, x * x, y * y, x * y])
            mean_x, mean_y, square_x, square_y, product = self._blurred(planes)
            variances = square_x - mean_x**2 + square_y - mean_y**2
            covariance = product - mean_x * mean_y
            mean_x, mean_y = mean_x + float(MIDDLE_GREY), mean_y + float(MIDDLE_GREY)
            above = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
            below = (mean_x**2 + mean_y**2 + C1) * (variances + C2)
            return float((above / below).mean(dtype=torch.float64))

    def _plane(self, picture: NDArray[np.uint8]) -> torch.Tensor:
        return torch.from_numpy(centred(picture)).to(self._device)[None, None]

    def _blurred(self, planes: torch.Tensor) -> torch.Tensor:
        """The five planes (5, 1, h, w) under the window, where it lies within the picture: (5, h - 10, w - 10)."""
        rows = torch.nn.functional.conv2d(planes, self._across)
        return torch.nn.functional.conv2d(rows, self._down)[:, 0]
