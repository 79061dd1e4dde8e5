from random import Random

import numpy as np
import pytest

from bench.harder_kinds import KINDS
from bench.near_pairs import DRAWN_EVENTS, PHOTO_EVENTS, Pair, drawn_pair, photo_pair
from bench.near_scenes import drawn, scene_of
from dedup.compare.finding import Kind
from tests.compare.drawing import verdict
from tests.pictures import scene


def _photo_pair(seed: int, event: str, camera: str) -> Pair:
    photo, other = (np.asarray(scene(seed + step)) for step in (0, 50))
    return photo_pair(photo, other, seed, event, camera)


@pytest.mark.parametrize("event", sorted(DRAWN_EVENTS.keys() - {"nothing"}))
def test_another_moment_of_a_drawn_scene_is_no_copy(event: str) -> None:
    pair = drawn_pair(11, event, "shake")
    found = verdict(pair.low, pair.high)
    assert found is None or found.kind is Kind.NEAR_SHOT


@pytest.mark.parametrize("event", sorted(PHOTO_EVENTS.keys() - {"photo, nothing"}))
def test_another_exposure_of_a_photo_is_no_copy(event: str) -> None:
    pair = _photo_pair(12, event, "grain")
    found = verdict(pair.low, pair.high)
    assert found is None or found.kind is Kind.NEAR_SHOT


@pytest.mark.parametrize("event", ["a part moved", "a part came"])
def test_a_cut_out_thing_that_moved_or_came_is_no_copy(event: str) -> None:
    pair = _photo_pair(12, event, "still")
    found = verdict(pair.low, pair.high)
    assert found is None or found.kind is Kind.NEAR_SHOT


@pytest.mark.parametrize("event", DRAWN_EVENTS)
def test_the_same_seed_gives_the_same_moments(event: str) -> None:
    first, second = (drawn_pair(13, event, "light") for _ in range(2))
    assert (first.low, first.high) == (second.low, second.high)


@pytest.mark.parametrize("event", PHOTO_EVENTS)
def test_two_shots_of_a_photo_differ(event: str) -> None:
    pair = _photo_pair(14, event, "grain")
    assert pair.low != pair.high


def test_stickers_on_a_drawn_scene_stay_a_copy() -> None:
    shot = drawn(scene_of(15))
    found = verdict(shot, KINDS["stickers"](shot, Random(5)))
    assert found is not None
    assert found.kind is Kind.EDITED
