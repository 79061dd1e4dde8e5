"""What a query wants photos to look like: descriptions, photos and an example picture, made one direction.

Each part is a unit vector of the model. They are weighted by how much a photo's likeness to each varies over the
library, since pictures lie far nearer to pictures than to texts; what is pushed away counts with NEGATIVE_WEIGHT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from gallery.search.cutoff import bulk_of
from gallery.search.vectors import Floats, Target, sample_scores, unit

NEGATIVE_WEIGHT: Final = 0.7  # below 1, so that "dog, not on a beach" stays with the dogs
LEAST_SPREAD: Final = 1e-3  # a library of copies has no spread to weigh by


@dataclass(frozen=True)
class Part:
    """Something to be near to, or with `is_negative` far from."""

    vector: Floats
    is_negative: bool = False


@dataclass(frozen=True)
class Meaning:
    """The direction that a query looks in, and the cosines (n,) of a sample of the library with it."""

    target: Target
    sample: Floats = field(repr=False)


def combine(parts: Sequence[Part], model: str) -> Meaning | None:
    """The parts as one direction; None without parts."""
    if not parts:
        return None
    scores = sample_scores(model, [part.vector for part in parts])
    only_negative = all(part.is_negative for part in parts)
    weights = np.array([_weight(part, scores[:, at], only_negative) for at, part in enumerate(parts)])
    whole = np.sum([weight * part.vector for weight, part in zip(weights, parts, strict=True)], axis=0)
    length = float(np.linalg.norm(whole)) or 1.0
    # Cosines are linear in the direction, so those of the sample need no second look at the table.
    return Meaning(Target(unit(whole), model), scores @ weights / length)


def _weight(part: Part, scores: Floats, only_negative: bool) -> float:
    spread = max(bulk_of(scores)[1], LEAST_SPREAD) if len(scores) else 1.0
    if not part.is_negative:
        return 1.0 / spread
    return -(1.0 if only_negative else NEGATIVE_WEIGHT) / spread
