"""Screenshots taken again and again: which of them show something new.

Each is compared with the last few that were kept of the same monitor at the same size. One that equals an earlier one
moves that one to the front, so that a screen that keeps coming back, as a lock screen does, is known for long.
"""

from dataclasses import dataclass
from enum import StrEnum

from dedup.compare.screen_change import (
    Area,
    Screen,
    areas_of,
    changed_blocks,
    is_same_screen,
    may_be_same,
    surely_changed,
)
from dedup.compare.ssim import Similarity

# Mean SSIM from which a screen counts as the same, where also nothing changed that does not change by itself.
DUPLICATE_SSIM = 0.99
# Mean SSIM from which a screen is told apart as similar: a window more or less.
SIMILAR_SSIM = 0.95
WINDOW_DEFAULT, WINDOW_MAX = 10, 100


class Outcome(StrEnum):
    KEPT = "kept"
    DUPLICATE = "duplicate"
    SIMILAR = "similar"


@dataclass(frozen=True)
class Judgement:
    """What a screen is: to which earlier one (its name), how similar (SSIM, 4 digits), and where it differs most."""

    outcome: Outcome
    other: str | None = None
    score: float | None = None
    largest_change: Area | None = None


KEPT = Judgement(Outcome.KEPT)


class Stream:
    """The screens of one monitor at one size, in the order in which they were taken."""

    def __init__(self, window: int, similarity: Similarity) -> None:
        self._window = window
        self._similarity = similarity
        self._recent: list[Screen] = []

    def judge(self, screen: Screen) -> Judgement:
        """Compare a screen with the window, and keep it there unless it is a duplicate."""
        counts = [surely_changed(screen, earlier) for earlier in self._recent]
        for place, (earlier, count) in enumerate(zip(self._recent, counts, strict=True)):
            if may_be_same(count, screen) and (score := self._same(screen, earlier)) is not None:
                self._recent.insert(0, self._recent.pop(place))
                return Judgement(Outcome.DUPLICATE, earlier.name, score)
        judgement = self._nearest(screen, counts)
        self._recent = [screen, *self._recent][: self._window]
        return judgement

    def _same(self, screen: Screen, earlier: Screen) -> float | None:
        """How similar the two are, where they count as the same screen."""
        if not is_same_screen(changed_blocks(screen, earlier), screen):
            return None
        score = self._score(screen, earlier)
        return score if score >= DUPLICATE_SSIM else None

    def _nearest(self, screen: Screen, counts: list[int]) -> Judgement:
        """Similar to the one with the fewest changed blocks, or to none. The latest of several."""
        if not counts:
            return KEPT
        earlier = self._recent[counts.index(min(counts))]
        score = self._score(screen, earlier)
        if score < SIMILAR_SSIM:
            return KEPT
        areas = areas_of(changed_blocks(screen, earlier))
        largest = max(areas, key=lambda area: area.width * area.height, default=None)
        return Judgement(Outcome.SIMILAR, earlier.name, score, largest)

    def _score(self, screen: Screen, earlier: Screen) -> float:
        return round(self._similarity(screen.grey, earlier.grey), 4)
