"""Tags of photos, and the array that mirrors them."""

import pytest

from gallery.models import PhotoTag, Tag, TagSource
from gallery.tags import BadTag, add_tags, normalise_tag, remove_tags, set_tags, usable_keywords
from tests.factories import make_photo


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Blue Sky", "blue_sky"),
        ("  a   b ", "a_b"),
        ("x__y", "x_y"),
        ("ÉTÉ", "été"),
        ("foo_(bar)", "foo_(bar)"),
    ],
)
def test_a_tag_has_one_spelling(given: str, name: str) -> None:
    assert normalise_tag(given) == name


@pytest.mark.parametrize("given", ["", " _ ", "\x00\n", "x" * 129])
def test_what_cannot_be_a_tag_is_refused(given: str) -> None:
    with pytest.raises(BadTag):
        normalise_tag(given)


def test_keywords_of_a_file_that_cannot_be_tags_are_left_out() -> None:
    assert usable_keywords(["Sea", "", "x" * 500, "sea", "Blue Sky"]) == ["sea", "blue_sky"]


@pytest.mark.django_db
def test_tag_ids_equal_the_rows_after_every_change() -> None:
    photos = [make_photo(), make_photo()]
    add_tags(photos=photos, names=["sea", "sky"])
    remove_tags(photos=photos[:1], names=["sky"])
    set_tags(photo=photos[1], names=["hill", "sky"])

    for photo in photos:
        photo.refresh_from_db()
        rows = PhotoTag.objects.filter(photo=photo).values_list("tag_id", flat=True)
        assert sorted(photo.tag_ids) == sorted(rows)
    assert photos[0].tag_ids == [Tag.objects.get(name="sea").pk]


@pytest.mark.django_db
def test_a_tag_given_again_keeps_its_first_source() -> None:
    photo = make_photo()
    add_tags(photos=[photo], names=["sea"], source=TagSource.METADATA)
    add_tags(photos=[photo], names=["sea"])

    assert PhotoTag.objects.get(photo=photo).source == TagSource.METADATA


@pytest.mark.django_db
def test_taking_the_last_tag_leaves_an_empty_array() -> None:
    photo = make_photo()
    add_tags(photos=[photo], names=["sea"])
    remove_tags(photos=[photo], names=["sea"])

    photo.refresh_from_db()
    assert photo.tag_ids == []
