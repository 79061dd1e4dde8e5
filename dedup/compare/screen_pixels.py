"""The pixels of a screenshot for comparing, at half its size or whole; runs in the guarded child."""

from typing import Any

import cv2
import numpy as np

from gallery.imaging.colourspace import to_srgb
from gallery.imaging.decode import BASE_PX, Picture, Pixels, over_white
from gallery.imaging.loaders import check_pixel_limits, open_header

# A message to the guard holds 64 MiB; a screen of 5120 x 2880 px has 15 megapixels, of 3 bytes each.
SENT_LIMIT_MEGAPIXELS = 20


def compute_half(picture: Picture) -> dict[str, Any]:
    """Return {"rgb": bytes of height x width x 3, "width", "height"} at half the width and height of the picture."""
    half_px = max(1, max(picture.width, picture.height) // 2)
    if half_px <= BASE_PX:
        return _sent(picture.rgb(half_px))
    whole = _whole(picture)
    size = (whole.shape[1] // 2, whole.shape[0] // 2)
    return _sent(np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8))


def compute_full(picture: Picture) -> dict[str, Any]:
    """Return the same at full size. Raises Refused beyond SENT_LIMIT_MEGAPIXELS."""
    check_pixel_limits(
        picture.width,
        picture.height,
        whole_kind="a screenshot that is compared at full size",
        limit_megapixels=SENT_LIMIT_MEGAPIXELS,
    )
    return _sent(_whole(picture))


def _whole(picture: Picture) -> Pixels:
    """All pixels, (height, width, 3). What the one decode shrank is decoded again."""
    if max(picture.width, picture.height) <= BASE_PX:
        return picture.rgb(BASE_PX)
    image = open_header(picture.path, picture.sniffed.format).copy_memory().autorot()
    pixels = np.asarray(to_srgb(image).numpy(), np.uint8)
    return over_white(pixels) if pixels.shape[2] > 3 else pixels


def _sent(pixels: Pixels) -> dict[str, Any]:
    return {"rgb": pixels.tobytes(), "width": pixels.shape[1], "height": pixels.shape[0]}
