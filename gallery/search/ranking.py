"""Several rankings of the same photos made one, by reciprocal rank fusion. Pure.

Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods",
SIGIR 2009: a photo's score is the sum of 1 / (60 + its place) over the rankings that it is in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

RRF_CONSTANT: Final = 60  # from the paper; it damps how much a first place in one ranking outweighs the rest


@dataclass(frozen=True)
class Ranking:
    """Photos best first, with scores from 0 to 1 where higher is better.

    `is_whole` is False where there may be more to come; `is_boost` where it only reorders what other rankings found.
    """

    ids: Sequence[int]
    scores: Mapping[int, float]
    is_whole: bool = True
    is_boost: bool = False
    verdicts: Mapping[int, dict[str, Any]] = field(default_factory=dict)


def fuse(rankings: Sequence[Ranking]) -> list[int]:
    """Every photo that a ranking holds (boosts aside, unless there is nothing else), best first; ties by number."""
    finders = [ranking for ranking in rankings if not ranking.is_boost] or list(rankings)
    found = {pk for ranking in finders for pk in ranking.ids}
    if len(rankings) == 1:
        return list(rankings[0].ids)
    merits = dict.fromkeys(found, 0.0)
    for ranking in rankings:
        for place, pk in enumerate(ranking.ids, start=1):
            if pk in found:
                merits[pk] += 1.0 / (RRF_CONSTANT + place)
    return sorted(found, key=lambda pk: (-merits[pk], -pk))


def merged_scores(rankings: Sequence[Ranking]) -> dict[int, float]:
    """Each photo's score in the first of the rankings that has one."""
    scores: dict[int, float] = {}
    for ranking in reversed(rankings):
        scores.update(ranking.scores)
    return scores


def merged_verdicts(rankings: Sequence[Ranking]) -> dict[int, dict[str, Any]]:
    """Each photo's verdict, where a ranking has one."""
    verdicts: dict[int, dict[str, Any]] = {}
    for ranking in reversed(rankings):
        verdicts.update(ranking.verdicts)
    return verdicts
