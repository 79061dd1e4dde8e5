"""What the originals of two proven copies add to the evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dedup.compare.closer_look import enlarged_side, look_closer, overlaid_sides
from dedup.compare.fingerprint import PICTURE_SIDE_PX
from dedup.compare.kinds import Kind
from dedup.compare.verdict import Side, Verdict

SAME = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
FOUND = {"saved": [90, 40], "enlarged": 0.9, "sharper": 1.1, "overlaid": 1}


def side(width: int) -> Side:
    def load() -> Any:
        return np.zeros((PICTURE_SIDE_PX, PICTURE_SIDE_PX, 3), np.uint8)

    return Side(fingerprint=None, width=width, height=width * 3 // 4, load_preview=load)  # type: ignore[arg-type]  # unread


def verdict(kind: Kind = Kind.SAME_PICTURE, transform: Any = SAME) -> Verdict:
    return Verdict(kind, 0.9, transform, False, "They are the same.", {"points": 9})


def test_the_evidence_names_sides() -> None:
    found = look_closer(verdict(), side(1000), side(2000), lambda aligned: FOUND)
    assert found.evidence == {
        "points": 9,
        "low_saved_quality": 90,
        "high_saved_quality": 40,
        "enlarged_agreement": 0.9,
        "enlarged": "high",
        "blurred": None,
        "overlaid": "high",
    }


def test_what_a_blur_takes_away_is_no_overlay() -> None:
    found = look_closer(
        verdict(), side(1000), side(1000), lambda aligned: FOUND | {"sharper": 2.0, "overlaid": 0}
    )
    assert (found.evidence["blurred"], found.evidence["overlaid"]) == ("high", None)


def test_what_cannot_be_told_is_nothing() -> None:
    nothing = {"saved": [None, None], "enlarged": None, "sharper": None, "overlaid": None}
    found = look_closer(verdict(), side(1000), side(2000), lambda aligned: nothing)
    assert [found.evidence[name] for name in ("enlarged", "blurred", "overlaid")] == [None, None, None]


def test_originals_that_cannot_be_looked_at_leave_the_verdict_as_it_is() -> None:
    assert look_closer(verdict(), side(1000), side(2000), lambda aligned: None) == verdict()


def test_another_moment_is_not_looked_at() -> None:
    def never(aligned: bool) -> None:
        raise AssertionError("another moment was looked at")

    assert look_closer(verdict(Kind.NEAR_SHOT), side(1), side(2), never) == verdict(Kind.NEAR_SHOT)


@pytest.mark.parametrize(
    ("transform", "aligned"),
    [(SAME, True), (((1.3, 0, -0.1), (0, 1.3, -0.1)), False), (((0, 1, 0), (1, 0, 0)), False)],
)
def test_only_pictures_that_lie_edge_to_edge_are_laid_over_each_other(transform: Any, aligned: bool) -> None:
    asked = []

    def compare(one: bool) -> None:
        asked.append(one)

    look_closer(replace(verdict(), transform=transform), side(1000), side(1000), compare)
    assert asked == [aligned]


def test_the_larger_one_is_enlarged_when_it_agrees_well_for_its_size() -> None:
    assert enlarged_side(side(2000), side(1000), 0.5) == "low"
    assert enlarged_side(side(1000), side(2000), 0.5) == "high"
    assert enlarged_side(side(1300), side(1000), 0.5) is None


def test_both_ways_of_finding_an_overlay_count() -> None:
    assert overlaid_sides({"overlay_on": "low", "overlaid": None}) == {"low"}
    assert overlaid_sides({"overlay_on": None, "overlaid": "high"}) == {"high"}
    assert overlaid_sides({}) == set()


def test_where_they_disagree_the_originals_are_right() -> None:
    assert overlaid_sides({"overlay_on": "low", "overlaid": "high"}) == {"high"}
