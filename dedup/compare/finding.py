"""Everything measured about two aligned pictures, and the words for it."""

from dataclasses import dataclass
from enum import StrEnum

from dedup.compare import thresholds
from dedup.compare.changes import Changes
from dedup.compare.pages import Page
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
    surrounds the overlap is plain. `zncc` is the median of the textured blocks of the coarse canvas, `fine_zncc` that
    of the fine one, both made equally sharp and each block counted by its texture, and `low_zncc` its lowest fifth.
    `colour_left` is what the best change of colours leaves (0..255). `page` is None for what is no page.
    Without an alignment by points, `points` and `matched` are 0. `blur_px` is the blur that made the sharper one equal,
    on the fine canvas; `skew_degrees` and `perspective` (change of scale across the picture) tell how far one shows the
    other at an angle.
    """

    change: Change
    low_share: float
    high_share: float
    bordered: bool
    zncc: float
    fine_zncc: float
    low_zncc: float
    textured: int
    colour: Colour
    colour_left: float
    changes: Changes
    page: Page | None
    points: int
    matched: int
    spread: float
    hash_distance: int | None
    blur_px: float = 0.0
    skew_degrees: float = 0.0
    perspective: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether each picture shows all of the other."""
        return min(self.low_share, self.high_share) >= thresholds.WHOLE_SHARE

    @property
    def supported(self) -> bool:
        """Whether enough of the matched points agree, or the hashes did without points."""
        return self.points == 0 or self.points >= thresholds.COPY_POINT_SHARE * self.matched

    @property
    def at_an_angle(self) -> bool:
        """Whether one picture shows the other as a plane that the camera did not face."""
        return (
            self.skew_degrees >= thresholds.ANGLE_SKEW_DEGREES
            or self.perspective >= thresholds.ANGLE_PERSPECTIVE_SHARE
        )

    @property
    def enclosed(self) -> bool:
        """Whether one picture lies whole in the other, with something around it."""
        inner, outer = max(self.low_share, self.high_share), min(self.low_share, self.high_share)
        return inner >= thresholds.ENCLOSED_SHARE and outer <= thresholds.ENCLOSING_SHARE
