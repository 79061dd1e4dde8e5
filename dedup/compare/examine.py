"""Look closely at two pictures laid over each other: everything measured that a verdict rests on."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dedup.compare import kinds, thresholds
from dedup.compare.changes import Changes, find_changes
from dedup.compare.finding import Colour, Finding
from dedup.compare.maps import Map, invert, is_affine, nearest_affine
from dedup.compare.overlap import Blocks, Canvas, compare_blocks, lay_over
from dedup.compare.pages import Page, may_be_page, read_page
from dedup.compare.proposals import Proposal, nearest_turn, propose
from dedup.compare.sharpness import equally_sharp
from dedup.compare.side import Side
from dedup.compare.transform import skew_degrees, take_apart

_MARGIN_SHARE = 0.02


@dataclass(frozen=True)
class _Agreement:
    """ZNCC of the textured blocks of the fine canvas, each counted by its texture: the median and the lowest fifth."""

    median: float
    low: float


def examine(low: Side, high: Side, proposal: Proposal) -> Finding:
    """Measure everything about one way in which the pictures lie over each other."""
    fine = lay_over(low.preview, high.preview, proposal.relative, thresholds.FINE_SIDE_PX) or proposal.canvas
    fine, blur_px = equally_sharp(fine)
    blocks = compare_blocks(fine)
    page = _page_of(low, high, proposal)
    changes = _changes(low, high, proposal, blocks) if page is None else _page_changes(page, blocks)
    agreement = _agreement(blocks, changes)
    affine = nearest_affine(proposal.relative)
    alignment = proposal.alignment
    return Finding(
        change=take_apart(affine, low.size, high.size),
        low_share=proposal.canvas.low_share,
        high_share=proposal.canvas.high_share,
        bordered=_bordered(low, high, proposal),
        zncc=proposal.zncc,
        fine_zncc=agreement.median,
        low_zncc=agreement.low,
        textured=int(proposal.blocks.textured.sum()),
        colour=kinds.colour_change(fine, blocks),
        colour_left=_colour_left(proposal.blocks),
        changes=changes,
        page=page,
        points=alignment.points if alignment else 0,
        matched=alignment.matched if alignment else 0,
        spread=alignment.spread if alignment else 1.0,
        hash_distance=nearest_turn(low, high)[1],
        blur_px=blur_px,
        skew_degrees=skew_degrees(affine, low.size, high.size),
        perspective=_perspective(proposal.relative),
    )


def examine_dull(low: Side, high: Side) -> Finding | None:
    """Compare pictures with too little in them to align: None unless every block agrees as they lie."""
    relative = np.eye(2, 3)
    if abs(low.width * high.height - high.width * low.height) > 0.02 * low.width * high.height:
        return None
    proposal = propose(low, high, relative, None)
    if proposal is None or proposal.blocks.textured.sum() >= thresholds.TEXTURED_BLOCKS_MIN:
        return None
    canvas = lay_over(low.preview, high.preview, relative, thresholds.FINE_SIDE_PX) or proposal.canvas
    blocks = compare_blocks(canvas)
    if not blocks.valid.any() or np.nanmax(blocks.raw_colour) > thresholds.DULL_COLOUR:
        return None
    structured = blocks.zncc[blocks.textured]
    zncc = float(np.median(structured)) if len(structured) else 1.0
    if zncc < thresholds.COPY_ZNCC:
        return None
    return Finding(
        change=take_apart(relative, low.size, high.size),
        low_share=1.0,
        high_share=1.0,
        bordered=False,
        zncc=zncc,
        fine_zncc=zncc,
        low_zncc=zncc,
        textured=int(proposal.blocks.textured.sum()),
        colour=Colour.SAME,
        colour_left=float(np.median(blocks.raw_colour[blocks.valid])),
        changes=Changes(0.0, 0.0),
        page=None,
        points=0,
        matched=0,
        spread=1.0,
        hash_distance=None,
    )


def _agreement(blocks: Blocks, changes: Changes) -> _Agreement:
    """Compare the structure of what no overlay covers, and what is not white or black in one of them alone."""
    counted = blocks.textured if changes.overlay is None else blocks.textured & ~_with_rim(changes.overlay)
    if not counted.any():
        return _Agreement(1.0, 1.0)
    counted = blocks.not_lost(counted)
    zncc = blocks.zncc[counted]
    weight = (blocks.low_texture * blocks.high_texture)[counted].astype(np.float64)
    order = np.argsort(zncc)
    share = np.cumsum(weight[order]) / max(1e-9, float(weight.sum()))
    places = np.minimum(np.searchsorted(share, (0.5, 0.2)), len(zncc) - 1)
    median, low = zncc[order][places]
    return _Agreement(float(median), float(low))


def _changes(low: Side, high: Side, proposal: Proposal, blocks: Blocks) -> Changes:
    def closer() -> Canvas | None:
        return lay_over(low.preview, high.preview, proposal.relative, thresholds.CLOSE_SIDE_PX)

    return find_changes(blocks.canvas, blocks, closer)


def _with_rim(overlay: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """An overlay and the blocks around it, into which its outlines and its compression reach."""
    return np.asarray(cv2.dilate(overlay.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _page_changes(page: Page, blocks: Blocks) -> Changes:
    """What differs between pages, as blocks of the fine canvas where it was laid over."""
    if page.changed is None or not page.lettering:
        return Changes(page.changed_share, 0.0)
    rows, columns = blocks.zncc.shape
    fitted = cv2.resize(page.changed.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST)
    return Changes(page.changed_share, 0.0, overlay=fitted > 0)


def _colour_left(blocks: Blocks) -> float:
    """What the best change of colours leaves, where no channel is at its end unless that is nearly everywhere."""
    if not blocks.valid.any():
        return 0.0
    known = blocks.unclipped if blocks.unclipped.sum() >= thresholds.TEXTURED_BLOCKS_MIN else blocks.valid
    return float(np.median(blocks.colour[known]))


def _perspective(relative: Map) -> float:
    return 0.0 if is_affine(relative) else float(np.abs(relative[2, :2]).max())


def _page_of(low: Side, high: Side, proposal: Proposal) -> Page | None:
    if not may_be_page(proposal.canvas):
        return None
    canvas = lay_over(low.preview, high.preview, proposal.relative, thresholds.PAGE_SIDE_PX)
    return None if canvas is None else read_page(canvas)


def _bordered(low: Side, high: Side, proposal: Proposal) -> bool:
    """Whether one picture is all inside the other, which only adds a plain border."""
    canvas: Canvas = proposal.canvas
    if min(canvas.low_share, canvas.high_share) >= thresholds.WHOLE_SHARE:
        return False
    if max(canvas.low_share, canvas.high_share) < thresholds.WHOLE_SHARE:
        return False
    outer, relative = high, nearest_affine(proposal.relative)
    if canvas.high_share > canvas.low_share:
        outer, relative = low, invert(relative)
    return kinds.plain_surroundings(_outside(outer, relative))


def _outside(outer: Side, relative: Map) -> NDArray[np.uint8]:
    """Return the px (n, 3) of the outer picture around the inner one, a margin left out."""
    pixels = outer.preview.level(thresholds.COARSE_SIDE_PX / max(outer.preview.shape[:2]))
    height, width = pixels.shape[:2]
    back = invert(relative)
    columns, rows = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    across = back[0, 0] * columns + back[0, 1] * rows + back[0, 2]
    down = back[1, 0] * columns + back[1, 1] * rows + back[1, 2]
    outside = (np.minimum(across, down) < -_MARGIN_SHARE) | (np.maximum(across, down) > 1 + _MARGIN_SHARE)
    return np.asarray(pixels[outside], np.uint8)
