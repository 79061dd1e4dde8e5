"""Saved searches: albums that fill themselves."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from gallery.models import Role, SavedSearch, User, Visibility
from gallery.saved_searches import save_search
from gallery.tags import add_tags
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    someone = make_user()
    client.force_login(someone)
    return someone


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    assert client.post("/searches/").status_code == 302


def test_a_search_is_saved_from_its_results(client: Client, person: User) -> None:
    assert "Save this search" in client.get("/search?q=sea").content.decode()

    response = client.post("/searches/", {"name": "At sea", "query": "sea", "visibility": "private"})

    assert response["Location"] == "/search?q=sea"
    assert "At sea" in client.get("/albums/").content.decode()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "Sea", "query": "sea"}, "of this name already"),
        ({"name": " ", "query": "sea"}, "required"),
        ({"name": "Boats", "query": " "}, "required"),
        ({"name": "Boats", "query": "x" * 2001}, "at most 2000"),
    ],
)
def test_what_cannot_be_saved_is_refused_in_words(
    client: Client, person: User, form: dict[str, str], words: str
) -> None:
    save_search(owner=person, name="Sea", query="sea")

    page = client.post("/searches/", form | {"visibility": "private"}, follow=True).content.decode()

    assert words in page
    assert SavedSearch.objects.count() == 1


def test_it_counts_what_is_found_now_and_may_be_seen(client: Client, person: User) -> None:
    saved = save_search(owner=make_user(), name="Sea", query="tag:sea", visibility=Visibility.MEMBERS)
    add_tags(photos=[make_photo(), make_photo(), make_photo(visibility="private")], names=["sea"])

    assert client.get(f"/searches/{saved.pk}/count").content.decode().strip() == "2 photos"


def test_searches_of_others_stay_hidden_unless_shared(client: Client, person: User) -> None:
    hidden = save_search(owner=make_user(), name="Secret plans", query="sea")
    shared = save_search(owner=make_user(), name="Boats", query="boat", visibility=Visibility.MEMBERS)

    page = client.get("/albums/").content.decode()
    assert "Boats" in page
    assert "Secret plans" not in page
    assert client.get(f"/searches/{hidden.pk}/count").status_code == 404
    assert client.get(f"/searches/{shared.pk}").status_code == 404
    assert client.post(f"/searches/{shared.pk}/delete").status_code == 404


def test_a_search_is_changed_and_forgotten(client: Client, person: User) -> None:
    saved = save_search(owner=person, name="Sea", query="sea")
    assert 'value="Sea"' in client.get(f"/searches/{saved.pk}").content.decode()

    client.post(f"/searches/{saved.pk}/change", {"name": "Ocean", "query": "ocean", "visibility": "public"})
    saved.refresh_from_db()
    assert (saved.name, saved.query, saved.visibility) == ("Ocean", "ocean", "public")

    client.post(f"/searches/{saved.pk}/delete")
    assert not SavedSearch.objects.exists()


def test_moderators_change_the_searches_of_others(client: Client) -> None:
    saved = save_search(owner=make_user(), name="Sea", query="sea")
    client.force_login(make_user(role=Role.MODERATOR))

    assert client.post(f"/searches/{saved.pk}/delete").status_code == 302


def test_many_searches_make_few_queries(
    client: Client, person: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        save_search(owner=make_user(), name=f"Search {number}", query="sea", visibility=Visibility.MEMBERS)

    with django_assert_max_num_queries(7):
        client.get("/albums/")
