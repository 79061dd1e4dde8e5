"""What differs between two aligned pictures, and whether something was laid over or something in the scene moved.

A small but complete local change decides, never a mean. An overlay (caption, sticker, bar, letters) stands out from
its surroundings in one picture and has few colours, or it is a veil through which the other picture shines. In another
moment of a scene, natural content gives way to other content, or the same thing is found at another place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.overlap import BLOCK_PX, Blocks, Canvas

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_FEW_BINS = 8
_RING_BINS = 4
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

    `overlay_on` tells which picture carries the overlay, None without any.
    """

    overlay_share: float
    content_share: float
    overlay_on: Owner | None = None

    @property
    def share(self) -> float:
        """Share of the overlap that changed at all."""
        return self.overlay_share + self.content_share


@dataclass(frozen=True)
class _Area:
    """A connected changed area: how many blocks, its px that differ, who owns it, whether it is an overlay."""

    blocks: int
    inside: Mask
    owner: Owner
    overlay: bool


def find_changes(canvas: Canvas, blocks: Blocks) -> Changes:
    """Find changed areas of a canvas and tell overlays from moved or exchanged content."""
    areas = list(_areas(canvas, blocks))
    if _under_one_veil(canvas, areas):
        areas = [replace(area, overlay=True) for area in areas]
    moved = _moved(canvas, areas)
    total = max(1, int(blocks.valid.sum()))
    overlays = [area for place, area in enumerate(areas) if area.overlay and place not in moved]
    overlay = sum(area.blocks for area in overlays)
    content = sum(area.blocks for area in areas) - overlay
    return Changes(overlay / total, content / total, _common_owner(overlays))


def changed_blocks(blocks: Blocks) -> Mask:
    """Return which blocks differ in colour and in structure (bool, rows x columns)."""
    other_structure = ~blocks.textured | (blocks.zncc < thresholds.CHANGED_ZNCC)
    return np.asarray(blocks.valid & (blocks.residue >= thresholds.CHANGED_RESIDUE) & other_structure)


def _areas(canvas: Canvas, blocks: Blocks) -> Iterator[_Area]:
    changed = changed_blocks(blocks)
    count, labels = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    differs = blocks.difference >= thresholds.CHANGED_RESIDUE
    unchanged = _pixels(~changed & blocks.valid, differs.shape)
    for label in range(1, count):
        area = labels == label
        inside = _pixels(area, differs.shape) & differs
        if inside.sum() < thresholds.CHANGED_PIXELS_MIN:
            continue
        around = cv2.dilate(area.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        strokes = _are_strokes(inside, blocks.signed[inside])
        yield _area(canvas, int(area.sum()), inside, _pixels(around, differs.shape) & unchanged, strokes)


def _area(canvas: Canvas, blocks: int, inside: Mask, ring: Mask, strokes: bool) -> _Area:
    low, high = canvas.low[inside], canvas.high[inside]
    owner = _owner(canvas, inside, ring)
    if owner is Owner.BOTH:
        overlay = (_few_colours(low) and _few_colours(high)) or _is_paper(low) != _is_paper(high)
    else:
        overlay = _few_colours(low if owner is Owner.LOW else high)
    veiled = _is_veil(low, high) or _is_veil(high, low)
    return _Area(blocks, inside, owner, strokes or overlay or veiled)


def _are_strokes(inside: Mask, signed: NDArray[np.float32]) -> bool:
    """Whether px are thin and all brighter or all darker than before, or in strong contrast, as letters are."""
    core = cv2.erode(inside.astype(np.uint8), np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    thin = core.sum() <= thresholds.STROKE_CORE_SHARE * inside.sum()
    brighter = float(np.mean(signed > 0))
    one_sided = max(brighter, 1 - brighter) >= thresholds.STROKE_ONE_SIDED_SHARE
    return bool(thin and (one_sided or np.median(np.abs(signed)) >= thresholds.STROKE_CONTRAST_GREY))


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


def _few_colours(pixels: Rgb) -> bool:
    """Whether two colours make up most of the px (n, 3)."""
    bins = (pixels // (256 // _FEW_BINS)).astype(np.int64) @ (1, _FEW_BINS, _FEW_BINS**2)
    rest = pixels.astype(np.float32)
    found = 0
    for _ in range(2):
        if len(rest) == 0:
            break
        centre = np.median(rest[bins == np.bincount(bins).argmax()], axis=0)
        near = np.abs(rest - centre).max(axis=1) <= thresholds.OVERLAY_COLOUR_RADIUS
        found += int(near.sum())
        rest, bins = rest[~near], bins[~near]
    return found >= thresholds.OVERLAY_TWO_COLOURS_SHARE * len(pixels)


def _is_paper(pixels: Rgb) -> bool:
    """Whether most px (n, 3) are pure white or pure black, as bars under captions are."""
    white = (pixels >= 255 - thresholds.PAPER_GREY).all(axis=1)
    black = (pixels <= thresholds.PAPER_GREY).all(axis=1)
    return bool(np.mean(white | black) >= thresholds.PAPER_SHARE)


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
        if even and fits.mean() >= thresholds.VEIL_SHARE:
            return True
    return False


def _under_one_veil(canvas: Canvas, areas: list[_Area]) -> bool:
    """Whether all that changed is one watermark, whose thin ends say little by themselves."""
    if not areas:
        return False
    inside = np.logical_or.reduce([area.inside for area in areas])
    low, high = canvas.low[inside], canvas.high[inside]
    return _is_veil(low, high) or _is_veil(high, low)


def _moved(canvas: Canvas, areas: list[_Area]) -> set[int]:
    """Return the places of overlays that are one thing, found here in one picture and there in the other."""
    found: set[int] = set()
    for first, one in enumerate(areas):
        for second, other in enumerate(areas[:first]):
            if {one.owner, other.owner} == {Owner.LOW, Owner.HIGH} and _is_same_thing(canvas, one, other):
                found |= {first, second}
    return found


def _is_same_thing(canvas: Canvas, one: _Area, other: _Area) -> bool:
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
