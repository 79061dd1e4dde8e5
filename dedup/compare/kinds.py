"""From what was measured to a kind of verdict and a sentence for a person."""

import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.confidence import copy_probability
from dedup.compare.finding import Colour, Finding, Kind
from dedup.compare.overlap import Blocks, Canvas
from dedup.compare.pages import Page

__all__ = [
    "Colour",
    "Finding",
    "Kind",
    "colour_change",
    "judge",
    "kind_of_copy",
    "plain_surroundings",
    "sentence",
]

_COLOUR_STEP_PX = 4


def judge(finding: Finding) -> Kind | None:
    """Return the kind that a finding proves; None when it proves nothing."""
    if not finding.supported:
        return None
    if finding.page is not None:
        return _judge_page(finding, finding.page)
    if _agrees(finding) and not finding.changes.another_moment:
        return kind_of_copy(finding)
    return Kind.NEAR_SHOT if _is_near_shot(finding) else None


def _agrees(finding: Finding) -> bool:
    """Whether structure and colours agree as they do in copies alone.

    Two shots of one flat thing agree as well, but neither shows the other whole, lying on something.
    """
    if finding.at_an_angle and not finding.enclosed:
        return False
    return finding.zncc >= thresholds.COPY_ZNCC and copy_probability(finding) >= thresholds.COPY_PROBABILITY


def _judge_page(finding: Finding, page: Page) -> Kind | None:
    laid_over = page.lettering or page.veiled
    harmless = laid_over or page.clock or page.changed_share <= thresholds.PAGE_NOISE_SHARE
    if _agrees(finding) and harmless and not _is_photographed(finding):
        return kind_of_copy(finding)
    if page.text or page.changed_share > thresholds.PAGE_NEAR_SHOT_SHARE:
        return None
    return Kind.NEAR_SHOT if _is_near_shot(finding) else None


def _is_photographed(finding: Finding) -> bool:
    """Whether a page was taken by hand, even slightly at an angle: what draws and saves pages never does that."""
    return (
        finding.skew_degrees >= thresholds.PAGE_SKEW_DEGREES
        or finding.perspective >= thresholds.PAGE_PERSPECTIVE_SHARE
    )


def _is_near_shot(finding: Finding) -> bool:
    by_points = (
        finding.points >= thresholds.NEAR_SHOT_POINTS
        and finding.points >= thresholds.NEAR_SHOT_POINT_SHARE * finding.matched
        and finding.spread >= thresholds.NEAR_SHOT_SPREAD
    )
    shared = min(finding.low_share, finding.high_share) >= thresholds.NEAR_SHOT_OVERLAP_SHARE
    return shared and (by_points or (finding.points == 0 and finding.zncc >= thresholds.COPY_ZNCC))


def kind_of_copy(finding: Finding) -> Kind:
    """Return the kind of a pair that is proven to be one picture: the weakest that applies."""
    if finding.change.quarter or finding.change.mirrored:
        return Kind.ROTATED
    if not finding.whole and not finding.bordered:
        return Kind.CROP
    if finding.bordered or finding.changes.share > 0 or finding.colour is not Colour.SAME:
        return Kind.EDITED
    return Kind.SAME_PICTURE


def colour_change(canvas: Canvas, blocks: Blocks) -> Colour:
    """Return how the colours of the pictures differ."""
    if not blocks.valid.any():
        return Colour.SAME
    some = np.s_[::_COLOUR_STEP_PX, ::_COLOUR_STEP_PX]
    low, high = (one[some][canvas.valid[some]].astype(np.float64) for one in (canvas.low, canvas.high))
    colourful = [float(np.median(one.max(axis=1) - one.min(axis=1))) for one in (low, high)]
    if min(colourful) < thresholds.GREY_COLOURFULNESS and max(colourful) >= thresholds.EDITED_COLOUR:
        return Colour.GREY
    difference = float(np.median(blocks.raw_colour[blocks.valid]))
    if difference < thresholds.EDITED_COLOUR:
        return Colour.SAME
    shift = np.abs(np.median(low - high, axis=0))
    return Colour.BRIGHTNESS if shift.max() - shift.min() < 0.5 * shift.max() else Colour.OTHER


def plain_surroundings(outside: NDArray[np.uint8]) -> bool:
    """Whether the px (n, 3) around the overlap are one plain colour."""
    if len(outside) == 0:
        return False
    centre = np.median(outside, axis=0)
    off = np.abs(outside - centre).max(axis=1)
    return bool(np.mean(off <= thresholds.BORDER_DEVIATION_GREY) >= 0.97)


def sentence(kind: Kind, finding: Finding, low_size: tuple[int, int], high_size: tuple[int, int]) -> str:
    """Say the finding in one sentence, as in "same picture, cropped to 71 %; 412 matching points"."""
    parts = [_beginning(kind)]
    if kind not in (Kind.NEAR_SHOT, Kind.IDENTICAL_PIXELS):
        parts += [
            part
            for part in (_turned(finding), _cropped(finding), _resized(low_size, high_size, finding))
            if part
        ]
        parts += _edited(finding)
    return ", ".join(parts) + "; " + _proof(finding)


def _beginning(kind: Kind) -> str:
    if kind is Kind.NEAR_SHOT:
        return "same scene, another moment"
    return "identical pixels" if kind is Kind.IDENTICAL_PIXELS else "same picture"


def _turned(finding: Finding) -> str:
    change = finding.change
    words = []
    if change.mirrored:
        words.append("mirrored")
    if change.quarter:
        words.append(f"turned by {change.quarter}°")
    if abs(change.tilt) >= thresholds.TILT_DEGREES:
        words.append(f"tilted by {abs(change.tilt):.0f}°")
    return " and ".join(words)


def _cropped(finding: Finding) -> str:
    if finding.whole:
        return ""
    smaller, larger = sorted((finding.low_share, finding.high_share))
    if finding.bordered:
        return "with a border"
    if larger >= thresholds.WHOLE_SHARE:
        return f"cropped to {100 * smaller:.0f} %"
    return f"both cropped (sharing {100 * smaller:.0f} % and {100 * larger:.0f} %)"


def _resized(low_size: tuple[int, int], high_size: tuple[int, int], finding: Finding) -> str:
    scale = finding.change.scale
    if 0.97 < scale < 1.03:
        return "" if low_size != high_size or not finding.whole else "recompressed"
    return f"resized to {100 * min(scale, 1 / scale):.0f} %"


def _edited(finding: Finding) -> list[str]:
    parts = [] if finding.colour is Colour.SAME else [str(finding.colour)]
    if finding.changes.share > 0:
        parts.append(f"{max(1, round(100 * finding.changes.share))} % changed or covered")
    return parts


def _proof(finding: Finding) -> str:
    agreement = f"{100 * finding.zncc:.0f} % agreement"
    return f"{finding.points} matching points, {agreement}" if finding.points else agreement
