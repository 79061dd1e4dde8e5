"""Where rankings end, and how several become one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gallery.search.cutoff import FEWEST, bulk_of, find_cutoff, share_above
from gallery.search.ranking import Ranking, fuse, merged_scores


def scores(unrelated: int, fitting: int, *, base: float, spread: float, rise: float) -> NDArray[np.float64]:
    """Scores as a model gives them, highest first."""
    source = np.random.default_rng(unrelated * 31 + fitting)
    drawn = np.concatenate(
        [source.normal(base, spread, unrelated), source.normal(base + rise, spread, fitting)]
    )
    return np.sort(drawn)[::-1]


@pytest.mark.parametrize("base", [-0.1, 0.15, 0.6])
@pytest.mark.parametrize(("unrelated", "fitting"), [(2_000, 20), (500, 100), (200, 300), (60, 5)])
def test_fitting_photos_are_told_from_others_whatever_the_level_of_scores(
    base: float, unrelated: int, fitting: int
) -> None:
    drawn = scores(unrelated, fitting, base=base, spread=0.02, rise=0.14)
    kept = find_cutoff(float(drawn[0]), drawn, len(drawn)).keeps(drawn)
    assert kept == pytest.approx(fitting, rel=0.1)


def test_the_cutoff_depends_on_the_query_not_on_one_constant() -> None:
    low = scores(500, 20, base=0.1, spread=0.02, rise=0.14)
    high = scores(500, 20, base=0.6, spread=0.02, rise=0.14)
    assert find_cutoff(low[0], low, 520).score < 0.3 < find_cutoff(high[0], high, 520).score


def test_without_anything_that_stands_out_the_closest_few_are_kept() -> None:
    drawn = scores(2_000, 0, base=0.2, spread=0.02, rise=0)
    cutoff = find_cutoff(float(drawn[0]), drawn, len(drawn))
    assert not cutoff.stands_out
    assert cutoff.keeps(drawn) == FEWEST
    assert cutoff.keeps(drawn[:3]) == 3


def test_a_library_of_equal_scores_and_an_empty_one_are_no_error() -> None:
    equal = np.full(10, 0.3)
    assert bulk_of(equal) == pytest.approx((0.3, 0.0))
    assert find_cutoff(0.3, equal, 10).keeps(equal) == 10
    assert find_cutoff(0.0, np.empty(0), 0).keeps(np.empty(0)) == 0


def test_the_share_above_the_cutoff_estimates_how_many_there_are() -> None:
    drawn = scores(900, 100, base=0.2, spread=0.02, rise=0.2)
    assert share_above(find_cutoff(float(drawn[0]), drawn, 1_000), drawn) == pytest.approx(0.1, abs=0.02)


def test_fusion_puts_first_what_several_rankings_agree_on() -> None:
    one = Ranking([1, 2, 3], {1: 0.9, 2: 0.8, 3: 0.7})
    other = Ranking([4, 2, 5], {4: 0.5, 2: 0.4, 5: 0.3})
    assert fuse([one, other])[0] == 2
    assert set(fuse([one, other])) == {1, 2, 3, 4, 5}
    assert merged_scores([one, other])[2] == 0.8


def test_a_boost_reorders_but_adds_nothing() -> None:
    found = Ranking([1, 2], {})
    boost = Ranking([2, 9], {}, is_boost=True)
    assert fuse([found, boost]) == [2, 1]
    assert fuse([boost]) == [2, 9]


def test_a_single_ranking_keeps_its_order() -> None:
    assert fuse([Ranking([3, 1, 2], {})]) == [3, 1, 2]
