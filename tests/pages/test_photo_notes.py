"""What the page of a photo remarks about it."""

from __future__ import annotations

import pytest

from dedup.models import Match
from gallery.models import Photo, Role, Visibility
from gallery.photo_notes import notes_about
from tests.dedup.rows import make_photos, match
from tests.dedup.test_api import client_of
from tests.dedup.test_search_fields import found
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


def overlaid_pair() -> tuple[Photo, Photo]:
    """A photo with letters over it, and the clean one of another person."""
    marked, clean = make_photo(make_user()), make_photo(make_user())
    pair = match(marked, clean)
    Match.objects.filter(pk=pair.pk).update(
        evidence={"overlaid": "low" if pair.low_id == marked.pk else "high"}
    )
    return marked, clean


def test_a_plain_photo_has_no_notes() -> None:
    (photo,) = make_photos(1, filled_share=1.0)
    assert notes_about(photo.owner, photo) == []


def test_more_pixels_than_detail_are_remarked() -> None:
    (photo,) = make_photos(1, filled_share=0.5, width=1000, height=750)
    (note,) = notes_about(photo.owner, photo)
    assert "some 500 px would hold what its long side of 1000 px shows" in note


def test_a_border_is_remarked_side_by_side() -> None:
    (photo,) = make_photos(1, border=[0.1, 0.0, 0.05, 0.0])
    assert notes_about(photo.owner, photo) == [
        "It has a border of one colour: 10% at the top, 5% at the bottom."
    ]


def test_an_overlay_is_remarked_only_to_those_who_see_the_clean_copy() -> None:
    marked, clean = overlaid_pair()
    (note,) = notes_about(marked.owner, marked)
    assert clean.file_name in note
    assert notes_about(marked.owner, clean) == []
    Photo.objects.filter(pk=clean.pk).update(visibility=Visibility.PRIVATE)
    assert notes_about(marked.owner, marked) == []


def test_the_page_shows_the_notes() -> None:
    (photo,) = make_photos(1, border=[0.1, 0.1, 0.1, 0.1])
    html = client_of(photo.owner).get(f"/photos/{photo.pk}").content.decode()
    assert "It has a border of one colour" in html


def test_what_is_remarked_can_be_searched_for() -> None:
    asker = make_user(role=Role.MODERATOR)
    facts = ({"filled_share": 0.5}, {"border": [0.1, 0, 0, 0]}, {"filled_share": 1.0})
    upscaled, bordered, plain = (make_photos(1, **fields)[0] for fields in facts)
    marked, clean = overlaid_pair()

    assert found(asker, "is:upscaled") == {upscaled.pk}
    assert found(asker, "is:bordered") == {bordered.pk}
    assert found(asker, "is:overlaid") == {marked.pk}
    assert found(asker, "-is:overlaid -is:upscaled -is:bordered") == {plain.pk, clean.pk}
