"""Well-known hashes and thumbnails, each as a task of the guarded child. Pure.

Beside the library's own engine they are what other tools have: quick, and blind to crops, borders and turns. All look
at the picture at 720 px. Hashes come as {"values": bytes} of 64 bits or more, first bit in the highest bit of the
first byte; the colour thumbnail as {"values": bytes} of 20 x 20 x 3 levels.
"""

from __future__ import annotations

from typing import Any

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dedup.compare.fingerprint import PICTURE_SIDE_PX
from gallery.imaging.decode import Picture

HASH_SIDE = 8
BLOCK_MEAN_PX = 256
COLOUR_SIDE_PX = 20


def average(picture: Picture) -> dict[str, Any]:
    """Whether each of 8 x 8 grey levels is above their mean (N. Krawetz, "Looks Like It", 2011)."""
    return _packed(imagehash.average_hash(_image(picture), HASH_SIDE).hash)


def perceptual(picture: Picture) -> dict[str, Any]:
    """Whether each of the 8 x 8 lowest cosines is above their median (N. Krawetz, "Looks Like It", 2011)."""
    return _packed(imagehash.phash(_image(picture), HASH_SIDE).hash)


def difference(picture: Picture) -> dict[str, Any]:
    """Whether each of 8 x 8 grey levels is darker than its right neighbour (Krawetz, "Kind of Like That", 2013)."""
    return _packed(imagehash.dhash(_image(picture), HASH_SIDE).hash)


def wavelet(picture: Picture) -> dict[str, Any]:
    """Whether each of the 8 x 8 lowest Haar coefficients is above their median (imagehash.whash)."""
    return _packed(imagehash.whash(_image(picture), HASH_SIDE).hash)


def block_mean(picture: Picture) -> dict[str, Any]:
    """Whether the mean of each of 16 x 16 blocks is above the median of these means; 256 bits.

    B. Yang, F. Gu, X. Niu, "Block Mean Value Based Image Perceptual Hashing", IIH-MSP 2006, their first method, over
    256 x 256 grey levels.
    """
    grey = _grey(picture, BLOCK_MEAN_PX, BLOCK_MEAN_PX)
    side = BLOCK_MEAN_PX // 16
    means = grey.reshape(16, side, 16, side).mean(axis=(1, 3))
    return _packed(means > np.median(means))


def gradient(picture: Picture) -> dict[str, Any]:
    """Whether grey levels rise to the right and downwards at 8 x 8 places each; 128 bits.

    The difference hash of Krawetz ("Kind of Like That", 2013) in both directions, as the "double gradient" of the Rust
    library img_hash has it.
    """
    grey = _grey(picture, HASH_SIDE + 1, HASH_SIDE + 1)
    right = grey[:HASH_SIDE, 1:] > grey[:HASH_SIDE, :-1]
    down = grey[1:, :HASH_SIDE] > grey[:-1, :HASH_SIDE]
    return _packed(np.concatenate([right, down]))


def colour(picture: Picture) -> dict[str, Any]:
    """The picture as 20 x 20 colours, uint8 (20, 20, 3): each the mean of what it covers."""
    small = _image(picture).resize((COLOUR_SIDE_PX, COLOUR_SIDE_PX), Image.Resampling.BOX)
    return {"values": small.tobytes()}


def _image(picture: Picture) -> Image.Image:
    return Image.fromarray(picture.rgb(PICTURE_SIDE_PX))


def _grey(picture: Picture, width: int, height: int) -> NDArray[np.float64]:
    small = _image(picture).convert("L").resize((width, height), Image.Resampling.BOX)
    return np.asarray(small, np.float64)


def _packed(bits: NDArray[np.bool_]) -> dict[str, Any]:
    return {"values": np.packbits(bits.ravel()).tobytes()}
