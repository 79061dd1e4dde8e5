"""Suggest which picture of a group to keep, and say why in words.

The rules say what counts first. Unless somebody changes them: true detail (an upscaled copy has none more), then the
uncropped, the unedited, the less compressed, the larger, the one with richer metadata, the earlier one.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from dedup.compare import thresholds
from dedup.compare.keeper_rules import DEFAULT_RULES, Criterion, Preference, Rule, Rules

Key = TypeVar("Key", bound=Hashable)

_LOSSLESS = frozenset({"image/png", "image/tiff", "image/bmp"})
_BEST_QUALITY = 100


@dataclass(frozen=True)
class PhotoFacts(Generic[Key]):
    """What is known of a photo when choosing.

    `width`, `height` in px, `file_size` in bytes. `true_long_side` is the long side (px) that its detail fills, where
    it was measured: less than the long side for an upscaled copy. `shown_share` (0..1) is the share of the fullest
    picture of the group that this one shows. `edits` names what was done to it ("overlay", "border", "grey", ...).
    `jpeg_quality` is guessed (1..100), `saved_quality` that of the coarsest JPEG that it was ever saved as, where its
    pixels or tables show it. `metadata_fields` counts the fields of its metadata, tags and texts; `date` is when it
    was taken, else when it was uploaded. `preferred` are those of the rules' preferences that it meets.
    """

    key: Key
    width: int
    height: int
    file_size: int
    media_type: str = "image/jpeg"
    true_long_side: float | None = None
    shown_share: float = 1.0
    edits: tuple[str, ...] = ()
    jpeg_quality: int | None = None
    saved_quality: int | None = None
    metadata_fields: int = 0
    date: datetime | None = None
    preferred: frozenset[Preference] = frozenset()

    @property
    def filled_share(self) -> float:
        """Share (0..1) of the long side that its detail fills."""
        side = float(max(self.width, self.height))
        return 1.0 if self.true_long_side is None else min(1.0, self.true_long_side / side)

    @property
    def detail(self) -> float:
        """Long side in px that the whole picture would have at this photo's detail."""
        side = float(max(self.width, self.height))
        return float(side * self.filled_share / max(1e-3, self.shown_share) ** 0.5)

    @property
    def pixels(self) -> int:
        """How many pixels its detail fills."""
        return round(self.width * self.height * self.filled_share**2)

    @property
    def quality(self) -> int:
        """How little it was compressed, 1..100 on the JPEG scale, by the coarsest of its saves."""
        if self.saved_quality is not None:
            return self.saved_quality
        if self.media_type in _LOSSLESS:
            return _BEST_QUALITY
        if self.jpeg_quality is not None:
            return self.jpeg_quality
        return quality_from_size(self.file_size, self.width * self.height)


@dataclass(frozen=True)
class Suggestion(Generic[Key]):
    """The members of a group, best first, and why the first is to be kept (sentences, strongest first)."""

    order: tuple[Key, ...]
    reasons: tuple[str, ...]

    @property
    def keeper(self) -> Key:
        """The suggested keeper."""
        return self.order[0]


def suggest(members: Sequence[PhotoFacts[Key]], rules: Rules = DEFAULT_RULES) -> Suggestion[Key]:
    """Order the members of a group by the rules, best first, with reasons; ValueError for an empty group.

    Members that are equal by all rules are ordered by the size of their files and then by key as text, so the answer
    does not depend on their order.
    """
    if not members:
        raise ValueError("a group without members has no keeper")
    finest = max(member.detail for member in members)
    least_compressed = max(member.quality for member in members)

    def rank(member: PhotoFacts[Key]) -> tuple[float | str, ...]:
        steps = (_place(rule, member, finest, least_compressed) for rule in rules)
        return (*steps, -member.filled_share, -member.file_size, str(member.key))

    ordered = sorted(members, key=rank)
    return Suggestion(tuple(member.key for member in ordered), _reasons(ordered[0], ordered[1:], rules))


def quality_from_size(file_size: int, pixels: int) -> int:
    """Guess the quality (1..100) of a lossy file from its bits per px: 1 bit about 50, 4 bits and more about 95."""
    bits = 8.0 * file_size / max(1, pixels)
    return max(1, min(95, round(95.0 * (bits / (bits + 1.0)) * 1.1)))


