"""Form groups from verified pairs: stars around a keeper, never chains.

Every member of a group was itself verified against the group's keeper. "Similar to similar" does not join: a photo that
matches a member but not the keeper stays out, and may lead or join another group. Shots of another moment (near-shot)
form groups of their own and never mix with copies. The result depends on the pairs and on the order of keepers alone,
not on the order in which pairs were found.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dedup.compare.kinds import Kind

Key = TypeVar("Key", bound=Hashable)
_STRENGTH = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True)
class Edge(Generic[Key]):
    """A verified pair; `first` and `second` in any order."""

    first: Key
    second: Key
    kind: Kind
    confidence: float


@dataclass(frozen=True)
class StarGroup(Generic[Key]):
    """A keeper and the others, each verified against it, those first that would be the next best keeper.

    `kind` is the weakest kind among its pairs, `confidence` the lowest (0..1); `verdicts` are the pairs, in the order
    of `others`.
    """

    keeper: Key
    others: tuple[Key, ...]
    verdicts: tuple[Edge[Key], ...]

    @property
    def kind(self) -> Kind:
        """The weakest kind among the pairs."""
        return max((edge.kind for edge in self.verdicts), key=_STRENGTH.__getitem__)

    @property
    def confidence(self) -> float:
        """The lowest confidence among the pairs."""
        return min(edge.confidence for edge in self.verdicts)


def group(edges: Iterable[Edge[Key]], best_first: Sequence[Key]) -> list[StarGroup[Key]]:
    """Group verified pairs; `best_first` holds every photo that the pairs name, better keepers earlier.

    Copies are grouped first; a near-shot group then joins only photos that are not already to be replaced by a keeper,
    so that three copies of one shot do not stand beside the next shot. KeyError when a photo has no place in the order.
    """
    rank = {key: place for place, key in enumerate(best_first)}
    unique = {_ends(edge, rank): edge for edge in sorted(edges, key=lambda edge: _ends(edge, rank))}
    copies = [edge for edge in unique.values() if edge.kind is not Kind.NEAR_SHOT]
    shots = [edge for edge in unique.values() if edge.kind is Kind.NEAR_SHOT]
    groups = _stars(copies, rank)
    replaced = {key for one in groups for key in one.others}
    free = [edge for edge in shots if edge.first not in replaced and edge.second not in replaced]
    return groups + _stars(free, rank)


def _ends(edge: Edge[Key], rank: dict[Key, int]) -> tuple[int, int]:
    first, second = rank[edge.first], rank[edge.second]
    return (first, second) if first < second else (second, first)


def _stars(edges: Sequence[Edge[Key]], rank: dict[Key, int]) -> list[StarGroup[Key]]:
    """Let the best free photo that has a free partner take all its free partners, again and again."""
    partners: dict[Key, dict[Key, Edge[Key]]] = {}
    for edge in edges:
        partners.setdefault(edge.first, {})[edge.second] = edge
        partners.setdefault(edge.second, {})[edge.first] = edge
    taken: set[Key] = set()
    stars = []
    for keeper in sorted(partners, key=rank.__getitem__):
        if keeper in taken:
            continue
        others = sorted((key for key in partners[keeper] if key not in taken), key=rank.__getitem__)
        if not others:
            continue
        taken.update(others, [keeper])
        stars.append(StarGroup(keeper, tuple(others), tuple(partners[keeper][key] for key in others)))
    return stars
