"""A person's word on pairs, remembered for good: no later match brings a decided pair back."""

from __future__ import annotations

from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

from dedup.models import PairDecision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dedup.models import Resolution
    from gallery.models import User

DECISION_FIELDS = ("id", "low_id", "high_id", "kind", "decided_by_id", "decided_at", "resolution_id")


def pairs_of(photo_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Every pair, lower id first."""
    return list(combinations(sorted(set(photo_ids)), 2))


def decide_pairs(
    *,
    pairs: Sequence[tuple[int, int]],
    kind: PairDecision.Kind,
    by: User | None,
    resolution: Resolution | None = None,
) -> list[dict[str, Any]]:
    """Record the decision on each pair; the same decision taken before stays as it is.

    Returns the rows that it replaces, as JSON, for `take_back`.
    """
    lows, highs = {low for low, _ in pairs}, {high for _, high in pairs}
    known = PairDecision.objects.filter(low_id__in=lows, high_id__in=highs).values(*DECISION_FIELDS)
    present = {(row["low_id"], row["high_id"]): row for row in known}
    replaced = [present[pair] for pair in pairs if pair in present and present[pair]["kind"] != kind]
    PairDecision.objects.filter(pk__in=[row["id"] for row in replaced]).delete()
    settled = present.keys() - {(row["low_id"], row["high_id"]) for row in replaced}
    PairDecision.objects.bulk_create(
        [
            PairDecision(low_id=low, high_id=high, kind=kind, decided_by=by, resolution=resolution)
            for low, high in pairs
            if (low, high) not in settled
        ],
        ignore_conflicts=True,
    )
    return [{**row, "decided_at": row["decided_at"].isoformat()} for row in replaced]


def take_back(resolution: Resolution, replaced: Sequence[dict[str, Any]]) -> None:
    """Remove the decisions that came with the resolution and bring back those that they replaced."""
    PairDecision.objects.filter(resolution=resolution).delete()
    for row in replaced:
        pair = PairDecision.objects.filter(low_id=row["low_id"], high_id=row["high_id"])
        if pair.exists():  # Someone decided anew since: the later word holds.
            continue
        PairDecision.objects.create(**{name: row[name] for name in DECISION_FIELDS if name != "decided_at"})
        pair.update(decided_at=datetime.fromisoformat(row["decided_at"]))
