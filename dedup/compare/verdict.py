"""Decide whether two pictures are the same picture, how, and say so in a sentence that a person can check.

Pictures are aligned by their points and by the turn of their hashes, laid over each other, and compared block
by block: see align.py, overlap.py, changes.py, pages.py and kinds.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dedup.compare import kinds, thresholds
from dedup.compare.align import Alignment, align, relative_affine
from dedup.compare.changes import Changes, find_changes
from dedup.compare.fingerprint import Fingerprint
from dedup.compare.kinds import Colour, Finding, Kind
from dedup.compare.overlap import Blocks, Canvas, Preview, compare_blocks, invert, lay_over, refine
from dedup.compare.pages import Page, may_be_page, read_page
from dedup.compare.phash import turn_distances
from dedup.compare.transform import take_apart
from dedup.compare.turns import TURNS

ENGINE_VERSION = 1


@dataclass
class Side:
    """One picture of a comparison. Keep it while comparing it with several others: it holds what it loaded.

    `load_preview` returns the upright preview, uint8 (height, width, 3), long side at most 720 px; it is called at
    most once. `width` and `height` are the full upright size in px. `animated` pictures are compared by their first
    frame, and never said to have identical pixels.
    """

    fingerprint: Fingerprint
    width: int
    height: int
    load_preview: Callable[[], NDArray[np.uint8]]
    media_type: str = ""
    animated: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Return (width, height) in px."""
        return self.width, self.height

    @cached_property
    def preview(self) -> Preview:
        """The preview with its smaller levels."""
        return Preview(self.load_preview())

    def order(self) -> tuple[int, bytes, bytes]:
        """Return a key that does not depend on when a photo arrived, so that a pair is always judged alike."""
        return self.width * self.height, self.fingerprint.turned[0], self.fingerprint.features.codes.tobytes()


