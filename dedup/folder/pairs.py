"""Pairs of pictures that were found to be the same, by whichever engine, and what is listed of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from dedup.compare.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dedup.folder.likeness import Proof
    from dedup.folder.parts import Part
    from dedup.folder.reading import Picture

SAME_BYTES = "The files are equal byte for byte."
# Of more files with equal bytes, only the pairs with the first one are listed: a thousand would make half a million.
EQUALS_LISTED_MAX = 32
_STRENGTH = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True)
class FoundPair:
    """Two pictures, `low` before `high` in the order of names.

    `confidence` is 0..1; `distance` is what a simple engine measured, None for the library's own, whose `transform`
    and `evidence` are as in its Verdict.
    """

    low: Picture
    high: Picture
    kind: Kind
    confidence: float
    why: str
    distance: float | None = None
    transform: Any = None
    evidence: dict[str, Any] = field(default_factory=dict)

    def order(self) -> tuple[float, int, float, str, str]:
        """The order of the list: nearest, strongest and surest first, then by name."""
        strength = _STRENGTH[self.kind]
        return (self.distance or 0.0, strength, -self.confidence, self.low.name, self.high.name)


def pair_of(proof: Proof) -> FoundPair:
    """A verdict of the library's own engine."""
    verdict = proof.verdict
    return FoundPair(
        proof.low,
        proof.high,
        verdict.kind,
        verdict.confidence,
        verdict.sentence,
        transform=verdict.transform,
        evidence=verdict.evidence,
    )


def listed_pairs(part: Part, found: Iterable[FoundPair]) -> Iterator[FoundPair]:
    """The found pairs, and those of equal bytes; a file with equal bytes has the pairs of the one that was compared."""
    for equals in part.equals.values():
        yield from _equal_bytes(equals)
    for pair in found:
        for one in _listed(part.equals[pair.low.name]):
            for other in _listed(part.equals[pair.high.name]):
                low, high = sorted((one, other), key=lambda picture: picture.name)
                yield replace(pair, low=low, high=high)


def _equal_bytes(equals: tuple[Picture, ...]) -> Iterator[FoundPair]:
    first = equals[0]
    pairs = combinations(equals, 2) if len(equals) <= EQUALS_LISTED_MAX else ((first, o) for o in equals[1:])
    for low, high in pairs:
        yield FoundPair(low, high, Kind.IDENTICAL_PIXELS, 1.0, SAME_BYTES)


def _listed(equals: tuple[Picture, ...]) -> tuple[Picture, ...]:
    return equals if len(equals) <= EQUALS_LISTED_MAX else equals[:1]
