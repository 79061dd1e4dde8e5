"""Decide whether two pictures are the same picture, how, and say so in a sentence that a person can check.

Pictures are aligned by their points and by the turn of their hashes, laid over each other, and compared block
by block: see align.py, overlap.py, changes.py, pages.py and kinds.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dedup.compare import kinds, thresholds
from dedup.compare.confidence import copy_probability
from dedup.compare.examine import examine, examine_dull
from dedup.compare.finding import Finding, Kind
from dedup.compare.maps import invert, nearest_affine
from dedup.compare.proposals import Proposal, best_proposal, once_more
from dedup.compare.side import Side

__all__ = ["ENGINE_VERSION", "Side", "Verdict", "compare"]

ENGINE_VERSION = 6

# Only equal pixels are certain.
_SURE = 0.999


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
    best = best_proposal(low, high)
    if best is None:
        finding = examine_dull(low, high)
        if finding is None:
            return None
        return _verdict(
            low, high, np.eye(2, 3), finding, _promote(Kind.SAME_PICTURE, low, high, pixels_equal)
        )
    best, finding = _looked_at(low, high, best)
    kind = kinds.judge(finding)
    if kind is None:
        return None
    return _verdict(
        low, high, nearest_affine(best.relative), finding, _promote(kind, low, high, pixels_equal)
    )


def _looked_at(low: Side, high: Side, best: Proposal) -> tuple[Proposal, Finding]:
    """Examine a pair, and again after aligning it once more where that may settle it."""
    finding = examine(low, high, best)
    if finding.zncc < thresholds.COPY_ZNCC or copy_probability(finding) >= thresholds.SURE_PROBABILITY:
        return best, finding
    again = once_more(low, high, best, finding.skew_degrees)
    other = examine(low, high, again)
    return (again, other) if copy_probability(other) > copy_probability(finding) else (best, finding)


def _promote(kind: Kind, low: Side, high: Side, pixels_equal: Callable[[], bool] | None) -> Kind:
    """Ask for the originals when all else agrees."""
    still = not (low.animated or high.animated)
    agrees = kind is Kind.SAME_PICTURE and low.size == high.size and still
    if agrees and pixels_equal is not None and pixels_equal():
        return Kind.IDENTICAL_PIXELS
    return kind


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
    """Return the measured probability of a copy, less than one but for identical pixels.

    That of another shot grows with agreement and with points.
    """
    if kind is Kind.IDENTICAL_PIXELS:
        return 1.0
    if kind is not Kind.NEAR_SHOT:
        return round(min(_SURE, copy_probability(finding)), 3)
    agreement = np.clip(
        (finding.zncc - thresholds.NEAR_SHOT_ZNCC) / (1 - thresholds.NEAR_SHOT_ZNCC), 0.0, 1.0
    )
    support = min(1.0, (finding.points + finding.textured / 4) / 50)
    return round(float(0.99 - 0.4 * (1 - agreement * support)), 3)


def _evidence(finding: Finding) -> dict[str, float | int | bool | str | None]:
    return {
        "points": finding.points,
        "matched_points": finding.matched,
        "hash_distance_bits": finding.hash_distance,
        "agreement_zncc": round(finding.zncc, 4),
        "agreement_zncc_fine": round(finding.fine_zncc, 4),
        "agreement_zncc_low": round(finding.low_zncc, 4),
        "textured_blocks": finding.textured,
        "low_share": round(finding.low_share, 4),
        "high_share": round(finding.high_share, 4),
        "scale": round(finding.change.scale, 4),
        "angle_degrees": round(finding.change.angle, 2),
        "mirrored": finding.change.mirrored,
        "bordered": finding.bordered,
        "colour": str(finding.colour),
        "colour_left": round(finding.colour_left, 2),
        "blurred_px": finding.blur_px,
        "skew_degrees": round(finding.skew_degrees, 2),
        "perspective": round(finding.perspective, 3),
        "overlay_share": round(finding.changes.overlay_share, 4),
        "overlay_on": finding.changes.overlay_on and str(finding.changes.overlay_on),
        "other_content_share": round(finding.changes.content_share, 4),
        "page": finding.page is not None,
    }


def _rows(affine: NDArray[np.float64]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    first, second = np.round(affine, 6).tolist()
    return (first[0], first[1], first[2]), (second[0], second[1], second[2])