@dataclass(frozen=True)
class Verdict:
    """A proven relation of two pictures.

    `transform` ((a, b, c), (d, e, f)) maps relative coordinates (0..1) of low to those of high. `confidence` is
    the probability (0..1) that a person would agree. `evidence` holds what was measured, ready for JSON.
    """

    kind: Kind
    confidence: float
    transform: tuple[tuple[float, float, float], tuple[float, float, float]]
    mirrored: bool
    sentence: str
    evidence: dict[str, float | int | bool | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Proposal:
    """One way the pictures may lie over each other, and how well they agree then."""

    relative: NDArray[np.float64]
    alignment: Alignment | None
    canvas: Canvas
    blocks: Blocks

    @property
    def zncc(self) -> float:
        """Median over textured blocks; -1 when there are too few to tell."""
        values = self.blocks.zncc[self.blocks.textured]
        return float(np.median(values)) if len(values) >= thresholds.TEXTURED_BLOCKS_MIN else -1.0


def compare(low: Side, high: Side, *, pixels_equal: Callable[[], bool] | None = None) -> Verdict | None:
    """Compare two pictures; None when nothing proves that they show the same.

    `pixels_equal` tells whether the originals are equal px for px; it is asked only when sizes are equal and all
    else agrees, and never decides alone. The verdict does not depend on which picture is low.
    """
    if high.order() < low.order():
        verdict = _compare(high, low, pixels_equal)
        return None if verdict is None else _exchanged(verdict)
    return _compare(low, high, pixels_equal)


def _exchanged(verdict: Verdict) -> Verdict:
    """Say the same with low and high exchanged."""
    evidence = dict(verdict.evidence)
    evidence["low_share"], evidence["high_share"] = evidence["high_share"], evidence["low_share"]
    evidence["scale"] = round(1 / float(evidence["scale"] or 1), 4)
    if not verdict.mirrored:  # a mirrored turn undoes itself
        evidence["angle_degrees"] = -float(evidence["angle_degrees"] or 0)
    owner = {"low": "high", "high": "low"}
    evidence["overlay_on"] = owner.get(str(evidence["overlay_on"]), evidence["overlay_on"])
    return replace(verdict, transform=_rows(invert(np.array(verdict.transform))), evidence=evidence)


def _compare(low: Side, high: Side, pixels_equal: Callable[[], bool] | None) -> Verdict | None:
    best = max(_proposals(low, high), key=lambda proposal: proposal.zncc, default=None)
    if best is None or best.zncc < thresholds.NEAR_SHOT_ZNCC:
        return _compare_dull(low, high, pixels_equal)
    best = _refined(low, high, best)
    finding = _examine(low, high, best)
    kind = kinds.judge(finding)
    if kind is None:
        return None
    return _verdict(low, high, best.relative, finding, _promote(kind, low, high, pixels_equal))


def _proposals(low: Side, high: Side) -> Iterator[_Proposal]:
    """Lay the pictures over each other in every way that points or hashes suggest, likeliest first."""
    low_features, high_features = low.fingerprint.features, high.fingerprint.features
    for alignment in align(low_features, high_features):
        relative = relative_affine(alignment, low_features, high_features)
        proposal = _propose(low, high, relative, alignment)
        if proposal is not None:
            yield proposal
            if proposal.zncc >= thresholds.COPY_ZNCC:
                return
    turn, distance = _nearest_turn(low, high)
    if distance <= thresholds.HASH_ALIGN_BITS:
        proposal = _propose(low, high, TURNS[turn].relative_affine(), None)
        if proposal is not None:
            yield proposal


def _propose(
    low: Side, high: Side, relative: NDArray[np.float64], alignment: Alignment | None
) -> _Proposal | None:
    canvas = lay_over(low.preview, high.preview, relative, thresholds.COARSE_SIDE_PX)
    return None if canvas is None else _Proposal(relative, alignment, canvas, compare_blocks(canvas))


def _refined(low: Side, high: Side, best: _Proposal) -> _Proposal:
    """Improve a rough alignment where the pictures themselves allow it."""
    if best.zncc >= thresholds.REFINE_ZNCC:
        return best
    moved = refine(low.preview, high.preview, best.relative, 2 * thresholds.COARSE_SIDE_PX)
    proposal = _propose(low, high, moved, best.alignment)
    return proposal if proposal is not None and proposal.zncc > best.zncc else best


def _nearest_turn(low: Side, high: Side) -> tuple[int, int]:
    distances = turn_distances(low.fingerprint.turned, high.fingerprint.turned[0])
    if min(low.fingerprint.quality, high.fingerprint.quality) < thresholds.HASH_QUALITY_MIN_PERCENT:
        return 0, len(low.fingerprint.turned[0]) * 8
    turn = int(np.argmin(distances))
    return turn, distances[turn]


def _examine(low: Side, high: Side, proposal: _Proposal) -> Finding:
    """Look closely at the best alignment."""
    fine = lay_over(low.preview, high.preview, proposal.relative, thresholds.FINE_SIDE_PX) or proposal.canvas
    blocks = compare_blocks(fine)
    textured = blocks.zncc[blocks.textured]
    page = _page_of(low, high, proposal)
    alignment = proposal.alignment
    return Finding(
        change=take_apart(proposal.relative, low.size, high.size),
        low_share=fine.low_share,
        high_share=fine.high_share,
        bordered=_bordered(low, high, proposal),
        zncc=proposal.zncc,
        fine_zncc=float(np.median(textured)) if len(textured) else proposal.zncc,
        textured=int(proposal.blocks.textured.sum()),
        colour=kinds.colour_change(fine, blocks),
        colour_left=float(np.median(blocks.colour[blocks.valid])) if blocks.valid.any() else 0.0,
        texture=float(np.nanmedian(blocks.low_texture)) if blocks.valid.any() else 0.0,
        changes=find_changes(fine, blocks) if page is None else Changes(page.changed_share, 0.0),
        page=page,
        points=alignment.points if alignment else 0,
        matched=alignment.matched if alignment else 0,
        spread=alignment.spread if alignment else 1.0,
        hash_distance=_nearest_turn(low, high)[1],
    )


def _page_of(low: Side, high: Side, proposal: _Proposal) -> Page | None:
    if not may_be_page(proposal.canvas):
        return None
    canvas = lay_over(low.preview, high.preview, proposal.relative, thresholds.PAGE_SIDE_PX)
    return None if canvas is None else read_page(canvas)


def _compare_dull(low: Side, high: Side, pixels_equal: Callable[[], bool] | None) -> Verdict | None:
    """Compare pictures with too little in them to align: a pair only when every block agrees as they lie."""
    relative = np.eye(2, 3)
    if abs(low.width * high.height - high.width * low.height) > 0.02 * low.width * high.height:
        return None
    proposal = _propose(low, high, relative, None)
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
    finding = Finding(
        change=take_apart(relative, low.size, high.size),
        low_share=1.0,
        high_share=1.0,
        bordered=False,
        zncc=zncc,
        fine_zncc=zncc,
        textured=int(proposal.blocks.textured.sum()),
        colour=Colour.SAME,
        colour_left=float(np.median(blocks.raw_colour[blocks.valid])),
        texture=0.0,
        changes=Changes(0.0, 0.0),
        page=None,
        points=0,
        matched=0,
        spread=1.0,
        hash_distance=None,
    )
    return _verdict(low, high, relative, finding, _promote(Kind.SAME_PICTURE, low, high, pixels_equal))


def _promote(kind: Kind, low: Side, high: Side, pixels_equal: Callable[[], bool] | None) -> Kind:
    """Ask for the originals when all else agrees."""
    still = not (low.animated or high.animated)
    agrees = kind is Kind.SAME_PICTURE and low.size == high.size and still
    if agrees and pixels_equal is not None and pixels_equal():
        return Kind.IDENTICAL_PIXELS
    return kind


def _bordered(low: Side, high: Side, proposal: _Proposal) -> bool:
    """Whether one picture is all inside the other, which only adds a plain border."""
    canvas = proposal.canvas
    if min(canvas.low_share, canvas.high_share) >= thresholds.WHOLE_SHARE:
        return False
    if max(canvas.low_share, canvas.high_share) < thresholds.WHOLE_SHARE:
        return False
    inner, outer, relative = low, high, proposal.relative
    if canvas.high_share > canvas.low_share:
        inner, outer, relative = high, low, invert(proposal.relative)
    return kinds.plain_surroundings(_outside(inner, outer, relative))


def _outside(inner: Side, outer: Side, relative: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the px (n, 3) of the outer picture around the inner one, a margin left out."""
    pixels = outer.preview.level(thresholds.COARSE_SIDE_PX / max(outer.preview.shape[:2]))
    height, width = pixels.shape[:2]
    back = invert(relative)
    columns, rows = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    across = back[0, 0] * columns + back[0, 1] * rows + back[0, 2]
    down = back[1, 0] * columns + back[1, 1] * rows + back[1, 2]
    margin = 0.02
    outside = (across < -margin) | (across > 1 + margin) | (down < -margin) | (down > 1 + margin)
    return np.asarray(pixels[outside], np.uint8)


def _verdict(low: Side, high: Side, relative: NDArray[np.float64], finding: Finding, kind: Kind) -> Verdict:
    return Verdict(
        kind=kind,
        confidence=_confidence(kind, finding),
        transform=_rows(relative),
        mirrored=finding.change.mirrored,
        sentence=kinds.sentence(kind, finding, low.size, high.size),
        evidence=_evidence(finding),
    )


def _confidence(kind: Kind, finding: Finding) -> float:
    """Grow with agreement and with points; never certain, but for identical pixels."""
    if kind is Kind.IDENTICAL_PIXELS:
        return 1.0
    floor = thresholds.NEAR_SHOT_ZNCC if kind is Kind.NEAR_SHOT else thresholds.COPY_ZNCC
    agreement = np.clip((finding.zncc - floor) / (1 - floor), 0.0, 1.0)
    support = min(1.0, (finding.points + finding.textured / 4) / 50)
    span = 0.4 if kind is Kind.NEAR_SHOT else 0.15
    return round(float(0.99 - span * (1 - agreement * support)), 3)


def _evidence(finding: Finding) -> dict[str, float | int | bool | str | None]:
    return {
        "points": finding.points,
        "matched_points": finding.matched,
        "hash_distance_bits": finding.hash_distance,
        "agreement_zncc": round(finding.zncc, 4),
        "agreement_zncc_fine": round(finding.fine_zncc, 4),
        "textured_blocks": finding.textured,
        "low_share": round(finding.low_share, 4),
        "high_share": round(finding.high_share, 4),
        "scale": round(finding.change.scale, 4),
        "angle_degrees": round(finding.change.angle, 2),
        "mirrored": finding.change.mirrored,
        "bordered": finding.bordered,
        "colour": str(finding.colour),
        "colour_left": round(finding.colour_left, 2),
        "texture": round(finding.texture, 2),
        "overlay_share": round(finding.changes.overlay_share, 4),
        "overlay_on": finding.changes.overlay_on and str(finding.changes.overlay_on),
        "other_content_share": round(finding.changes.content_share, 4),
        "page": finding.page is not None,
    }


def _rows(affine: NDArray[np.float64]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    first, second = np.round(affine, 6).tolist()
    return (first[0], first[1], first[2]), (second[0], second[1], second[2])
