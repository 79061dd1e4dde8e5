"""How sharp a picture is, how much of it its detail fills, and whether it has a border."""

from typing import Any

import cv2
import numpy as np

from gallery.imaging.borders import find_borders
from gallery.imaging.decode import BASE_PX, Picture
from gallery.imaging.detail import filled_share

# Large enough to tell a shaken photo from a sharp one, small enough to take 2 ms.
SHARPNESS_PX = 720


def compute(picture: Picture) -> dict[str, Any]:
    """Return {"sharpness": float, "filled_share": float or None, "border": list}.

    The share (0..1) is that of the long side, or of BASE_PX where that is less, which the detail fills: below 1 for
    what was enlarged or is out of focus, None where there is too little detail to tell. The border is what
    `find_borders` says.
    """
    share = filled_share(picture.rgb(BASE_PX))
    return {
        "sharpness": sharpness(picture),
        "filled_share": None if share is None else round(share, 3),
        **find_borders(picture),
    }


def sharpness(picture: Picture) -> float:
    """Return 0 for a flat picture, some 3 for a blurred and 10 and more for a sharp photo.

    The standard deviation of the Laplacian of luma (Pech-Pacheco et al., Diatom autofocusing in brightfield
    microscopy, 2000), taken over the sharpest of 4 x 4 tiles, so that a sharp face before a soft background
    counts as sharp.
    """
    luma = cv2.cvtColor(picture.rgb(SHARPNESS_PX), cv2.COLOR_RGB2GRAY)
    edges = cv2.Laplacian(luma, cv2.CV_16S)
    tiles = [tile for row in np.array_split(edges, 4, axis=0) for tile in np.array_split(row, 4, axis=1)]
    spreads = (cv2.meanStdDev(tile)[1].item() for tile in tiles if tile.size)
    return round(max(spreads, default=0.0), 3)
