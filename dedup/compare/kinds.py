"""From what was measured to a kind of verdict and a sentence for a person."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dedup.compare import thresholds
from dedup.compare.changes import Changes
from dedup.compare.overlap import Blocks, Canvas
from dedup.compare.transform import Change


class Kind(StrEnum):
    """What two pictures are to each other, strongest first."""

    IDENTICAL_PIXELS = "identical-pixels"
    SAME_PICTURE = "same-picture"
    EDITED = "edited"
    CROP = "crop"
    ROTATED = "rotated"
    NEAR_SHOT = "near-shot"


class Colour(StrEnum):
    """How the colours of a copy differ."""

    SAME = "same colours"
    GREY = "one of them in grey"
    BRIGHTNESS = "one of them brighter"
    OTHER = "other colours"


@dataclass(frozen=True)
class Finding:
    """Everything measured about two aligned pictures.

    `low_share` and `high_share` are the shares (0..1) of each picture that the other shows; `bordered` whether what
    surrounds the overlap is plain; `zncc` is the median of the textured blocks; `page` whether they are pages of text.
    """

    change: Change
    low_share: float
    high_share: float
    bordered: bool
    zncc: float
    textured: int
    colour: Colour
    colour_difference: float
    changes: Changes
    page: bool
    points: int
    matched: int
    hash_distance: int | None

    @property
    def whole(self) -> bool:
        """Whether each picture shows all of the other."""
        return min(self.low_share, self.high_share) >= thresholds.WHOLE_SHARE


def kind_of_copy(finding: Finding) -> Kind:
    """Return the kind of a pair that is proven to be one picture: the weakest that applies."""
    if finding.change.quarter or finding.change.mirrored:
        return Kind.ROTATED
    if not finding.whole and not finding.bordered:
        return Kind.CROP
    if finding.bordered or finding.changes.share > 0 or finding.colour is not Colour.SAME:
        return Kind.EDITED
    return Kind.SAME_PICTURE


def colour_change(canvas: Canvas, blocks: Blocks) -> tuple[Colour, float]:
    """Return how colours differ and by how much (median of the mean channel difference, 0..255)."""
    difference = float(np.median(blocks.raw_colour[blocks.valid])) if blocks.valid.any() else 0.0
    low, high = canvas.low[canvas.valid].astype(np.float64), canvas.high[canvas.valid].astype(np.float64)
    colourful = [float(np.median(one.max(axis=1) - one.min(axis=1))) for one in (low, high)]
    if min(colourful) < 3.0 and max(colourful) >= thresholds.EDITED_COLOUR:
        return Colour.GREY, difference
    if difference < thresholds.EDITED_COLOUR:
        return Colour.SAME, difference
    left = np.median(blocks.colour[blocks.valid])
    shift = np.abs(np.median(low - high, axis=0))
    even = shift.max() - shift.min() < 0.5 * shift.max()
    return (Colour.BRIGHTNESS if even and left < difference else Colour.OTHER), difference


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
