"""Where a ranking by meaning ends: found from each query's own scores. Pure.

Scores of one model cannot be judged by a fixed number: unrelated photos score 0.15 under one text and 0.25 under the
next. So each query is measured against a sample of the library: what unrelated photos get (the sample's lower middle),
how much that varies (by the median absolute deviation, which a minority of fitting photos hardly moves), and the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SPREADS_ABOVE: Final = (
    2.5  # of unrelated photos about 6 in 1,000 score so high by chance (normal distribution)
)
SHARE_OF_RISE: Final = 0.4  # results end where scores have fallen back to this share of the best one's rise
FEWEST: Final = 24  # results shown even where nothing stands out: a screenful to judge by
BULK_QUANTILE: Final = 0.4  # below the median, since some of the sample fits the query
_MAD_TO_SIGMA: Final = 1.4826  # of a normal distribution


@dataclass(frozen=True)
class Cutoff:
    """Results with a score of `score` or more are shown; without anything that stands out, the FEWEST best."""

    score: float
    stands_out: bool

    def keeps(self, scores: NDArray[np.float64]) -> int:
        """How many of the scores, highest first, are shown."""
        above = int(np.count_nonzero(scores >= self.score)) if self.stands_out else 0
        return max(above, 0 if self.stands_out else min(FEWEST, len(scores)))


def find_cutoff(best: float, sample: NDArray[np.float64]) -> Cutoff:
    """The cutoff for a query whose best score is `best`, given the scores of a random sample of the library (n,)."""
    if len(sample) == 0:
        return Cutoff(-np.inf, True)
    bulk, spread = bulk_of(sample)
    score = bulk + max(SPREADS_ABOVE * spread, SHARE_OF_RISE * (best - bulk))
    return Cutoff(float(score), bool(best > score))


def bulk_of(sample: NDArray[np.float64]) -> tuple[float, float]:
    """What unrelated photos score, and how much that varies (a standard deviation)."""
    bulk = float(np.quantile(sample, BULK_QUANTILE))
    below = sample[sample <= np.median(sample)]
    return bulk, float(_MAD_TO_SIGMA * np.median(np.abs(below - np.median(sample)))) if len(below) else 0.0


def share_above(cutoff: Cutoff, sample: NDArray[np.float64]) -> float:
    """The share of the library that scores so high, as the sample has it."""
    return float(np.mean(sample >= cutoff.score)) if len(sample) else 0.0
