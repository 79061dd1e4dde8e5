"""From a stored preview back to pixels."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def decode_preview(encoded: bytes, long_side_px: int) -> NDArray[np.uint8]:
    """Return the preview as uint8 (height, width, 3), transparent parts on white, long side at most `long_side_px`."""
    with Image.open(io.BytesIO(encoded)) as image:
        image.draft("RGB", (long_side_px, long_side_px))
        if image.mode == "RGBA":
            picture = Image.new("RGB", image.size, "white")
            picture.paste(image, mask=image.getchannel("A"))
        else:
            picture = image.convert("RGB")
    if max(picture.size) > long_side_px:
        picture.thumbnail((long_side_px, long_side_px), Image.Resampling.BOX)
    return np.asarray(picture, np.uint8)
