"""Photos like a photo: by look, tags, colour and structure, with reasons in words."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.models import Photo
from gallery.search.similar import SimilarAnswer, similar_photos
from tests.factories import make_user
from tests.search.library import direction, model_is_here, near, photo_with

pytestmark = pytest.mark.django_db

TEAL_AND_WHITE = [["#208080", 0.6], ["#f8f8f8", 0.4]]


def ids(answer: SimilarAnswer) -> list[int]:
    return [hit.photo.pk for hit in answer.hits]


def test_by_look_the_nearest_come_first_without_the_photo_itself() -> None:
    model_is_here()
    user = make_user()
    photo = photo_with(user, vector=direction(1))
    twin = photo_with(user, vector=near(direction(1), seed=1, spread=0.01))
    cousin = photo_with(user, vector=direction(1, 0.5))
    for seed in range(40):
        photo_with(user, vector=near(direction(0, 0, 1), seed=seed))
    answer = similar_photos(user, photo, by="look", limit=5)
    assert ids(answer) == [twin.pk, cousin.pk]
    assert [hit.reason for hit in answer.hits] == ["looks nearly the same", "looks very much alike"]
    assert answer.note == ""


@pytest.mark.usefixtures("same_size")
def test_without_a_model_look_falls_back_to_structure_and_colour_and_says_so() -> None:
    user = make_user()
    photo = photo_with(user, palette=TEAL_AND_WHITE, width=111)
    built = photo_with(user, width=111)
    coloured = photo_with(user, palette=TEAL_AND_WHITE, width=222)
    photo_with(user, width=333)
    answer = similar_photos(user, photo, by="look", limit=5)
    assert set(ids(answer)) == {built.pk, coloured.pk}
    assert answer.note.startswith("Descriptions are off")
    assert answer.note.endswith("compared by structure and colour instead.")


def test_a_photo_whose_look_is_not_learned_yet_says_so() -> None:
    model_is_here()
    user = make_user()
    answer = similar_photos(user, photo_with(user), by="look")
    assert answer.note == "Its look was not learned yet; compared by structure and colour instead."


def test_by_tags_the_number_shared_counts_and_rare_ones_count_more() -> None:
    user = make_user()
    photo = photo_with(user, tags=["outdoors", "beach", "lighthouse", "dog"])
    two_common = photo_with(user, tags=["outdoors", "beach"])
    one_rare = photo_with(user, tags=["lighthouse"])
    three = photo_with(user, tags=["outdoors", "beach", "dog"])
    for _ in range(12):
        photo_with(user, tags=["outdoors", "beach"])
    photo_with(user, tags=["city"])
    answer = similar_photos(user, photo, by="tags", limit=50)
    assert ids(answer)[:2] == [one_rare.pk, three.pk] or ids(answer)[:2] == [three.pk, one_rare.pk]
    assert ids(answer).index(two_common.pk) > 1
    assert len(answer.hits) == 15
    reasons = {hit.photo.pk: hit.reason for hit in answer.hits}
    assert reasons[three.pk] == "shares 3 tags: beach, dog, outdoors"
    assert reasons[one_rare.pk] == "shares 1 tag: lighthouse"


def test_a_photo_without_tags_says_what_to_do() -> None:
    user = make_user()
    answer = similar_photos(user, photo_with(user), by="tags")
    assert (ids(answer), answer.note) == (
        [],
        "This photo has no tags yet; give it some to find photos that share them.",
    )


def test_by_colour_the_nearest_palettes_come_first_and_others_are_left_out() -> None:
    user = make_user()
    photo = photo_with(user, palette=TEAL_AND_WHITE)
    same = photo_with(user, palette=[["#1c7c80", 0.62], ["#f0f0f0", 0.38]])
    shifted = photo_with(user, palette=[["#208080", 0.9], ["#f8f8f8", 0.1]])
    photo_with(user, palette=[["#c02020", 0.6], ["#101010", 0.4]])
    photo_with(user)
    answer = similar_photos(user, photo, by="colour")
    assert ids(answer) == [same.pk, shifted.pk]
    assert answer.hits[0].reason == "the same colours: teal, white"
    assert answer.hits[0].score > answer.hits[1].score > 0.7


@pytest.mark.usefixtures("same_size")
def test_by_structure_whoever_registered_decides() -> None:
    user = make_user()
    photo = photo_with(user, width=111)
    built = photo_with(user, width=111)
    photo_with(user, width=222)
    answer = similar_photos(user, photo, by="structure")
    assert [(hit.photo.pk, hit.score, hit.reason) for hit in answer.hits] == [(built.pk, 0.9, "as wide")]


@pytest.mark.usefixtures("same_size")
@pytest.mark.parametrize("by", ["look", "tags", "colour", "structure"])
def test_hidden_and_trashed_photos_are_never_hits(by: str) -> None:
    model_is_here()
    owner, member = make_user(), make_user()
    fields: dict[str, Any] = {
        "vector": direction(1), "tags": ["boat"], "palette": TEAL_AND_WHITE, "width": 111
    }  # fmt: skip
    photo = photo_with(owner, **fields)
    photo_with(owner, visibility="private", **fields)
    trashed = photo_with(owner, **fields)
    Photo.objects.filter(pk=trashed.pk).update(trashed_at=trashed.uploaded_at)
    shown = photo_with(owner, **fields)
    assert ids(similar_photos(member, photo, by=by)) == [shown.pk]
