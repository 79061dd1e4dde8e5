"""Make two aligned pictures equally sharp, so that a blurred or shrunk copy differs by that alone."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.overlap import Canvas

_FINE_PX, _MIDDLE_PX = 1.5, 4.0
_BLURS_PX = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6)

Plane = NDArray[np.float32]


def equally_sharp(canvas: Canvas) -> tuple[Canvas, float]:
    """Return the canvas with the sharper picture blurred until it is no sharper than the other, and the blur in px."""
    planes = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32) for one in (canvas.low, canvas.high)]
    wanted, other = sorted(sharpness(plane, canvas.valid) for plane in planes)
    if other <= thresholds.SHARPER * wanted:
        return canvas, 0.0
    sharper = int(np.argmax([sharpness(plane, canvas.valid) for plane in planes]))
    blur_px = _blur_to(planes[sharper], canvas.valid, thresholds.SHARPER * wanted)
    name = ("low", "high")[sharper]
    blurred = np.asarray(cv2.GaussianBlur(getattr(canvas, name), (0, 0), blur_px), np.uint8)
    return (replace(canvas, low=blurred) if name == "low" else replace(canvas, high=blurred)), blur_px


def sharpness(plane: Plane, valid: NDArray[np.bool_]) -> float:
    """Return the share (0..) of fine detail in what is not even coarser, whatever the contrast."""
    fine, middle = (cv2.GaussianBlur(plane, (0, 0), blur_px) for blur_px in (_FINE_PX, _MIDDLE_PX))
    detail, structure = (float(np.abs(one)[valid].sum()) for one in (plane - fine, fine - middle))
    return detail / max(structure, 1e-3)


def _blur_to(plane: Plane, valid: NDArray[np.bool_], wanted: float) -> float:
    for blur_px in _BLURS_PX:
        if sharpness(np.asarray(cv2.GaussianBlur(plane, (0, 0), blur_px), np.float32), valid) <= wanted:
            return blur_px
    return _BLURS_PX[-1]
