"""What only the whole pixels of two copies tell: how coarsely each was ever saved, and whether one is just enlarged."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from gallery.imaging.colourspace import to_srgb
from gallery.imaging.complaints import collected_warnings
from gallery.imaging.compression import quality_of_file, quality_of_pixels
from gallery.imaging.decode import DECODER_ERRORS, OnOpened, over_white
from gallery.imaging.enlarging import agreement
from gallery.imaging.loaders import open_header, read_header
from gallery.imaging.overlays import find_overlay
from gallery.imaging.sniff import PictureFormat, sniff_file

# Sides that differ by less (share) are too alike to tell which one was made from the other.
ENLARGED_MIN = 1.15
# Difference of the two sides' scales (share) from which the pictures do not show the same from edge to edge.
STRETCH_MAX = 0.02
# Below it (px), an answer would be chance.
SIDE_PX_MIN = 64
# Middle part in which copies are compared with each other, and how alike edges must lie there to say which ones are
# sharper (correlation).
COMPARED_PX = 1440
SAME_EDGES_MIN = 0.4
# How many times sharper one copy may be beside what lies over it. Of marked copies saved at quality 90 to 60 nearly all
# stay within; blurred, halved and filtered ones, whose outlines look like those of an overlay, lie beyond.
BESIDE_OVERLAY_TIMES_MAX = 1.3
# How much of a picture's edges (share of their spread) has to lie beside what may lie over it, to tell that: where all
# edges differ, the rest is flat in a blurred copy as well.
BESIDE_EDGES_MIN = 0.5


def compare_copies(
    first: Path, second: Path, *, aligned: bool, opened: OnOpened
) -> dict[str, list[int | None] | float | None]:
    """Return {"saved": [quality of the first, of the second], "enlarged": agreement, "sharper": times, "overlaid": 0}.

    A quality is that of the coarsest JPEG that the picture was ever saved as in its present size, 1..100, None where
    nothing shows it. The agreement says how surely the larger of the two is the smaller one enlarged, as
    `enlarging.agreement` does; None where their sizes are too alike, or where they are not `aligned` edge to edge.
    `sharper` is how many times steeper the edges of the first are than those of the second, both at the size of the
    smaller one and beside what lies over one of them, and `overlaid` which one that is (0 for the first); both are None
    where they are not aligned, or where that cannot be told. `opened` is called with the size before a file is decoded.
    """
    with collected_warnings():
        greys = [_grey(path, opened) for path in (first, second)]
    saved = [_saved(path, grey) for path, grey in zip((first, second), greys, strict=True)]
    one, other = greys
    if not aligned or one is None or other is None or min(*one.shape, *other.shape) < SIDE_PX_MIN:
        return {"saved": saved, "enlarged": None, "sharper": None, "overlaid": None}
    enlarged = None
    if _is_scaled(one, other):
        small, large = sorted((one, other), key=lambda grey: grey.size)
        enlarged = round(agreement(small, large), 3)
    sharper, overlaid = _sharper_and_overlaid(*_at_one_size(one, other))
    return {"saved": saved, "enlarged": enlarged, "sharper": sharper, "overlaid": overlaid}


def _sharper_and_overlaid(
    one: NDArray[np.uint8], other: NDArray[np.uint8]
) -> tuple[float | None, int | None]:
    """How many times sharper the first is, letters and stickers aside, and which of the two has these."""
    overlay = find_overlay(one, other)
    if overlay is None:
        return _times_sharper(one, other), None
    beside = ~overlay.area
    edges = _edges(one), _edges(other)
    spreads = [max(1e-6, _spread(each[beside])) for each in edges]
    if max(spreads) > BESIDE_OVERLAY_TIMES_MAX * min(spreads):
        return _times_sharper(one, other), None
    plainer = min(edges, key=_spread)
    tells = _spread(plainer[beside]) >= BESIDE_EDGES_MIN * _spread(plainer)
    return _times_sharper(one, other, beside if tells else None), overlay.on


def _at_one_size(
    one: NDArray[np.uint8], other: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The middle parts of both, at the size of the smaller one."""
    height, width = min(one.shape[0], other.shape[0]), min(one.shape[1], other.shape[1])
    top, left = max(0, (height - COMPARED_PX) // 2), max(0, (width - COMPARED_PX) // 2)
    parts = []
    for grey in (one, other):
        is_larger = grey.shape != (height, width)
        same = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA) if is_larger else grey
        parts.append(np.asarray(same[top : top + COMPARED_PX, left : left + COMPARED_PX], np.uint8))
    return parts[0], parts[1]


def _times_sharper(
    one: NDArray[np.uint8], other: NDArray[np.uint8], where: NDArray[np.bool_] | None = None
) -> float | None:
    """How many times steeper the edges of the first are, by the Laplacian; None where they do not lie alike."""
    layers = _edges(one), _edges(other)
    edges = [layer.ravel() if where is None else layer[where] for layer in layers]
    spreads = [_spread(each) for each in edges]
    if min(spreads) <= 0 or float(np.mean(edges[0] * edges[1])) < SAME_EDGES_MIN * spreads[0] * spreads[1]:
        return None
    return round(spreads[0] / spreads[1], 3)


def _edges(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(cv2.Laplacian(grey, cv2.CV_32F), np.float32)


def _spread(values: NDArray[np.float32]) -> float:
    """The root of the mean square; 0 for none."""
    return float(np.sqrt(np.mean(values * values))) if values.size else 0.0


def _is_scaled(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    scales = np.array(one.shape, float) / other.shape
    if scales.mean() < 1:
        scales = 1 / scales
    is_stretched = float(scales.max() / scales.min()) - 1 > STRETCH_MAX
    return bool(scales.min() >= ENLARGED_MIN) and not is_stretched


def _saved(path: Path, grey: NDArray[np.uint8] | None) -> int | None:
    """The lower of the quality that the file's tables say, and the one that its pixels show."""
    is_jpeg = sniff_file(path).format is PictureFormat.JPEG
    said = quality_of_file(path) if is_jpeg else None
    shown = None if grey is None else quality_of_pixels(grey)
    known = [quality for quality in (said, shown) if quality is not None]
    return min(known, default=None)


def _grey(path: Path, opened: OnOpened) -> NDArray[np.uint8] | None:
    """The first frame, upright, as grey levels; None for camera RAW and for what cannot be read whole."""
    picture_format = sniff_file(path).format
    if picture_format is PictureFormat.RAW:
        return None
    try:
        image = open_header(path, picture_format)
        header = read_header(image, path, picture_format)
        opened(header.width, header.height)
        image = to_srgb(image).copy_memory()
        image.set_type(pyvips.GValue.gint_type, "orientation", header.orientation)
        pixels = np.asarray(image.autorot().numpy(), np.uint8)
    except DECODER_ERRORS:
        return None
    return _levels(pixels)


def _levels(pixels: Any) -> NDArray[np.uint8]:
    """Grey levels of a picture of 1 to 4 bands; what is transparent lies over white."""
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.asarray(pixels.reshape(pixels.shape[:2]), np.uint8)
    rgb = over_white(pixels) if pixels.shape[2] == 4 else pixels[:, :, :3]
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY), np.uint8)
