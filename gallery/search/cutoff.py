"""Where a ranking by meaning ends: found from each query's own scores. Pure.

Scores of one model cannot be judged by a fixed number: unrelated photos score 0.15 under one text and 0.25 under the
next. So each query is measured against a sample of the library: what unrelated photos get and how much that varies,
both taken from the lower third of the scores, where even in a library full of fitting photos none of them lies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SPREADS_ABOVE: Final = (
    2.5  # of unrelated photos about 6 in 1,000 score so high by chance (normal distribution)
)
SHARE_OF_RISE: Final = 0.5  # results end where scores have fallen back to this share of the best one's rise
SAMPLING_ERROR: Final = (
    4.0  # over the root of the sample size: thrice the relative error of a spread taken so
)
FEWEST: Final = 24  # results shown even where nothing stands out: a screenful to judge by
LEAST_SAMPLE: Final = 20  # scores; fewer say too little about a spread
_QUANTILES: Final = (0.1, 0.3)
_NORMAL_QUANTILES: Final = (-1.2816, -0.5244)  # of the standard normal distribution, at these


@dataclass(frozen=True)
class Cutoff:
    """Results with a score of `score` or more are shown; where nothing stands out, the FEWEST best."""

    score: float
    stands_out: bool

    def keeps(self, scores: NDArray[np.float64]) -> int:
        """How many of the scores, highest first, are shown."""
        return int(np.count_nonzero(scores >= self.score)) if self.stands_out else min(FEWEST, len(scores))


def find_cutoff(best: float, sample: NDArray[np.float64], among: int) -> Cutoff:
    """The cutoff for a query whose best score among `among` photos is `best`, given the scores (n,) of a sample.

    The best of many unrelated photos is expected sqrt(2 ln n) spreads above their mean (normal distribution), so only
    what lies higher stands out.
    """
    if len(sample) == 0:
        return Cutoff(-math.inf, False)
    first = _cutoff(best, sample, among)
    # Where much of the library fits, it moved the bulk; without what was found to fit, the bulk is clearer.
    others = sample[sample < first.score]
    return _cutoff(best, others, among) if first.stands_out and len(others) >= LEAST_SAMPLE else first


def _cutoff(best: float, sample: NDArray[np.float64], among: int) -> Cutoff:
    bulk, spread = bulk_of(sample)
    chance = math.sqrt(2 * math.log(max(among, 2))) * spread * (1 + SAMPLING_ERROR / math.sqrt(len(sample)))
    return Cutoff(bulk + max(SPREADS_ABOVE * spread, SHARE_OF_RISE * (best - bulk)), best > bulk + chance)


def bulk_of(sample: NDArray[np.float64]) -> tuple[float, float]:
    """What unrelated photos score on average, and the standard deviation: of the normal distribution that has the same
    lower quantiles."""
    low, high = (float(each) for each in np.quantile(sample, _QUANTILES))
    spread = (high - low) / (_NORMAL_QUANTILES[1] - _NORMAL_QUANTILES[0])
    return high - _NORMAL_QUANTILES[1] * spread, spread


def share_above(cutoff: Cutoff, sample: NDArray[np.float64]) -> float:
    """The share of the library that scores so high, as the sample has it."""
    return float(np.mean(sample >= cutoff.score)) if len(sample) else 0.0
