"""The colours of a picture: a small palette and a blurred placeholder."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.imaging.decode import Picture
from gallery.imaging.oklab import from_oklab, to_oklab
from gallery.imaging.sizes import PREVIEW_SIZES_PX
from gallery.imaging.thumbhash import thumbhash

PALETTE_COLOURS = 6
# Enough to see every colour that covers a part worth naming, and for a ThumbHash, which holds 7 x 7 cosines at most and
# takes up to 100 pixels. A quarter of the smallest preview, as two halvings make it: sizes between take 1.4 ms.
_SAMPLE_PX = min(PREVIEW_SIZES_PX) // 4
# Two colours nearer than this (Oklab, where about 0.02 is just noticeable) get one name in a palette.
_MERGE_BELOW_OKLAB = 0.06
_LEAST_SHARE = 0.02
_KMEANS_ROUNDS = 6
# Pixels are first gathered in cells of this size, which bounds the work for any picture.
_CELL_BITS = 4

FloatArray = NDArray[np.float32]


def compute(picture: Picture) -> dict[str, Any]:
    """Return {"palette": [["#rrggbb", share], ...], "dominant_colour": "#rrggbb", "thumbhash": bytes}.

    The palette has 1 to 6 colours, most common first; shares add up to about 1.
    """
    colours = palette(picture.rgb(_SAMPLE_PX))
    return {
        "palette": [list(entry) for entry in colours],
        "dominant_colour": colours[0][0],
        "thumbhash": thumbhash(_rgba(picture)),
    }


def palette(rgb: NDArray[np.uint8]) -> list[tuple[str, float]]:
    """Return up to 6 colours of a height x width x 3 picture as ("#rrggbb", share), most common first.

    Weighted k-means in Oklab (Ottosson, A perceptual color space for image processing, 2020), begun at the
    colours that are farthest apart, so that a small red boat on a large sea is found.
    """
    points, weights = _cells(rgb)
    centres = _farthest(points, weights)
    for _ in range(_KMEANS_ROUNDS):
        member = _nearest(points, centres)
        mass = np.bincount(member, weights, minlength=len(centres))
        sums = np.stack(
            [np.bincount(member, weights * points[:, i], minlength=len(centres)) for i in range(3)], 1
        )
        kept = mass > 0
        centres, mass = (sums[kept] / mass[kept, None]).astype(np.float32), mass[kept]
    return _named(*_merged(centres, mass / mass.sum()))


def _cells(rgb: NDArray[np.uint8]) -> tuple[FloatArray, NDArray[np.float64]]:
    """The mean colour of each occupied cell of the RGB cube, in Oklab, and its number of pixels."""
    flat = rgb.reshape(-1, 3)
    coarse = (flat >> (8 - _CELL_BITS)).astype(np.int32)
    key = (coarse[:, 0] << 2 * _CELL_BITS) | (coarse[:, 1] << _CELL_BITS) | coarse[:, 2]
    counts = np.bincount(key, minlength=1 << 3 * _CELL_BITS)
    used = np.flatnonzero(counts)
    sums = np.stack([np.bincount(key, flat[:, i], minlength=len(counts))[used] for i in range(3)], axis=1)
    weights = counts[used].astype(np.float64)
    return to_oklab((sums / weights[:, None] / 255).astype(np.float32)), weights


def _farthest(points: FloatArray, weights: NDArray[np.float64]) -> FloatArray:
    """The starting centres: the most common cell, then each time the one whose pixels are worst served."""
    chosen = [int(weights.argmax())]
    distance = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < min(PALETTE_COLOURS, len(points)):
        chosen.append(int((distance * np.sqrt(weights)).argmax()))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[chosen]


def _nearest(points: FloatArray, centres: FloatArray) -> NDArray[np.intp]:
    nearest: NDArray[np.intp] = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    return nearest


def _merged(centres: FloatArray, shares: NDArray[np.float64]) -> tuple[FloatArray, NDArray[np.float64]]:
    """Centres that look alike made one, and slivers dropped."""
    order = np.argsort(-shares)
    kept: list[FloatArray] = []
    kept_shares: list[float] = []
    for centre, share in zip(centres[order], shares[order], strict=True):
        distances = [float(np.linalg.norm(centre - other)) for other in kept]
        if distances and min(distances) < _MERGE_BELOW_OKLAB:
            kept_shares[int(np.argmin(distances))] += float(share)
        elif share >= _LEAST_SHARE or not kept:
            kept.append(centre)
            kept_shares.append(float(share))
    return np.stack(kept), np.array(kept_shares)


def _named(centres: FloatArray, shares: NDArray[np.float64]) -> list[tuple[str, float]]:
    named = np.rint(from_oklab(centres) * 255).astype(int)
    order = np.argsort(-shares, kind="stable")
    return [("#{:02x}{:02x}{:02x}".format(*named[i]), round(float(shares[i]), 4)) for i in order]


def _rgba(picture: Picture) -> NDArray[np.uint8]:
    pixels = picture.with_alpha_at(_SAMPLE_PX)
    if pixels.shape[2] == 4:
        return pixels
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