def _place(rule: Rule, member: PhotoFacts[Key], finest: float, least_compressed: int) -> float:
    """How far the member is from the best by this rule; less is better."""
    if isinstance(rule, Preference):
        return float(rule not in member.preferred)
    places: dict[Criterion, Callable[[], float]] = {
        Criterion.DETAIL: lambda: _step(member.detail / finest, thresholds.KEEPER_DETAIL_STEP),
        Criterion.WHOLE: lambda: _step(member.shown_share, thresholds.KEEPER_SHARE_STEP),
        Criterion.UNEDITED: lambda: len(member.edits),
        Criterion.COMPRESSION: lambda: round(
            (least_compressed - member.quality) / thresholds.KEEPER_QUALITY_STEP
        ),
        Criterion.SIZE: lambda: -member.pixels,
        Criterion.METADATA: lambda: -member.metadata_fields,
        Criterion.DATE: lambda: member.date.timestamp() if member.date else float("inf"),
    }
    return places[rule]()


def _step(share: float, step: float) -> int:
    """Count the steps below the best, the first half step being none."""
    return round((1.0 - min(1.0, share)) / step)


def _reasons(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]], rules: Rules) -> tuple[str, ...]:
    """Say by which rules the best is better than another, in the order of the rules."""
    if not others:
        return ()
    said = (_reason(rule, best, others) for rule in rules)
    reasons = tuple(reason for reason in said if reason)
    return reasons or ("all copies are equally good; this one comes first in the library",)


def _reason(rule: Rule, best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    if isinstance(rule, Preference):
        is_reason = rule in best.preferred and any(rule not in other.preferred for other in others)
        return f"it {rule.words}, as your rules prefer" if is_reason else ""
    ways: dict[Criterion, Callable[[PhotoFacts[Key], Sequence[PhotoFacts[Key]]], str]] = {
        Criterion.DETAIL: _detail_reason,
        Criterion.WHOLE: _whole_reason,
        Criterion.UNEDITED: _unedited_reason,
        Criterion.COMPRESSION: _compression_reason,
        Criterion.SIZE: _size_reason,
        Criterion.METADATA: _metadata_reason,
        Criterion.DATE: _date_reason,
    }
    return ways[rule](best, others)


def _detail_reason(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    if any(
        other.width * other.height > best.width * best.height and other.pixels <= best.pixels
        for other in others
    ):
        return "a larger copy is only enlarged and shows no more detail"
    second = max(others, key=lambda other: other.detail)
    if second.detail >= best.detail or not _step(second.detail / best.detail, thresholds.KEEPER_DETAIL_STEP):
        return ""
    if second.width * second.height >= best.width * best.height:
        return f"it shows more detail (the next is blurred to what {second.pixels / 1e6:.1f} megapixels would show)"
    return f"it has the most detail ({best.width} x {best.height}; the next {second.width} x {second.height})"


def _whole_reason(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    cropped = [other for other in others if _step(other.shown_share, thresholds.KEEPER_SHARE_STEP)]
    if not cropped or _step(best.shown_share, thresholds.KEEPER_SHARE_STEP):
        return ""
    least = min(other.shown_share for other in cropped)
    return f"it shows the whole picture (another only {100 * least:.0f} % of it)"


def _unedited_reason(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    edits = sorted({edit for other in others for edit in other.edits} - set(best.edits))
    if not edits or len(best.edits) >= max(len(other.edits) for other in others):
        return ""
    return f"it is not edited (others: {', '.join(edits)})"


def _compression_reason(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    worst = min(others, key=lambda other: other.quality)
    if best.quality - worst.quality < thresholds.KEEPER_QUALITY_STEP:
        return ""
    return f"it is less compressed (quality about {best.quality} against {worst.quality})"


def _size_reason(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    second = max(others, key=lambda other: other.pixels)
    is_said_by_detail = second.width * second.height > best.width * best.height or _step(
        second.detail / best.detail, thresholds.KEEPER_DETAIL_STEP
    )
    if is_said_by_detail or second.pixels >= best.pixels:
        return ""
    return f"it has the most pixels ({best.width} x {best.height}; the next {second.width} x {second.height})"


def _metadata_reason(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    if best.metadata_fields <= max(other.metadata_fields for other in others):
        return ""
    return f"it has more metadata ({best.metadata_fields} fields)"


def _date_reason(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    dates = [other.date for other in others if other.date]
    if not best.date or not dates or best.date >= min(dates):
        return ""
    return f"it is the earliest ({best.date:%Y-%m-%d})"
