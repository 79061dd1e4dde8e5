from dataclasses import replace

import pytest

from dedup.compare.confidence import copy_probability
from dedup.compare.finding import Finding
from tests.compare.findings import COPY

AGREEING = replace(COPY, zncc=0.999, fine_zncc=0.999, low_zncc=0.995, colour_left=0.6)


def test_pictures_that_agree_closely_are_surely_one_and_never_quite() -> None:
    assert 0.98 < copy_probability(AGREEING) < 1


@pytest.mark.parametrize(
    "worse",
    [
        replace(AGREEING, fine_zncc=0.96),
        replace(AGREEING, low_zncc=0.9),
        replace(AGREEING, colour_left=5.0),
    ],
)
def test_each_measure_that_agrees_less_lowers_the_probability(worse: Finding) -> None:
    assert copy_probability(worse) < copy_probability(AGREEING)


def test_two_shots_by_hand_are_rather_not_one_picture() -> None:
    shaken = replace(AGREEING, zncc=0.985, fine_zncc=0.965, low_zncc=0.87, colour_left=3.0)
    assert copy_probability(shaken) < 0.3
