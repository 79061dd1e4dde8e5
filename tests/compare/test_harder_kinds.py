from random import Random

import pytest

from bench.harder_kinds import KINDS
from dedup.compare.finding import Kind
from tests.compare.drawing import verdict
from tests.pictures import scene

# Of a drawn scene a tenth holds too few points.
FOUND = sorted(KINDS.keys() - {"crop90"})


@pytest.mark.parametrize("name", FOUND)
def test_harder_changes_are_seen_through(name: str) -> None:
    original = scene(91, (800, 600))
    found = verdict(original, KINDS[name](original, Random(5)))
    assert found is not None
    assert found.kind is not Kind.NEAR_SHOT


def test_a_photo_of_a_print_is_recognised_as_seen_at_an_angle() -> None:
    original = scene(92, (800, 600))
    found = verdict(original, KINDS["perspective"](original, Random(6)))
    assert found is not None
    assert float(found.evidence["perspective"] or 0) > 0.02 or float(found.evidence["skew_degrees"] or 0) > 1


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_same_numbers_give_the_same_change(name: str) -> None:
    original = scene(93)
    assert KINDS[name](original, Random(7)) == KINDS[name](original, Random(7))
