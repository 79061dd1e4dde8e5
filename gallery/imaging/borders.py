"""Bands of one colour along the edges of a picture: a border, or the bars of a film."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.imaging.decode import Picture

# A border of one hundredth is three pixels of this; the rung below it is made for the grid anyway.
LOOKED_AT_PX = 320
# Levels (0..255) within a band: JPEG noise and the ringing of the picture beside it.
BAND_SPREAD_GREY = 10
# Levels by which a line may differ from the colour of the outermost one on average: a wall in a photo has shades.
BAND_MEAN_GREY = 3.0
# Share of a line that may be of other colours: compression rings at the ends of a border all around.
BAND_STRAY_SHARE = 0.03
# Lines next to the seam that may be blurred by the shrinking, or ring by compression: a block of a JPEG.
SEAM_LINES = 8
# Share of the seam behind which the picture must differ from the band by this much: what ends evenly without an edge is
# a background of the picture itself, as in a shot of a thing on white paper.
SEAM_JUMP_GREY = 24
SEAM_SHARE_MIN = 0.6
# A band that lies on both opposite sides needs less of an edge: the picture itself may be dark there.
PAIRED_SEAM_SHARE_MIN = 0.35
# Of a side: thinner ones are the edge of a scan, wider ones are no picture with a border any more.
BAND_SHARE_MIN = 0.01
BAND_SHARE_MAX = 0.45


def find_borders(picture: Picture) -> dict[str, Any]:
    """Return {"border": [top, right, bottom, left]}, the shares (0..1) of height and width that bands take; [] for
    none."""
    pixels = picture.rgb(LOOKED_AT_PX)
    shares = band_shares(pixels)
    return {"border": [round(share, 4) for share in shares] if any(shares) else []}


def band_shares(pixels: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Return how much of height and width bands of one colour take at the top, right, bottom and left (0..1).

    `pixels` is height x width x 3.
    """
    sides = [np.rot90(pixels, turns) for turns in range(4)]  # the top of each: top, right, bottom, left
    bands = [_Band.of(side) for side in sides]
    shares = []
    for band, opposite in zip(bands, bands[2:] + bands[:2], strict=True):
        least = PAIRED_SEAM_SHARE_MIN if band.is_paired_with(opposite) else SEAM_SHARE_MIN
        shares.append(band.share if band.edge_share >= least else 0.0)
    return shares[0], shares[1], shares[2], shares[3]


class _Band:
    """The lines of one colour at the top: their share of the height, how much of their end is an edge, and the
    colour."""

    def __init__(self, share: float, edge_share: float, colour: NDArray[np.float32]) -> None:
        self.share, self.edge_share, self.colour = share, edge_share, colour

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> "_Band":
        height = len(pixels)
        colour = np.median(pixels[0], axis=0).astype(np.float32)
        lines = _lines_of(pixels, colour)
        share = lines / height
        if not BAND_SHARE_MIN <= share <= BAND_SHARE_MAX:
            return cls(0.0, 0.0, colour)
        behind = pixels[lines : lines + SEAM_LINES].astype(np.float32)
        edges = (np.abs(behind - colour).max(axis=2) >= SEAM_JUMP_GREY).mean(axis=1)
        steepest = float(edges.max())
        # The band ends on the first line that differs nearly as much as any.
        return cls((lines + int((edges >= 0.9 * steepest).argmax())) / height, steepest, colour)

    def is_paired_with(self, other: "_Band") -> bool:
        """Whether the other one has the same colour and about the same width."""
        same_colour = bool(np.abs(self.colour - other.colour).max() <= BAND_SPREAD_GREY)
        return same_colour and min(self.share, other.share) > 0.5 * max(self.share, other.share) > 0


def _lines_of(pixels: NDArray[np.uint8], colour: NDArray[np.float32]) -> int:
    """How many lines from the top on are of the colour alone."""
    limit = int(BAND_SHARE_MAX * len(pixels)) + 2
    for place, line in enumerate(pixels[:limit]):
        off = np.abs(line - colour).max(axis=1)
        if off.mean() > BAND_MEAN_GREY or (off > BAND_SPREAD_GREY).mean() > BAND_STRAY_SHARE:
            return place
    return limit
