"""Find how one picture lies in another: matched points, and the affine map that most of them agree on.

Each matched pair of points proposes a whole similarity (its own position, direction and size); the proposal
that most other matches support is refined by least squares to a similarity and, with enough points, to an
affine map. Mirrored pictures are matched through `LocalFeatures.mirrored`.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import maps, thresholds
from dedup.compare.codes import HALF_BITS
from dedup.compare.local_features import LocalFeatures

_AFFINE_POINTS_MIN = 8
_REFINEMENTS = 4
_PROPOSALS = 3
_SAME_SPOT_PX = 6.0


@dataclass(frozen=True)
class Matches:
    """Matched points: positions float64 (n, 2), angle (radians) and size ratio float64 (n,)."""

    low_xy: NDArray[np.float64]
    high_xy: NDArray[np.float64]
    turn: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.turn)


@dataclass(frozen=True)
class Alignment:
    """How the low picture lies in the high one, by points.

    `affine` float64 (2, 3) maps px of the low frame (mirrored first when `mirrored`) to px of the high frame;
    `points` counts distinct agreeing points, `matched` all matches, `spread` is the share of the smaller
    picture's frame that the agreeing points span (0..1). `matches` are all matched points, of the mirrored low picture
    when `mirrored`.
    """

    affine: NDArray[np.float64]
    mirrored: bool
    points: int
    matched: int
    spread: float
    matches: Matches = field(repr=False)

    @property
    def share(self) -> float:
        """Share of the matches that agree with the alignment (0..1)."""
        return self.points / max(1, self.matched)


def align(low: LocalFeatures, high: LocalFeatures) -> list[Alignment]:
    """Return the alignments found, upright and mirrored, those with more points first; maybe none."""
    same, turned = _distances(low.codes, high.codes)
    # Mirrored, the second half of a code has all bits the other way round.
    views = [(low, same + turned, False), (low.mirrored(), same + (HALF_BITS - turned), True)]
    found = [_align_view(view, high, distance, mirrored=mirrored) for view, distance, mirrored in views]
    return sorted((one for one in found if one is not None), key=lambda one: -one.points)


def relative_affine(alignment: Alignment, low: LocalFeatures, high: LocalFeatures) -> NDArray[np.float64]:
    """Return the alignment as a 2x3 map between relative coordinates (0..1 over each whole picture)."""
    return _relative(alignment.affine, alignment, low, high)[:2]


def relative_perspective(
    alignment: Alignment, low: LocalFeatures, high: LocalFeatures
) -> NDArray[np.float64] | None:
    """Return the 3x3 map between relative coordinates under which most points near the alignment agree.

    A print that was photographed at an angle needs it. None when too few points agree with any.
    """
    matches = alignment.matches
    error = np.hypot(*(maps.apply(alignment.affine, matches.low_xy) - matches.high_xy).T)
    near = error < thresholds.BEND_TOLERANCE_PX * max(
        1.0, np.sqrt(maps.scale_at(alignment.affine, np.zeros(2)))
    )
    if near.sum() < thresholds.BEND_POINTS_MIN:
        return None
    bent, inside = cv2.findHomography(
        matches.low_xy[near], matches.high_xy[near], cv2.USAC_MAGSAC, thresholds.ALIGN_TOLERANCE_PX / 2
    )
    if bent is None or int(inside.sum()) < thresholds.BEND_POINTS_MIN:
        return None
    return _relative(np.asarray(bent, np.float64), alignment, low, high)


def _relative(
    pixels: NDArray[np.float64], alignment: Alignment, low: LocalFeatures, high: LocalFeatures
) -> NDArray[np.float64]:
    mapping = maps.lift(pixels)
    if alignment.mirrored:
        mapping = mapping @ np.array([[-1.0, 0, low.width - 1], [0, 1, 0], [0, 0, 1]])
    return maps.between_relative(mapping, (low.height, low.width), (high.height, high.width))


def match(low: LocalFeatures, high: LocalFeatures) -> Matches:
    """Match points by code: the nearest, if near enough and mutual or clearly nearer than the next."""
    first, second = _distances(low.codes, high.codes)
    return _match_codes(low, high, first + second)


def _match_codes(low: LocalFeatures, high: LocalFeatures, distance: NDArray[np.uint8]) -> Matches:
    """Match points whose codes are `distance` bits apart, uint8 (n, m)."""
    if len(low) < 2 or len(high) < 2:
        return _matches(low, high, np.zeros(0, np.int64), np.zeros(0, np.int64))
    # Of two pictures that have nothing to do with each other few points have any other near: only those are looked at.
    rows = np.flatnonzero((distance <= thresholds.MATCH_CODE_BITS).any(axis=1))
    near = distance[rows]
    nearest = near.argmin(axis=1)
    best = near[np.arange(len(rows)), nearest].astype(np.int64)
    mutual = distance[:, nearest].argmin(axis=0) == rows
    second = np.partition(near, 1, axis=1)[:, 1]
    chosen = mutual | (best <= thresholds.MATCH_RATIO * second)
    return _matches(low, high, rows[chosen], nearest[chosen])


def _distances(low: NDArray[np.uint64], high: NDArray[np.uint64]) -> list[NDArray[np.uint8]]:
    """Hamming distances of the two halves of codes, uint8 (n, m) each: at most 64, so that their sum fits as well."""
    return [np.bitwise_count(low[:, None, half] ^ high[None, :, half]) for half in (0, 1)]


def _matches(
    low: LocalFeatures, high: LocalFeatures, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> Matches:
    return Matches(
        low_xy=low.xy[rows].astype(np.float64),
        high_xy=high.xy[columns].astype(np.float64),
        turn=(high.angle[columns] - low.angle[rows]).astype(np.float64),
        scale=(high.size[columns] / low.size[rows]).astype(np.float64),
    )


def _align_view(
    low: LocalFeatures, high: LocalFeatures, distance: NDArray[np.uint8], *, mirrored: bool
) -> Alignment | None:
    matches = _match_codes(low, high, distance)
    if len(matches) < thresholds.ALIGN_POINTS_MIN:
        return None
    support = _support(matches)
    supporters = support.sum(axis=1)
    best: Alignment | None = None
    for proposal in np.argsort(-supporters, kind="stable")[:_PROPOSALS]:
        if supporters[proposal] < thresholds.ALIGN_POINTS_MIN:
            break
        refined = _refine(matches, support[proposal])
        if refined is None:
            continue
        affine, inside = refined
        points = _distinct(matches, inside)
        if points >= thresholds.ALIGN_POINTS_MIN and (best is None or points > best.points):
            spread = min(
                _span(matches.low_xy[inside], low.width, low.height),
                _span(matches.high_xy[inside], high.width, high.height)
                / max(1e-9, _covered(affine, low, high)),
            )
            best = Alignment(affine, mirrored, points, len(matches), float(min(1.0, spread)), matches)
    return best


def _support(matches: Matches) -> NDArray[np.bool_]:
    """Return which matches (columns) agree with the similarity that each match (rows) proposes alone."""
    low = matches.low_xy @ (1, 1j)
    high = matches.high_xy @ (1, 1j)
    factor = matches.scale * np.exp(1j * matches.turn)
    error = np.abs(factor[:, None] * (low[None] - low[:, None]) - (high[None] - high[:, None]))
    tolerance = 2 * thresholds.ALIGN_TOLERANCE_PX * np.maximum(1.0, np.sqrt(matches.scale))
    turned = np.abs(np.angle(np.exp(1j * (matches.turn[:, None] - matches.turn[None]))))
    scaled = np.abs(np.log(matches.scale)[:, None] - np.log(matches.scale)[None])
    return np.asarray(
        (error < tolerance[:, None])
        & (turned < thresholds.ALIGN_ANGLE_RADIANS)
        & (scaled < thresholds.ALIGN_LOG_SIZE)
    )


def _refine(
    matches: Matches, inside: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """Fit and re-select in turn; None when the points do not fix a plausible map."""
    affine = np.zeros((2, 3))
    for step in range(_REFINEMENTS):
        if inside.sum() < 3:
            return None
        full = step >= _REFINEMENTS - 2 and inside.sum() >= _AFFINE_POINTS_MIN
        affine = (_fit_affine if full else _fit_similarity)(matches.low_xy[inside], matches.high_xy[inside])
        error = np.hypot(*(matches.low_xy @ affine[:, :2].T + affine[:, 2] - matches.high_xy).T)
        scale = np.sqrt(abs(np.linalg.det(affine[:, :2])))
        inside = error < thresholds.ALIGN_TOLERANCE_PX * max(1.0, np.sqrt(scale))
    return (affine, inside) if plausible(affine) else None


def plausible(affine: NDArray[np.float64]) -> bool:
    """Whether a 2x3 map in px is one that crops, turns and resizing make: no mirror, little stretch."""
    if np.linalg.det(affine[:, :2]) <= 0:
        return False
    large, small = np.linalg.svd(affine[:, :2], compute_uv=False)
    scale = np.sqrt(large * small)
    return bool(
        thresholds.ALIGN_SCALE_MIN < scale < thresholds.ALIGN_SCALE_MAX
        and large < thresholds.ALIGN_STRETCH_MAX * small
    )


def _fit_similarity(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    start, end = low @ (1, 1j), high @ (1, 1j)
    start_mean, end_mean = start.mean(), end.mean()
    spread = (np.abs(start - start_mean) ** 2).sum()
    factor = (np.conj(start - start_mean) * (end - end_mean)).sum() / max(spread, 1e-9)
    shift = end_mean - factor * start_mean
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def _fit_affine(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    design = np.column_stack([low, np.ones(len(low))])
    return np.asarray(np.linalg.lstsq(design, high, rcond=None)[0].T, np.float64)


def _distinct(matches: Matches, inside: NDArray[np.bool_]) -> int:
    """Count agreeing points that lie on different spots in both pictures."""
    spots = [
        np.unique((xy[inside] // _SAME_SPOT_PX).astype(int), axis=0)
        for xy in (matches.low_xy, matches.high_xy)
    ]
    return min(len(spot) for spot in spots)


def _span(xy: NDArray[np.float64], width: int, height: int) -> float:
    """Return the share of a frame inside the box around the points, the outermost tenth of them left out."""
    reach = np.quantile(xy, 0.95, axis=0) - np.quantile(xy, 0.05, axis=0)
    return float(np.prod(np.minimum(1.0, reach / (width, height))))


def _covered(affine: NDArray[np.float64], low: LocalFeatures, high: LocalFeatures) -> float:
    area = abs(np.linalg.det(affine[:, :2])) * low.width * low.height
    return float(min(1.0, area / (high.width * high.height)))
