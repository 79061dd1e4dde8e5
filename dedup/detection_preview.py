"""What a change of the settings of detection would do, before it is done: groups, pairs, bytes, borderline pairs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING
from zlib import crc32

from django.db.models import Count, Q, Sum

from dedup.components import live_and_sound
from dedup.detection_settings import admitted, live_pairs, present_rules
from dedup.models import Group, GroupStatus, Verdict
from dedup.planning import connected_parts, plan_groups
from dedup.rules import choice_among

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dedup.detection_settings import KindRule
    from dedup.models import Match
    from gallery.models import Photo

    Rules = Mapping[Verdict, KindRule]

# Photos whose rows are in memory at once while their groups are planned.
PLANNED_PHOTOS = 500
# Photos whose groups are planned at most, so that somebody who waits gets an answer: with 15,000 pairs of 9,788 photos,
# 8 s on two cores that were busy otherwise. Of more, as many as this are planned, and the change is reckoned from them.
PLANNED_PHOTOS_MAX = 10_000
# Pairs shown on each side of a new threshold.
BORDERLINE_PAIRS = 3


@dataclass(frozen=True)
class Numbers:
    """Open groups, the verified pairs that form groups, and what deciding the groups as suggested would free."""

    groups: int = 0
    pairs: int = 0
    bytes_saved: int = 0

    def __add__(self, other: Numbers) -> Numbers:
        return Numbers(
            self.groups + other.groups, self.pairs + other.pairs, self.bytes_saved + other.bytes_saved
        )


@dataclass(frozen=True)
class KindPreview:
    """One kind of group, now and after the change."""

    kind: Verdict
    now: Numbers
    then: Numbers


@dataclass(frozen=True)
class BorderPair:
    """A verified pair near a threshold, its photos loaded."""

    match: Match

    @property
    def photos(self) -> tuple[Photo, Photo]:
        return self.match.low, self.match.high

    @property
    def percent(self) -> float:
        """How sure the verdict is, 0 to 100."""
        return 100 * self.match.confidence


@dataclass(frozen=True)
class Borderline:
    """Pairs of a kind whose rule changes: those that are only just in afterwards, and those only just out.

    `least_percent` is the new threshold, None where the kind would be off.
    """

    kind: Verdict
    least_percent: float | None
    inside: list[BorderPair]
    outside: list[BorderPair]


@dataclass(frozen=True)
class Preview:
    """What a change would do. `photos` is how many photos hang together with a pair that it lets in or keeps out.

    `planned` is how many of these were looked at; where they are fewer, groups and bytes are an estimate.
    """

    kinds: list[KindPreview]
    borderline: list[Borderline]
    photos: int
    planned: int

    @property
    def is_estimate(self) -> bool:
        return self.planned < self.photos

    @property
    def found_kinds(self) -> list[KindPreview]:
        """The kinds of which there is anything, now or then."""
        return [row for row in self.kinds if {row.now, row.then} != {Numbers()}]

    @property
    def copies(self) -> KindPreview:
        """All kinds but near shots, which wait in a lane of their own."""
        rows = [row for row in self.kinds if row.kind is not Verdict.NEAR_SHOT]
        now = sum((row.now for row in rows), Numbers())
        return KindPreview(Verdict.SAME_PICTURE, now, sum((row.then for row in rows), Numbers()))


def preview(then: Rules) -> Preview:
    """What would be if these were the rules: the groups that would change are planned as they would be made.

    Exact up to PLANNED_PHOTOS_MAX photos that it concerns; beyond, reckoned from so many.
    """
    now = present_rules()
    pairs = list(live_pairs().order_by("low_id", "high_id").only("low_id", "high_id", "kind", "confidence"))
    concerned = concerned_photos(pairs, now, then)
    looked_at = sample(concerned)
    photos, planned = sum(map(len, concerned)), sum(map(len, looked_at))
    groups_now, bytes_now = groups_by_kind()
    groups_change, bytes_change = changes_by_kind(looked_at, then)
    share = photos / planned if planned else 1.0
    pairs_now, pairs_then = (
        Counter(pair.kind for pair in pairs if lets_in(rules, pair)) for rules in (now, then)
    )
    rows = [
        KindPreview(
            kind,
            Numbers(groups_now[kind], pairs_now[kind], bytes_now[kind]),
            Numbers(
                max(0, groups_now[kind] + round(share * groups_change[kind])),
                pairs_then[kind],
                max(0, bytes_now[kind] + round(share * bytes_change[kind])),
            ),
        )
        for kind in Verdict
    ]
    return Preview(rows, borderline(now, then), photos, planned)


def lets_in(rules: Rules, pair: Match) -> bool:
    """Whether the pair forms a group under the rules."""
    return rules[Verdict(pair.kind)].admits(pair.confidence)


def concerned_photos(pairs: Sequence[Match], now: Rules, then: Rules) -> list[set[int]]:
    """Photos that hang together under either of the rules, where any pair among them changes."""
    judged = {pair.pk: (lets_in(now, pair), lets_in(then, pair)) for pair in pairs}
    parts = connected_parts([pair for pair in pairs if any(judged[pair.pk])])
    changed = [part for part in parts if any(len(set(judged[pair.pk])) > 1 for pair in part)]
    return [{pk for pair in part for pk in (pair.low_id, pair.high_id)} for part in changed]


def sample(parts: Sequence[set[int]]) -> list[set[int]]:
    """All of them, or some from all over, with PLANNED_PHOTOS_MAX photos together; the same ones each time."""
    spread = sorted(parts, key=lambda part: crc32(str(min(part)).encode()))
    ends = accumulate(map(len, spread))
    return [part for part, end in zip(spread, ends, strict=True) if end <= PLANNED_PHOTOS_MAX] or spread[:1]


def changes_by_kind(parts: Iterable[set[int]], then: Rules) -> tuple[Counter[str], Counter[str]]:
    """How many groups of each kind more or fewer these photos would have, and how many bytes these would free."""
    groups: Counter[str] = Counter()
    saved: Counter[str] = Counter()
    for batch in batches(parts):
        removed, added = change_in(batch, then)
        for found, sign in ((removed, -1), (added, 1)):
            for kind, size in found:
                groups[kind] += sign
                saved[kind] += sign * size
    return groups, saved


def batches(parts: Iterable[set[int]]) -> Iterator[set[int]]:
    """The parts, put together to about PLANNED_PHOTOS photos each."""
    batch: set[int] = set()
    for part in parts:
        batch |= part
        if len(batch) >= PLANNED_PHOTOS:
            yield batch
            batch = set()
    if batch:
        yield batch


def groups_by_kind() -> tuple[Counter[str], Counter[str]]:
    """The open groups of each kind, and what deciding them would free."""
    rows = Group.objects.filter(status=GroupStatus.OPEN).order_by().values("kind")
    counted = list(rows.annotate(n=Count("pk"), saved=Sum("bytes_saved")))
    return (
        Counter({row["kind"]: row["n"] for row in counted}),
        Counter({row["kind"]: row["saved"] or 0 for row in counted}),
    )


def change_in(photo_ids: set[int], then: Rules) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Kind and bytes of the open groups of these photos, and of the groups that they would be in."""
    present = Group.objects.filter(status=GroupStatus.OPEN, members__photo_id__in=photo_ids)
    removed = list(present.order_by().distinct().values_list("pk", "kind", "bytes_saved"))
    let_in = Q()
    for kind, rule in then.items():
        let_in |= admitted(kind, rule)
    matches = live_pairs().filter(let_in, low_id__in=photo_ids, high_id__in=photo_ids)
    choice = choice_among(photo_ids)
    plans = plan_groups(live_and_sound(photo_ids), list(matches.order_by("low_id", "high_id")), choice)
    return [(kind, saved) for _, kind, saved in removed], [(plan.kind, plan.bytes_saved) for plan in plans]


def borderline(now: Rules, then: Rules) -> list[Borderline]:
    """For each kind whose rule changes, the pairs nearest to its new threshold."""
    return [nearest(kind, then[kind]) for kind in Verdict if now[kind] != then[kind]]


def nearest(kind: Verdict, rule: KindRule) -> Borderline:
    """The least sure pairs that the rule lets in, and the surest that it keeps out."""
    pairs = live_pairs().filter(kind=kind).select_related("low", "high")
    inside = pairs.filter(admitted(kind, rule)).order_by("confidence", "pk")[:BORDERLINE_PAIRS]
    outside = pairs.exclude(admitted(kind, rule)).order_by("-confidence", "pk")[:BORDERLINE_PAIRS]
    percent = 100 * rule.least_confidence if rule.is_on else None
    return Borderline(
        kind, percent, [BorderPair(one) for one in inside], [BorderPair(one) for one in outside]
    )
