"""Searching by words, by meaning, by a photo and by colour: what comes first, and where it ends."""

from __future__ import annotations

import pytest

from gallery.search import matching_ids, search
from tests.factories import make_photo, make_user
from tests.search.library import (
    all_pages,
    described_as,
    direction,
    ids,
    messages,
    model_is_here,
    near,
    photo_with,
)

pytestmark = pytest.mark.django_db


def test_without_a_model_descriptions_look_at_the_text_fields_and_say_so() -> None:
    user = make_user()
    titled = make_photo(user, title="A dog on the beach")
    make_photo(user, title="A cat")
    page = search(user, "dogs beach")
    assert ids(page) == [titled.pk]
    assert page.understood[0]["note"] == "found in the text fields only"
    assert "could not be used" in messages(page)[0]


def test_photos_are_ranked_by_meaning_until_they_no_longer_stand_out() -> None:
    model_is_here()
    user = make_user()
    dogs = [photo_with(user, vector=near(direction(1), seed=seed)).pk for seed in range(5)]
    for seed in range(60):
        photo_with(user, vector=near(direction(0, 1, 1, -1), seed=100 + seed))
    described_as("dog", direction(1))
    page = search(user, "dog")
    assert set(ids(page)) == set(dogs)
    assert (page.total, page.total_is_exact) == (5, True)
    assert (
        page.stopped == "Stopped after 5 photos: the next ones fit hardly better than any other photo does."
    )
    scores = [page.scores[pk] for pk in ids(page)]
    assert scores == sorted(scores, reverse=True)


def test_meaning_and_words_are_fused() -> None:
    model_is_here()
    user = make_user()
    described_as("dog", direction(1))
    both = photo_with(user, vector=near(direction(1), seed=1), title="dog")
    seen = photo_with(user, vector=direction(1))
    written = photo_with(user, vector=direction(0, 1), title="dog")
    for seed in range(40):
        photo_with(user, vector=near(direction(0, 1), seed=seed))
    assert ids(search(user, "dog"))[0] == both.pk
    assert set(ids(search(user, "dog"))) == {both.pk, seen.pk, written.pk}
    assert written.pk not in ids(search(user, "like:dog"))


def test_a_filter_thins_out_a_ranking_and_loses_nothing() -> None:
    model_is_here()
    user = make_user()
    described_as("dog", direction(1))
    wanted = [photo_with(user, vector=near(direction(1), seed=n), tags=["holiday"]).pk for n in range(3)]
    for seed in range(50):
        photo_with(user, vector=near(direction(1), seed=100 + seed))
        photo_with(user, vector=near(direction(0, 1), seed=200 + seed), tags=["holiday"])
    assert set(ids(search(user, "dog holiday"))) == set(wanted)


def test_what_is_pushed_away_comes_last() -> None:
    model_is_here()
    user = make_user()
    described_as("dog", direction(1))
    described_as("beach", direction(0, 1))
    plain = photo_with(user, vector=direction(1, 0, 0.3))
    at_beach = photo_with(user, vector=direction(1, 0.8))
    for seed in range(40):
        photo_with(user, vector=near(direction(0, 0, 1, 1), seed=seed))
    assert ids(search(user, "dog"))[:2] == [plain.pk, at_beach.pk]
    assert at_beach.pk not in ids(search(user, "dog -like:beach"))[:1]
    assert ids(search(user, "dog -beach"))[0] == plain.pk


def test_photos_like_a_photo_and_like_several() -> None:
    model_is_here()
    user = make_user()
    one = photo_with(user, vector=direction(1))
    two = photo_with(user, vector=direction(0, 1))
    near_one = photo_with(user, vector=direction(1, 0.1))
    between = photo_with(user, vector=direction(1, 1))
    for seed in range(40):
        photo_with(user, vector=near(direction(0, 0, 0, 1), seed=seed))
    assert ids(search(user, f"similar:{one.pk}"))[0] == near_one.pk
    assert ids(search(user, f"similar:{one.pk},{two.pk}"))[0] == between.pk
    assert one.pk not in ids(search(user, f"similar:{one.pk}"))


def test_an_order_sorts_what_a_description_finds() -> None:
    model_is_here()
    user = make_user()
    described_as("dog", direction(1))
    found = [photo_with(user, vector=near(direction(1), seed=n), width=100 * n) for n in range(1, 4)]
    for seed in range(40):
        photo_with(user, vector=near(direction(0, 1), seed=seed), width=9_999)
    assert ids(search(user, "dog order:width")) == [photo.pk for photo in reversed(found)]


def test_ranked_pages_hold_every_result_once() -> None:
    model_is_here()
    user = make_user()
    described_as("dog", direction(1))
    for seed in range(30):
        photo_with(user, vector=near(direction(1), seed=seed))
    for seed in range(90):
        photo_with(user, vector=near(direction(0, 1), seed=100 + seed))
    whole = ids(search(user, "dog", limit=100))
    assert len(whole) == 30
    assert all_pages(user, "dog", limit=7) == whole
    assert matching_ids(user, "dog") == whole


def test_where_nothing_stands_out_the_closest_are_shown_and_it_is_said() -> None:
    model_is_here()
    user = make_user()
    described_as("dog", direction(1))
    for seed in range(80):
        photo_with(user, vector=near(direction(0, 1), seed=1_000 + seed, spread=0.02))
    page = search(user, "dog")
    assert page.total == 24
    assert page.stopped == "Nothing stands out for this description, so the 24 closest photos are shown."


def test_colours_filter_and_rank() -> None:
    user = make_user()
    little = photo_with(user, palette=[["#008080", 0.3], ["#ffffff", 0.7]])
    much = photo_with(user, palette=[["#108078", 0.9], ["#ffffff", 0.1]])
    photo_with(user, palette=[["#c02020", 1.0]])
    make_photo(user)
    assert ids(search(user, "colour:teal")) == [much.pk, little.pk]
    assert search(user, "-colour:teal").total == 2
