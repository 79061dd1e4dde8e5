"""How likely a finding is to be one of a copy, from what was measured."""

import math

from dedup.compare import thresholds
from dedup.compare.finding import Finding

_ZNCC_FLOOR = 1e-3
_LOW_ZNCC_FLOOR = 3e-3
_COLOUR_FLOOR = 0.5


def copy_probability(finding: Finding) -> float:
    """Return the probability (0..1) that two pictures which agree so well are one picture, by a logistic model."""
    measures = (
        -math.log10(1 - min(1.0, finding.fine_zncc) + _ZNCC_FLOOR),
        -math.log10(1 - min(1.0, finding.low_zncc) + _LOW_ZNCC_FLOOR),
        math.log2(finding.colour_left + _COLOUR_FLOOR),
    )
    logit = thresholds.COPY_LOGIT_BIAS + sum(
        weight * measure for weight, measure in zip(thresholds.COPY_LOGIT_WEIGHTS, measures, strict=True)
    )
    return 1 / (1 + math.exp(-logit))
