"""Searching with an example picture, alone and together with words."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.describe import PictureAnswer
from gallery.search import search
from tests.factories import make_user
from tests.search.library import MODEL, described_as, direction, model_is_here, near, photo_with

pytestmark = pytest.mark.django_db

TEAL = [["#208080", 1.0]]


def example(vector: list[float] | None = None, message: str = "") -> PictureAnswer:
    """A teal picture, 111 pixels wide."""
    results: dict[str, dict[str, Any]] = {"colour": {"palette": TEAL}, "fingerprint": {"width": 111}}
    return PictureAnswer(vector, MODEL if vector else "", message, 111, 80, results)


@pytest.mark.usefixtures("same_size")
def test_photos_that_look_like_the_example_come_with_verdicts_of_copies() -> None:
    model_is_here()
    user = make_user()
    copy = photo_with(user, vector=direction(1), width=111)
    alike = photo_with(user, vector=direction(1, 0.3))
    for seed in range(40):
        photo_with(user, vector=near(direction(0, 1), seed=seed))
    page = search(user, "", example=example(list(direction(1))))
    assert [photo.pk for photo in page.photos] == [copy.pk, alike.pk]
    assert page.verdicts == {copy.pk: {"kind": "crop"}}
    assert page.scores[copy.pk] == pytest.approx(1.0, abs=0.01)
    assert [chip["kind"] for chip in page.understood] == ["picture"]


@pytest.mark.usefixtures("same_size")
def test_without_a_vector_the_example_is_compared_by_structure_and_colour_and_it_is_said() -> None:
    user = make_user()
    built = photo_with(user, width=111)
    coloured = photo_with(user, palette=TEAL)
    photo_with(user, palette=[["#c02020", 1.0]])
    page = search(user, "", example=example(message="Descriptions are off: there is no model."))
    assert {photo.pk for photo in page.photos} == {built.pk, coloured.pk}
    assert page.warnings[0]["message"] == (
        "Descriptions are off: there is no model. The picture was compared by structure and colour instead."
    )


def test_an_example_combines_with_tags_and_what_to_avoid() -> None:
    model_is_here()
    user = make_user()
    described_as("beach", direction(0, 1))
    plain = photo_with(user, vector=direction(1, 0, 0.2), tags=["holiday"])
    beach = photo_with(user, vector=direction(1, 0.4), tags=["holiday"])
    photo_with(user, vector=direction(1))
    for seed in range(40):
        photo_with(user, vector=near(direction(0, 0, 1), seed=seed), tags=["holiday"])
    page = search(user, "holiday -like:beach", example=example(list(direction(1))))
    found = [photo.pk for photo in page.photos]
    assert found[0] == plain.pk
    assert beach.pk not in found[:1]
