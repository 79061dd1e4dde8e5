"""What the originals of two proven copies add to the evidence: how coarsely each was saved, which one is enlarged."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dedup.compare import thresholds
from dedup.compare.kinds import Kind
from dedup.compare.verdict import Side, Verdict

# Whether the pictures lie over each other edge to edge -> {"saved": [quality, quality], "enlarged": agreement}, as
# gallery.imaging.copies says it; None where the originals cannot be looked at.
CompareOriginals = Callable[[bool], Mapping[str, Any] | None]

SIDES = ("low", "high")


def look_closer(verdict: Verdict, low: Side, high: Side, compare_originals: CompareOriginals) -> Verdict:
    """Return the verdict with the evidence of the originals: `low_saved_quality` and `high_saved_quality` (1..100, None
    where unknown), `enlarged_agreement` (-1..1), `enlarged`, `blurred` and `overlaid` ("low", "high" or None)."""
    if verdict.kind is Kind.NEAR_SHOT:
        return verdict
    found = compare_originals(is_aligned(verdict))
    if found is None:
        return verdict
    agreement, blurred = found["enlarged"], blurred_side(found["sharper"])
    added = {
        "low_saved_quality": found["saved"][0],
        "high_saved_quality": found["saved"][1],
        "enlarged_agreement": agreement,
        "enlarged": None if agreement is None else enlarged_side(low, high, agreement),
        "blurred": blurred,
        # What a blur takes away looks like something laid over the sharper one.
        "overlaid": None if blurred or found["overlaid"] is None else SIDES[found["overlaid"]],
    }
    return replace(verdict, evidence={**verdict.evidence, **added})


def is_aligned(verdict: Verdict) -> bool:
    """Whether both show the same from edge to edge, upright."""
    off = np.abs(np.array(verdict.transform) - np.eye(2, 3)).max()
    return float(off) <= thresholds.KEEPER_ALIGNED_SHARE


def enlarged_side(low: Side, high: Side, agreement: float) -> str | None:
    """Return "low" or "high" for the larger one where it agrees so well that it can only be enlarged."""
    scale = max(low.size) / max(high.size)
    larger = "low" if scale > 1 else "high"
    least = np.interp(max(scale, 1 / scale), *thresholds.KEEPER_ENLARGED_AGREEMENT)
    return larger if agreement >= least else None


def blurred_side(sharper: float | None) -> str | None:
    """Return the side whose edges are so much softer; `sharper` is how many times steeper those of low are."""
    if sharper is None:
        return None
    if sharper <= thresholds.KEEPER_BLURRED_SHARE:
        return "low"
    return "high" if sharper >= 1 / thresholds.KEEPER_BLURRED_SHARE else None


def overlaid_sides(evidence: Mapping[str, Any]) -> set[str]:
    """Return the sides of a pair ("low", "high") that its evidence names as having something laid over them.

    What the originals say counts; blocks of the previews say it where these do not.
    """
    named = evidence.get("overlaid") or evidence.get("overlay_on")
    return {side for side in SIDES if side == named}
