"""JPEG by libjpeg-turbo without a detour: a quarter less time than through libvips, for files without a fault.

Everything else about a JPEG (its header, its limits, its damage) is libvips' business.
"""

import mmap
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray


class Unsound(ValueError):
    """Some part of the file is at fault; the message is libjpeg's."""


# At a half, a quarter and an eighth, whole frequencies are left out, by hand-written code. The scales between
# them (libjpeg-turbo knows all eighths) take longer than the next larger of these.
_SHRINKS = (8, 4, 2)


def shrink_for(long_side: int, at_least_px: int) -> int:
    """Return by how much a JPEG may be shrunk while decoding: the most that leaves `at_least_px`."""
    return next((by for by in _SHRINKS if long_side // by >= at_least_px), 1)


def decode_sound(
    path: Path, width: int, height: int, *, shrink: int, strict: bool = True
) -> NDArray[np.uint8]:
    """Return the JPEG at `path`, of `width` x `height` pixels in its header, at 1 / `shrink` of its size: height
    x width x 3, in the colours of the file. Raises Unsound where any part of it is at fault or, unless `strict`, where
    nothing can be read."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(
                content,
                min_width=-(-width // shrink),
                min_height=-(-height // shrink),
                min_factor=1,
                strict=strict,
            )
        except ValueError as fault:
            raise Unsound(str(fault)) from fault
    # The last row and column may stand for less than `shrink` pixels; left in, they would stretch the picture.
    whole_rows, whole_columns = max(1, height // shrink), max(1, width // shrink)
    return np.ascontiguousarray(pixels[:whole_rows, :whole_columns])
