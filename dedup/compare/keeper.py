"""Suggest which picture of a group to keep, and say why in words.

True detail comes first (an upscaled copy has none more), then the uncropped, the unedited, the less compressed, the
larger, the one with richer metadata, the earlier one.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from dedup.compare import thresholds

Key = TypeVar("Key", bound=Hashable)

# The luminance quantisation table of ITU-T T.81, annex K.1 (quality 50 of the IJG scale), sorted: the order in which
# files and libraries give the steps differs.
_LUMINANCE = (
    *(
        10,
        11,
        12,
        12,
        13,
        14,
        14,
        14,
        16,
        16,
        16,
        17,
        18,
        19,
        22,
        22,
        24,
        24,
        24,
        26,
        29,
        35,
        37,
        40,
        40,
        49,
        51,
    ),
    *(
        51,
        55,
        55,
        56,
        56,
        57,
        58,
        60,
        61,
        62,
        64,
        64,
        68,
        69,
        72,
        77,
        78,
        80,
        81,
        87,
        87,
        92,
        92,
        95,
        98,
        99,
        100,
        101,
    ),
    *(103, 103, 103, 104, 109, 112, 113, 120, 121),
)
_LARGEST_STEP = 255
_LOSSLESS = frozenset({"image/png", "image/tiff", "image/bmp"})
_BEST_QUALITY = 100


@dataclass(frozen=True)
class PhotoFacts(Generic[Key]):
    """What is known of a photo when choosing.

    `width`, `height` in px, `file_size` in bytes. `true_long_side` is the long side (px) that its detail fills, where
    it was measured: less than the long side for an upscaled copy. `shown_share` (0..1) is the share of the fullest
    picture of the group that this one shows. `edits` names what was done to it ("overlay", "border", "grey", ...).
    `jpeg_quality` 1..100 where known, `metadata_fields` counts the fields of its metadata, tags and texts; `date` is
    when it was taken, else when it was uploaded.
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
    metadata_fields: int = 0
    date: datetime | None = None

    @property
    def detail(self) -> float:
        """Long side in px that the whole picture would have at this photo's detail."""
        side = float(max(self.width, self.height))
        known = side if self.true_long_side is None else min(side, self.true_long_side)
        return float(known / max(1e-3, self.shown_share) ** 0.5)

    @property
    def quality(self) -> int:
        """How little it was compressed, 1..100 on the JPEG scale."""
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


def suggest(members: Sequence[PhotoFacts[Key]]) -> Suggestion[Key]:
    """Order the members of a group, best first, with reasons; ValueError for an empty group.

    Equal members are ordered by date and then by key as text, so the answer does not depend on their order.
    """
    if not members:
        raise ValueError("a group without members has no keeper")
    finest = max(member.detail for member in members)
    least_compressed = max(member.quality for member in members)
    ordered = sorted(members, key=lambda member: _rank(member, finest, least_compressed))
    return Suggestion(tuple(member.key for member in ordered), _reasons(ordered[0], ordered[1:]))


def jpeg_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """Estimate the JPEG quality (1..100, IJG scale) from quantisation tables (64 steps each); None without any.

    The first table is the luminance. The IJG library scales its table by 5000 / q percent below quality 50 and by
    200 - 2 q percent from 50 on.
    """
    if not tables:
        return None
    steps = sorted(
        step for step in tables[min(tables)] if step < _LARGEST_STEP
    )  # larger ones are cut off there
    percent = 100.0 * sum(steps) / max(1, sum(_LUMINANCE[: len(steps)])) if steps else 5000.0
    quality = (200.0 - percent) / 2 if percent <= 100 else 5000.0 / percent
    return max(1, min(_BEST_QUALITY, round(quality)))


def quality_from_size(file_size: int, pixels: int) -> int:
    """Guess the quality (1..100) of a lossy file from its bits per px: 1 bit about 50, 4 bits and more about 95."""
    bits = 8.0 * file_size / max(1, pixels)
    return max(1, min(95, round(95.0 * (bits / (bits + 1.0)) * 1.1)))


def _rank(member: PhotoFacts[Key], finest: float, least_compressed: int) -> tuple[float | str, ...]:
    date = member.date.timestamp() if member.date else float("inf")
    return (
        _step(member.detail / finest, thresholds.KEEPER_DETAIL_STEP),
        _step(member.shown_share, thresholds.KEEPER_SHARE_STEP),
        len(member.edits),
        round((least_compressed - member.quality) / thresholds.KEEPER_QUALITY_STEP),
        -member.width * member.height,
        -member.metadata_fields,
        date,
        -member.file_size,
        str(member.key),
    )


def _step(share: float, step: float) -> int:
    """Count the steps below the best, the first half step being none."""
    return round((1.0 - min(1.0, share)) / step)


def _reasons(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> tuple[str, ...]:
    if not others:
        return ()
    said = [_detail_reason(best, others), *_wholeness_reasons(best, others), *_file_reasons(best, others)]
    reasons = tuple(reason for reason in said if reason)
    return reasons or ("all copies are equally good; this one comes first in the library",)


def _detail_reason(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> str:
    second = max(others, key=lambda other: other.detail)
    if _step(second.detail / best.detail, thresholds.KEEPER_DETAIL_STEP) == 0:
        if any(other.width * other.height > best.width * best.height for other in others):
            return "a larger copy is only enlarged and shows no more detail"
        return ""
    return f"it has the most detail ({best.width} x {best.height}; the next {second.width} x {second.height})"


def _wholeness_reasons(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> list[str]:
    reasons = []
    cropped = [other for other in others if _step(other.shown_share, thresholds.KEEPER_SHARE_STEP)]
    if cropped and not _step(best.shown_share, thresholds.KEEPER_SHARE_STEP):
        least = min(other.shown_share for other in cropped)
        reasons.append(f"it shows the whole picture (another only {100 * least:.0f} % of it)")
    edits = sorted({edit for other in others for edit in other.edits} - set(best.edits))
    if edits and len(best.edits) < max(len(other.edits) for other in others):
        reasons.append(f"it is not edited (others: {', '.join(edits)})")
    return reasons


def _file_reasons(best: PhotoFacts[Key], others: Sequence[PhotoFacts[Key]]) -> list[str]:
    reasons = []
    worst = min(other.quality for other in others)
    if best.quality - worst >= thresholds.KEEPER_QUALITY_STEP:
        reasons.append(f"it is less compressed (quality about {best.quality} against {worst})")
    if best.metadata_fields > max(other.metadata_fields for other in others):
        reasons.append(f"it has more metadata ({best.metadata_fields} fields)")
    dates = [other.date for other in others if other.date]
    if best.date and dates and best.date < min(dates):
        reasons.append(f"it is the earliest ({best.date:%Y-%m-%d})")
    return reasons
