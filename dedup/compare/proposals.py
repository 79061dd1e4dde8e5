"""The ways two pictures may lie over each other, and the best of them.

Points and hashes propose; where the coarse comparison of a proposal is not yet as good as that of a copy, the pictures
themselves move it, first as a plane seen straight on, then as one seen at an angle.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dedup.compare import maps, thresholds
from dedup.compare.align import Alignment, align, relative_affine, relative_perspective
from dedup.compare.maps import Map
from dedup.compare.overlap import Blocks, Canvas, compare_blocks, lay_over, refine
from dedup.compare.phash import HASH_BITS, turn_distances
from dedup.compare.side import Side
from dedup.compare.turns import TURNS


@dataclass(frozen=True)
class Proposal:
    """One way the pictures may lie over each other: `relative`, (2, 3) or (3, 3), maps relative coordinates (0..1).

    `canvas` and `blocks` are the coarse ones.
    """

    relative: Map
    alignment: Alignment | None
    canvas: Canvas
    blocks: Blocks

    @cached_property
    def zncc(self) -> float:
        """Median over textured blocks, but those that one picture lost to white or black; -1 when too few can tell."""
        if self.blocks.textured.sum() < thresholds.TEXTURED_BLOCKS_MIN:
            return -1.0
        return float(np.median(self.blocks.zncc[self.blocks.not_lost(self.blocks.textured)]))


def best_proposal(low: Side, high: Side) -> Proposal | None:
    """Return the way in which two pictures agree best; None when none is worth a closer look."""
    best = max(_proposals(low, high), key=lambda proposal: proposal.zncc, default=None)
    if best is None:
        return None
    if best.zncc < thresholds.REFINE_ZNCC:
        best = _refined(low, high, best)
    if best.zncc < thresholds.BEND_ZNCC:
        best = _bent(low, high, best)
    return best if best.zncc >= thresholds.NEAR_SHOT_ZNCC else None


def once_more(low: Side, high: Side, best: Proposal, skew_degrees: float) -> Proposal:
    """Align a pair that agrees well once more, on a finer canvas; a skew tells that one may be seen at an angle."""
    bent = not maps.is_affine(best.relative) or skew_degrees >= thresholds.BEND_SKEW_DEGREES
    moved = refine(low.preview, high.preview, best.relative, thresholds.FINE_SIDE_PX, perspective=bent)
    return propose(low, high, moved, best.alignment) or best


def propose(low: Side, high: Side, relative: Map, alignment: Alignment | None) -> Proposal | None:
    """Lay the pictures over each other in one way; None when they hardly overlap."""
    canvas = lay_over(low.preview, high.preview, relative, thresholds.COARSE_SIDE_PX)
    return None if canvas is None else Proposal(relative, alignment, canvas, compare_blocks(canvas))


def nearest_turn(low: Side, high: Side) -> tuple[int, int]:
    """Return which turn of low comes nearest to high by its hash, and the distance in bits; dull pictures have none."""
    if min(low.fingerprint.quality, high.fingerprint.quality) < thresholds.HASH_QUALITY_MIN_PERCENT:
        return 0, HASH_BITS
    distances = turn_distances(low.fingerprint.turned, high.fingerprint.turned[0])
    turn = int(np.argmin(distances))
    return turn, distances[turn]


def _proposals(low: Side, high: Side) -> Iterator[Proposal]:
    """Lay the pictures over each other in every way that points or hashes suggest, likeliest first."""
    low_features, high_features = low.fingerprint.features, high.fingerprint.features
    for alignment in align(low_features, high_features):
        relative = relative_affine(alignment, low_features, high_features)
        proposal = propose(low, high, relative, alignment)
        if proposal is not None:
            yield proposal
            if proposal.zncc >= thresholds.COPY_ZNCC:
                return
    turn, distance = nearest_turn(low, high)
    if distance <= thresholds.HASH_ALIGN_BITS:
        proposal = propose(low, high, TURNS[turn].relative_affine(), None)
        if proposal is not None:
            yield proposal


def _refined(low: Side, high: Side, best: Proposal) -> Proposal:
    """Improve a rough alignment where the pictures themselves allow it."""
    if best.zncc < thresholds.MOVABLE_ZNCC:
        return best
    moved = refine(low.preview, high.preview, best.relative, 2 * thresholds.COARSE_SIDE_PX)
    return _better(best, propose(low, high, moved, best.alignment))


def _bent(low: Side, high: Side, best: Proposal) -> Proposal:
    """See whether one picture shows the other at an angle."""
    if best.alignment is None or best.alignment.points < thresholds.BEND_POINTS_MIN:
        return best
    bent = relative_perspective(best.alignment, low.fingerprint.features, high.fingerprint.features)
    if bent is not None:
        best = _better(best, propose(low, high, bent, best.alignment))
    if not thresholds.MOVABLE_ZNCC <= best.zncc < thresholds.BEND_ZNCC:
        return best
    moved = refine(low.preview, high.preview, best.relative, 2 * thresholds.COARSE_SIDE_PX, perspective=True)
    return _better(best, propose(low, high, moved, best.alignment))


def _better(best: Proposal, other: Proposal | None) -> Proposal:
    return other if other is not None and other.zncc > best.zncc else best
