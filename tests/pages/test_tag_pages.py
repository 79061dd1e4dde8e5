"""The pages on which moderators keep the tags in order."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from gallery.models import Role, Tag, TagAlias, TagCategory, User
from gallery.tag_upkeep import add_alias, save_category, set_category
from gallery.tags import add_tags
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(client: Client) -> User:
    someone = make_user(role=Role.MODERATOR)
    client.force_login(someone)
    return someone


def make_tag(name: str) -> Tag:
    add_tags(photos=[make_photo()], names=[name])
    return Tag.objects.get(name=name)


@pytest.mark.parametrize("path", ["tags/{}", "tags/categories/"])
def test_the_pages_are_for_moderators(client: Client, path: str) -> None:
    address = f"/{path.format(make_tag('dog').pk)}"

    assert client.get(address).status_code == 302
    client.force_login(make_user())
    assert client.get(address).status_code == 403


@pytest.mark.parametrize("path", ["rename", "merge", "category", "aliases"])
def test_uploaders_change_no_tag(client: Client, path: str) -> None:
    client.force_login(make_user())

    assert (
        client.post(f"/tags/{make_tag('dog').pk}/{path}", {"name": "cat", "into": "cat"}).status_code == 403
    )


def test_tags_stand_under_their_categories(client: Client, moderator: User) -> None:
    animals = save_category(category=None, name="Animals", colour="#a03020")
    set_category(tag=make_tag("dog"), category=animals)
    make_tag("boat")

    page = client.get("/tags/").content.decode().partition("<main")[2]

    assert (
        page.index("Animals</h2>") < page.index("dog") < page.index("Without a category") < page.index("boat")
    )
    assert "#a03020" in page
    assert [tag.name for tag in client.get(f"/tags/?category={animals.pk}").context["page"]] == ["dog"]


def test_tags_are_found_by_other_names(client: Client, moderator: User) -> None:
    add_alias(tag=make_tag("dog"), name="puppy")

    assert [tag.name for tag in client.get("/tags/?find=pup").context["page"]] == ["dog"]
    assert [tag["name"] for tag in client.get("/tags/suggest?text=pup").json()["tags"]] == ["dog"]


def test_a_tag_is_renamed(client: Client, moderator: User) -> None:
    tag = make_tag("doggo")

    page = client.post(f"/tags/{tag.pk}/rename", {"name": "Dog"}, follow=True).content.decode()

    assert "The name doggo finds it as well." in page
    assert Tag.objects.get(pk=tag.pk).name == "dog"


def test_a_name_in_use_is_refused_in_words(client: Client, moderator: User) -> None:
    make_tag("dog")
    tag = make_tag("doggo")

    page = client.post(f"/tags/{tag.pk}/rename", {"name": "dog"}, follow=True).content.decode()

    assert "Merge the two if they mean the same." in page


def test_a_tag_is_merged_by_any_name_of_the_other(client: Client, moderator: User) -> None:
    dog, doggo = make_tag("dog"), make_tag("doggo")
    add_alias(tag=dog, name="hound")

    response = client.post(f"/tags/{doggo.pk}/merge", {"into": "Hound"})

    assert response["Location"] == f"/tags/{dog.pk}"
    assert "2 photos" in client.get(f"/tags/{dog.pk}").content.decode()


@pytest.mark.parametrize("into", ["nothing", "", "dog"])
def test_a_merge_into_nothing_changes_nothing(client: Client, moderator: User, into: str) -> None:
    dog = make_tag("dog")

    client.post(f"/tags/{dog.pk}/merge", {"into": into})

    assert Tag.objects.filter(pk=dog.pk, photo_tags__isnull=False).exists()


def test_other_names_are_added_and_removed(client: Client, moderator: User) -> None:
    dog = make_tag("dog")

    client.post(f"/tags/{dog.pk}/aliases", {"name": "Puppy"})
    alias = TagAlias.objects.get(name="puppy", tag=dog)
    client.post(f"/tags/aliases/{alias.pk}/remove")

    assert not TagAlias.objects.exists()


def test_categories_are_made_changed_given_and_removed(client: Client, moderator: User) -> None:
    dog = make_tag("dog")

    client.post("/tags/categories/new", {"name": "Animals", "colour": "#a03020"})
    category = TagCategory.objects.get()
    client.post(f"/tags/categories/{category.pk}", {"name": "Beasts", "colour": "#a03021"})
    client.post(f"/tags/{dog.pk}/category", {"category": category.pk})
    dog.refresh_from_db()
    assert dog.category is not None
    assert (dog.category.name, dog.category.colour) == ("Beasts", "#a03021")
    assert "1 tag<" in client.get("/tags/categories/").content.decode()

    client.post(f"/tags/categories/{category.pk}/delete")
    dog.refresh_from_db()
    assert dog.category is None


def test_a_wrong_colour_is_refused_in_words(client: Client, moderator: User) -> None:
    page = client.post("/tags/categories/new", {"name": "Animals", "colour": "red"}, follow=True)

    assert "Write it as #rrggbb." in page.content.decode()


def test_many_tags_in_categories_make_few_queries(
    client: Client, moderator: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        category = save_category(category=None, name=f"Kind {number}", colour="#a03020")
        set_category(tag=make_tag(f"tag_{number}"), category=category)

    with django_assert_max_num_queries(8):
        client.get("/tags/")
