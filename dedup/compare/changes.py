"""What differs between two aligned pictures, and whether something was laid over or something in the scene moved.

A small but complete local change decides, never a mean. An overlay (caption, sticker, bar, letters) stands out from
its surroundings in one picture and has few colours, or it is a veil through which the other picture shines. In another
moment of a scene, natural content gives way to other content, or the same thing is found at another place.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.graphics import CloseView
from dedup.compare.overlap import BLOCK_PX, Blocks, Canvas

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_RING_BINS = 4
_RING_BLOCKS = 2
_SHAPE_PX = 16
_STROKE_PX = 7


class Owner(StrEnum):
    """In which picture a changed area stands out from what surrounds it."""

    LOW = "low"
    HIGH = "high"
    BOTH = "both"


@dataclass(frozen=True)
class Changes:
    """What changed inside the overlap: shares (0..1) of its blocks that an overlay or other content replaced.

    `overlay_on` tells which picture carries the overlay, None without any; `overlay` (bool, rows x columns) are its
    blocks.
    """

    overlay_share: float
    content_share: float
    overlay_on: Owner | None = None
    overlay: Mask | None = field(default=None, compare=False, repr=False)

    @property
    def share(self) -> float:
        """Share of the overlap that changed at all."""
        return self.overlay_share + self.content_share


@dataclass(frozen=True)
class _Area:
    """A connected changed area: its blocks, its px that differ, who owns it, and how drawn it looks."""

    where: Mask
    inside: Mask
    owner: Owner
    overlay: bool
    logit: float

    @property
    def blocks(self) -> int:
        """How many blocks it has."""
        return int(self.where.sum())


def find_changes(
    canvas: Canvas, blocks: Blocks, closer: Callable[[], Canvas | None] | None = None
) -> Changes:
    """Find changed areas of a canvas and tell overlays from moved or exchanged content.

    `closer` returns the same two pictures on a finer canvas; it is called only when something changed.
    """
    found = _changed_areas(blocks)
    if not found:
        return Changes(0.0, 0.0)
    view = CloseView((closer() if closer else None) or canvas)
    areas = [_area(canvas, blocks, where, inside, view) for where, inside in found]
    if _under_one_veil(canvas, areas):
        areas = [replace(area, overlay=True) for area in areas]
    areas = _with_ends(_with_company(areas))
    moved = _moved(canvas, areas)
    total = max(1, int(blocks.valid.sum()))
    overlays = [area for place, area in enumerate(areas) if area.overlay and place not in moved]
    covered = np.logical_or.reduce([area.where for area in overlays], initial=False)
    overlay = sum(area.blocks for area in overlays)
    content = sum(area.blocks for area in areas) - overlay
    return Changes(overlay / total, content / total, _common_owner(overlays), covered if overlays else None)


def changed_blocks(blocks: Blocks) -> Mask:
    """Return which blocks differ in colour and in structure (bool, rows x columns)."""
    other_structure = ~blocks.textured | (blocks.zncc < thresholds.CHANGED_ZNCC)
    return np.asarray(blocks.valid & (blocks.residue >= thresholds.CHANGED_RESIDUE) & other_structure)


def _changed_areas(blocks: Blocks) -> list[tuple[Mask, Mask]]:
    """Return the blocks and the px that differ of each connected changed area."""
    changed = changed_blocks(blocks)
    if not changed.any():
        return []
    count, labels = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    differs = blocks.difference >= thresholds.CHANGED_RESIDUE
    areas = [
        (labels == label, _pixels(labels == label, differs.shape) & differs) for label in range(1, count)
    ]
    return [(where, inside) for where, inside in areas if inside.sum() >= thresholds.CHANGED_PIXELS_MIN]


def _area(canvas: Canvas, blocks: Blocks, where: Mask, inside: Mask, view: CloseView) -> _Area:
    low, high = canvas.low[inside], canvas.high[inside]
    veiled = _is_veil(low, high) or _is_veil(high, low)
    around = np.ones((2 * _RING_BLOCKS + 1, 2 * _RING_BLOCKS + 1), np.uint8)
    near = cv2.dilate(where.astype(np.uint8), around) > 0
    ring = _pixels(near & ~where, inside.shape) & canvas.valid
    logit = view.drawn_logit(inside, ring)
    overlay = veiled or _are_strokes(inside, blocks.signed[inside]) or logit >= 0
    return _Area(where, inside, _owner(canvas, inside, ring), overlay, logit)


def _are_strokes(inside: Mask, signed: NDArray[np.float32]) -> bool:
    """Whether px are thin and all brighter or all darker than before, as letters are."""
    core = cv2.erode(inside.astype(np.uint8), np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    brighter = float(np.mean(signed > 0))
    return bool(
        core.sum() <= thresholds.STROKE_CORE_SHARE * inside.sum()
        and max(brighter, 1 - brighter) >= thresholds.STROKE_ONE_SIDED_SHARE
    )


def _owner(canvas: Canvas, inside: Mask, ring: Mask) -> Owner:
    """Compare the colours inside with those around; the ring is the same in both pictures."""
    if not ring.any():
        return Owner.BOTH
    strange = [1 - _common_colours(one[inside], one[ring]) for one in (canvas.low, canvas.high)]
    if abs(strange[0] - strange[1]) < thresholds.OWNER_DIFFERENCE:
        return Owner.BOTH
    return Owner.LOW if strange[0] > strange[1] else Owner.HIGH


def _common_colours(one: Rgb, other: Rgb) -> float:
    """Return the intersection (0..1) of coarse colour histograms of px (n, 3) and (m, 3)."""
    step = 256 // _RING_BINS
    histograms = [
        np.bincount((px // step).astype(np.int64) @ (1, _RING_BINS, _RING_BINS**2), minlength=_RING_BINS**3)
        / len(px)
        for px in (one, other)
    ]
    return float(np.minimum(*histograms).sum())


def _is_veil(plain: Rgb, veiled: Rgb) -> bool:
    """Whether the px (n, 3) of one were mixed evenly with white or black into those of the other."""
    before, after = plain.astype(np.float64), veiled.astype(np.float64)
    for colour in (255.0, 0.0):
        towards = colour - before
        mix = ((after - before) * towards).sum(axis=1) / np.maximum(1.0, (towards * towards).sum(axis=1))
        off = np.abs(after - before - mix[:, None] * towards).max(axis=1)
        fits = (off <= thresholds.VEIL_OFF_GREY) & (mix > 0) & (mix <= 1)
        strong, usual = np.quantile(mix, (0.9, 0.5))
        even = strong - usual <= thresholds.VEIL_UNEVENNESS * strong
        if even and fits.mean() >= thresholds.VEIL_SHARE and _shines_through(before, after):
            return True
    return False


def _shines_through(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    """Whether the px (n, 3) before are still seen in those after."""
    one, other = np.einsum("nc->n", before), np.einsum("nc->n", after)
    one, other = one - one.mean(), other - other.mean()
    spread = np.sqrt((one @ one) * (other @ other))
    return bool(one @ other >= thresholds.VEIL_CORRELATION * max(1e-9, float(spread)))


def _under_one_veil(canvas: Canvas, areas: list[_Area]) -> bool:
    """Whether all that changed is one watermark, whose thin ends say little by themselves."""
    if not areas:
        return False
    inside = np.logical_or.reduce([area.inside for area in areas])
    low, high = canvas.low[inside], canvas.high[inside]
    return _is_veil(low, high) or _is_veil(high, low)


def _with_company(areas: list[_Area]) -> list[_Area]:
    """Believe of areas that something was laid over them more easily where that picture carries overlays already."""
    carriers = {area.owner for area in areas if area.overlay}
    return [
        replace(area, overlay=True)
        if area.owner in carriers and area.logit >= -thresholds.COMPANY_LOGIT
        else area
        for area in areas
    ]


def _with_ends(areas: list[_Area]) -> list[_Area]:
    """Count small areas beside an overlay, such as the thin ends of its letters, to it."""
    overlays = [area for area in areas if area.overlay]
    if not overlays:
        return areas
    reach = 2 * thresholds.OVERLAY_END_BLOCKS + 1
    covered = np.logical_or.reduce([area.where for area in overlays])
    near = cv2.dilate(covered.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    largest = thresholds.OVERLAY_END_SHARE * max(area.blocks for area in overlays)
    return [
        replace(area, overlay=True) if area.blocks <= largest and near[area.where].all() else area
        for area in areas
    ]


def _moved(canvas: Canvas, areas: list[_Area]) -> set[int]:
    """Return the places of overlays that are one thing, found here in one picture and there in the other."""
    found: set[int] = set()
    for first, one in enumerate(areas):
        for second, other in enumerate(areas[:first]):
            if _is_same_thing(canvas, one, other) or _went(canvas, one, other) or _went(canvas, other, one):
                found |= {first, second}
    return found


def _went(canvas: Canvas, one: _Area, other: _Area) -> bool:
    """Whether what low shows in one area is what high shows in the other."""
    top, bottom, left, right = _box(one.where, 0)
    above, below, before, behind = _box(other.where, 1)
    thing, place = canvas.low[top:bottom, left:right], canvas.high[above:below, before:behind]
    small, large = sorted((one.blocks, other.blocks))
    fits = place.shape[0] >= thing.shape[0] and place.shape[1] >= thing.shape[1]
    if small < thresholds.MOVED_BLOCKS_MIN or small < thresholds.MOVED_SHAPE_SHARE * large or not fits:
        return False
    if thing.std(axis=(0, 1)).max() < thresholds.CHANGED_RESIDUE:
        return False
    return bool(cv2.matchTemplate(place, thing, cv2.TM_CCOEFF_NORMED).max() >= thresholds.MOVED_ZNCC)


def _box(where: Mask, margin: int) -> tuple[int, int, int, int]:
    """Return top, bottom, left, right in px of the box around blocks, with a margin in blocks."""
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    ends = rows[0] - margin, rows[-1] + 1 + margin, columns[0] - margin, columns[-1] + 1 + margin
    return tuple(max(0, int(end)) * BLOCK_PX for end in ends)  # type: ignore[return-value]  # four of them


def _is_same_thing(canvas: Canvas, one: _Area, other: _Area) -> bool:
    if {one.owner, other.owner} != {Owner.LOW, Owner.HIGH}:
        return False
    first, second = (canvas.low if area.owner is Owner.LOW else canvas.high for area in (one, other))
    if _common_colours(first[one.inside], second[other.inside]) < thresholds.MOVED_COLOURS_SHARE:
        return False
    shapes = [_shape(area.inside) for area in (one, other)]
    common = (shapes[0] & shapes[1]).sum() / max(1, (shapes[0] | shapes[1]).sum())
    sizes = sorted(int(area.inside.sum()) for area in (one, other))
    return bool(
        common >= thresholds.MOVED_SHAPE_SHARE and sizes[0] >= thresholds.MOVED_SHAPE_SHARE * sizes[1]
    )


def _shape(inside: Mask) -> Mask:
    """Return the mask inside its box, scaled to a small square."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    box = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    return np.asarray(cv2.resize(box, (_SHAPE_PX, _SHAPE_PX), interpolation=cv2.INTER_AREA) > 0.5)


def _pixels(area: Mask, shape: tuple[int, ...]) -> Mask:
    """Spread a mask of blocks to the px of a canvas."""
    mask = np.zeros(shape[:2], bool)
    spread = np.repeat(np.repeat(area, BLOCK_PX, axis=0), BLOCK_PX, axis=1)
    mask[: spread.shape[0], : spread.shape[1]] = spread
    return mask


def _common_owner(areas: list[_Area]) -> Owner | None:
    owners = {area.owner for area in areas}
    if not owners:
        return None
    return owners.pop() if len(owners) == 1 else Owner.BOTH
