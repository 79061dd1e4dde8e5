"""Renaming, merging, aliases and categories of tags."""

import pytest

from gallery.models import Photo, PhotoTag, Tag, TagAlias, TagCategory
from gallery.search import search
from gallery.tag_upkeep import (
    NameTaken,
    add_alias,
    delete_category,
    merge_tags,
    rename_tag,
    save_category,
    set_category,
)
from gallery.tags import BadTag, add_tags, remove_tags
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


def tagged(*names: str) -> Photo:
    photo = make_photo()
    add_tags(photos=[photo], names=names)
    return photo


def tag(name: str) -> Tag:
    return Tag.objects.get(name=name)


def names_of(photo: Photo) -> list[str]:
    photo.refresh_from_db()
    rows = sorted(photo.photo_tags.values_list("tag_id", flat=True))
    assert photo.tag_ids == rows
    return sorted(Tag.objects.filter(pk__in=rows).values_list("name", flat=True))


def test_a_renamed_tag_is_found_by_its_old_name_as_well() -> None:
    photo = tagged("doggo")

    rename_tag(tag=tag("doggo"), name="Big Dog")

    assert names_of(photo) == ["big_dog"]
    for query in ("doggo", "big dog", "tag:doggo"):
        assert [found.pk for found in search(photo.owner, query).photos] == [photo.pk]
    assert not search(photo.owner, "unaliased:doggo").photos


def test_a_tag_gets_its_old_name_back() -> None:
    tagged("dog")
    rename_tag(tag=tag("dog"), name="hound")

    rename_tag(tag=tag("hound"), name="dog")

    assert list(TagAlias.objects.values_list("name", "tag__name")) == [("hound", "dog")]


def test_a_name_that_is_taken_is_refused_with_its_owner() -> None:
    tagged("dog", "cat")
    add_alias(tag=tag("cat"), name="kitten")

    with pytest.raises(NameTaken, match="Merge the two"):
        rename_tag(tag=tag("dog"), name="cat")
    with pytest.raises(NameTaken, match="another name of the tag cat"):
        rename_tag(tag=tag("dog"), name="kitten")
    with pytest.raises(NameTaken):
        add_alias(tag=tag("dog"), name="Kitten")


def test_merged_tags_become_one_on_every_photo() -> None:
    only, both, other = tagged("doggo", "sea"), tagged("doggo", "dog"), tagged("dog")
    add_alias(tag=tag("doggo"), name="puppy")

    assert merge_tags(source=tag("doggo"), target=tag("dog")) == 2

    assert [names_of(photo) for photo in (only, both, other)] == [["dog", "sea"], ["dog"], ["dog"]]
    assert set(TagAlias.objects.values_list("name", "tag__name")) == {("doggo", "dog"), ("puppy", "dog")}


def test_a_tag_is_not_merged_with_itself() -> None:
    photo = tagged("dog")

    with pytest.raises(BadTag):
        merge_tags(source=tag("dog"), target=tag("dog"))

    assert names_of(photo) == ["dog"]


def test_who_writes_an_alias_gives_and_takes_the_tag() -> None:
    photo = tagged("dog")
    add_alias(tag=tag("dog"), name="puppy")
    second = tagged("Puppy", "dog")

    assert names_of(second) == ["dog"]
    assert not Tag.objects.filter(name="puppy").exists()

    remove_tags(photos=[photo], names=["puppy"])
    assert names_of(photo) == []


def test_an_alias_tells_nothing_of_hidden_photos() -> None:
    hidden = make_photo(visibility="private")
    add_tags(photos=[hidden], names=["secret"])
    add_alias(tag=tag("secret"), name="mystery")

    assert search(make_user(), "tag:mystery").total == 0


def test_a_category_is_made_changed_and_removed_without_its_tags() -> None:
    tagged("dog")
    animals = save_category(category=None, name=" Animals ", colour="#123456")
    set_category(tag=tag("dog"), category=animals)
    save_category(category=animals, name="Beasts", colour="#654321")

    assert tag("dog").category == TagCategory.objects.get(name="Beasts", colour="#654321")

    delete_category(category=animals)
    assert tag("dog").category is None
    assert PhotoTag.objects.count() == 1


@pytest.mark.parametrize(("name", "colour"), [("", "#123456"), ("Animals", "red"), ("people", "#123456")])
def test_a_category_needs_a_name_of_its_own_and_a_colour(name: str, colour: str) -> None:
    save_category(category=None, name="People", colour="#000000")

    with pytest.raises(BadTag):
        save_category(category=None, name=name, colour=colour)
