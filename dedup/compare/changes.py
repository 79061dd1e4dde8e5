"""What differs between two aligned pictures, and whether something was laid over or something in the scene moved.

A small but complete local change decides, never a mean. An overlay (caption, sticker, bar, letters) stands out from
its surroundings in one picture and is drawn otherwise than the scene, or it is a veil through which the other picture
shines. In another moment of a scene, natural content gives way to other content, the same thing is found at another
place, or the grain tells that all is another exposure, even where nothing moved.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.exposure import same_colours
from dedup.compare.graphics import CloseView, Outline
from dedup.compare.maps import invert
from dedup.compare.overlap import BLOCK_PX, Blocks, Canvas

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_RING_BINS = 4
_RING_BLOCKS = 2
_SHAPE_PX = 16
_STROKE_PX = 7
_RIM_PX = 2


class Owner(StrEnum):
    """In which picture a changed area stands out from what surrounds it."""

    LOW = "low"
    HIGH = "high"
    BOTH = "both"


@dataclass(frozen=True)
class Changes:
    """What changed inside the overlap: shares (0..1) of its blocks that an overlay or other content replaced.

    `overlay_on` tells which picture carries the overlay, None without any; `overlay` (bool, rows x columns) are its
    blocks. `other_exposure` says whether the grain of the rest is that of another shot.
    """

    overlay_share: float
    content_share: float
    overlay_on: Owner | None = None
    overlay: Mask | None = field(default=None, compare=False, repr=False)
    other_exposure: bool = False

    @property
    def another_moment(self) -> bool:
        """Whether the pictures are two shots, however well the rest agrees."""
        return self.other_exposure or self.content_share >= thresholds.CHANGED_SHARE_MIN

    @property
    def share(self) -> float:
        """Share of the overlap that changed at all."""
        return self.overlay_share + self.content_share


@dataclass(frozen=True)
class _Area:
    """A connected changed area: its blocks, its px that differ, who owns it, and how likely it was laid over."""

    where: Mask
    inside: Mask
    owner: Owner
    logit: float

    @property
    def blocks(self) -> int:
        """How many blocks it has."""
        return int(self.where.sum())


def find_changes(
    canvas: Canvas, blocks: Blocks, closer: Callable[[], Canvas | None] | None = None
) -> Changes:
    """Find changed areas of a canvas, tell overlays from moved or exchanged content, and copies from other exposures.

    `closer` returns the same two pictures on a finer canvas; it is called only when something changed, or when the
    pictures agree so well that the grain has to decide.
    """
    found = _changed_areas(blocks)
    if not found and not _agree(blocks):
        return Changes(0.0, 0.0)
    changed = np.zeros(blocks.valid.shape, bool)
    for where, _ in found:
        changed |= where
    remade = _at_an_angle(canvas) or not same_colours(canvas)
    close = (closer() if closer else None) or canvas
    view = CloseView(close, _pixels(changed, canvas.valid.shape), grain_tells=not remade)
    areas = [_area(canvas, blocks, where, inside, view) for where, inside in found]
    flattened = view.flattened >= thresholds.FLATTENED_SHARE
    other_exposure = not flattened and view.same_exposure < thresholds.OTHER_EXPOSURE_LOGIT
    overlays = [] if other_exposure else _overlays(canvas, areas)
    content_min = thresholds.FLATTENED_CONTENT_SHARE if flattened else 0.0
    content_min = thresholds.REMADE_CONTENT_SHARE if remade else content_min
    return _summed_up(areas, overlays, content_min, blocks, other_exposure=other_exposure)


def _summed_up(
    areas: list[_Area], overlays: list[_Area], content_min: float, blocks: Blocks, *, other_exposure: bool
) -> Changes:
    """Return the shares of all areas; content of a share below `content_min` is none."""
    total = max(1, int(blocks.valid.sum()))
    overlay = sum(area.blocks for area in overlays) / total
    content = sum(area.blocks for area in areas) / total - overlay
    covered = np.logical_or.reduce([area.where for area in overlays]) if overlays else None
    return Changes(
        overlay_share=overlay,
        content_share=content if content >= content_min else 0.0,
        overlay_on=_common_owner(overlays),
        overlay=covered,
        other_exposure=other_exposure,
    )


def _agree(blocks: Blocks) -> bool:
    """Whether the pictures agree as copies do, so far as their structure goes."""
    zncc = blocks.zncc[blocks.textured]
    return len(zncc) > 0 and float(np.median(zncc)) >= thresholds.COPY_ZNCC


def _at_an_angle(canvas: Canvas) -> bool:
    """Whether one picture shows the other as a plane that the camera did not face."""
    height, width = canvas.valid.shape
    for mapping in (canvas.from_low, canvas.from_high):
        back = invert(mapping)
        if np.abs(back[2, :2] * (width, height)).max() >= thresholds.ANGLE_PERSPECTIVE_SHARE * abs(
            back[2, 2]
        ):
            return True
    return False


def _overlays(canvas: Canvas, areas: list[_Area]) -> list[_Area]:
    """Return the areas that were laid over: all that did not move, where all together look so."""
    weight = sum(area.blocks for area in areas)
    together = sum(area.blocks * area.logit for area in areas) / max(1, weight)
    if not areas or together < thresholds.OVERLAY_LOGIT:
        return []
    moved = _moved(canvas, areas)
    return [area for place, area in enumerate(areas) if place not in moved]


def changed_blocks(blocks: Blocks) -> Mask:
    """Return which blocks differ in colour and in structure (bool, rows x columns)."""
    may_differ = ~blocks.textured | (blocks.zncc < thresholds.CHANGED_ZNCC)
    return np.asarray(blocks.valid & (blocks.residue >= thresholds.CHANGED_RESIDUE) & may_differ)


def _changed_areas(blocks: Blocks) -> list[tuple[Mask, Mask]]:
    """Return the blocks and the px that differ of each connected changed area."""
    changed = changed_blocks(blocks)
    if not changed.any():
        return []
    count, labels = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    differs = (blocks.difference >= thresholds.CHANGED_RESIDUE) & _without_rim(blocks.canvas.valid)
    areas = [
        (labels == label, _pixels(labels == label, differs.shape) & differs) for label in range(1, count)
    ]
    return [(where, inside) for where, inside in areas if inside.sum() >= thresholds.CHANGED_PIXELS_MIN]


def _without_rim(valid: Mask) -> Mask:
    """Leave out the outermost px of the overlap, where a border or what was cut off peeps in."""
    rim = np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)
    inner = cv2.erode(valid.astype(np.uint8), rim, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(inner > 0)


def _area(canvas: Canvas, blocks: Blocks, where: Mask, inside: Mask, view: CloseView) -> _Area:
    low, high = canvas.low[inside], canvas.high[inside]
    around = np.ones((2 * _RING_BLOCKS + 1, 2 * _RING_BLOCKS + 1), np.uint8)
    near = cv2.dilate(where.astype(np.uint8), around) > 0
    ring = _pixels(near & ~where, inside.shape) & canvas.valid
    strange = _strangeness(canvas, inside, ring)
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    at_border = rows[0] == 0 or columns[0] == 0
    at_border = at_border or rows[-1] == where.shape[0] - 1 or columns[-1] == where.shape[1] - 1
    outline = Outline(
        inside=inside,
        around=ring,
        thin=_is_veil(low, high) or _is_veil(high, low) or _are_strokes(inside, blocks.signed[inside]),
        width_share=float(columns[-1] + 1 - columns[0]) / where.shape[1],
        at_border=bool(at_border),
        strange=max(strange),
        difference=float(blocks.difference[inside].mean()),
    )
    return _Area(where, inside, _owner(*strange), view.laid_over_logit(outline))


def _are_strokes(inside: Mask, signed: NDArray[np.float32]) -> bool:
    """Whether px are thin and all brighter or all darker than before, as letters are."""
    core = cv2.erode(inside.astype(np.uint8), np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    brighter = float(np.mean(signed > 0))
    return bool(
        core.sum() <= thresholds.STROKE_CORE_SHARE * inside.sum()
        and max(brighter, 1 - brighter) >= thresholds.STROKE_ONE_SIDED_SHARE
    )


def _strangeness(canvas: Canvas, inside: Mask, ring: Mask) -> tuple[float, float]:
    """Compare the colours inside with those around (0..1), in low and in high."""
    if not ring.any():
        return 0.0, 0.0
    low, high = (1 - _common_colours(one[inside], one[ring]) for one in (canvas.low, canvas.high))
    return low, high


def _owner(low: float, high: float) -> Owner:
    """Tell who shows what is strange to its surroundings; these are the same in both pictures."""
    if abs(low - high) < thresholds.OWNER_DIFFERENCE:
        return Owner.BOTH
    return Owner.LOW if low > high else Owner.HIGH


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
    """Whether the px (n, 3) of one were mixed evenly with white or black into those of the other, and still show."""
    return veil_strength(plain, veiled) is not None and _shines_through(
        plain.astype(np.float64), veiled.astype(np.float64)
    )


def veil_strength(plain: Rgb, veiled: Rgb) -> float | None:
    """Return how much (0..1) white or black was mixed evenly into the px (n, 3); None where it was not."""
    before, after = plain.astype(np.float64), veiled.astype(np.float64)
    for colour in (255.0, 0.0):
        towards = colour - before
        mix = ((after - before) * towards).sum(axis=1) / np.maximum(1.0, (towards * towards).sum(axis=1))
        off = np.abs(after - before - mix[:, None] * towards).max(axis=1)
        fits = (off <= thresholds.VEIL_OFF_GREY) & (mix > 0) & (mix <= 1)
        strong, usual = np.quantile(mix, (0.9, 0.5))
        even = strong - usual <= thresholds.VEIL_UNEVENNESS * strong
        if even and fits.mean() >= thresholds.VEIL_SHARE:
            return float(strong)
    return None


def _shines_through(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    """Whether the px (n, 3) before are still seen in those after."""
    one, other = np.einsum("nc->n", before), np.einsum("nc->n", after)
    one, other = one - one.mean(), other - other.mean()
    spread = np.sqrt((one @ one) * (other @ other))
    return bool(one @ other >= thresholds.VEIL_CORRELATION * max(1e-9, float(spread)))


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
