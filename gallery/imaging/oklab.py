"""Oklab, in which distances between colours are what eyes see (Ottosson, A perceptual color space, 2020)."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_LINEAR_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def to_oklab(rgb: FloatArray) -> FloatArray:
    """Return n x 3 sRGB colours (0 to 1) as Oklab."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lab: FloatArray = (np.cbrt(linear @ _LINEAR_TO_LMS.T) @ _LMS_TO_OKLAB.T).astype(np.float32)
    return lab


def from_oklab(lab: FloatArray) -> FloatArray:
    """Return n x 3 Oklab colours as sRGB, clipped to 0 to 1."""
    linear = ((lab @ np.linalg.inv(_LMS_TO_OKLAB).T) ** 3) @ np.linalg.inv(_LINEAR_TO_LMS).T
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(
        np.float32
    )
