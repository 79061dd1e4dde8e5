"""Saved searches over the API."""

import pytest

from gallery.models import ApiTokenScope, SavedSearch, Visibility
from gallery.saved_searches import save_search
from gallery.tags import add_tags
from tests.api.client import ApiClient
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


def test_a_search_is_saved_counted_changed_and_forgotten() -> None:
    api = ApiClient(make_user())
    add_tags(photos=[make_photo(), make_photo(visibility="private")], names=["sea"])

    made = api.post("searches", {"name": "Sea", "query": "tag:sea"})
    address = f"searches/{made.json()['id']}"

    assert made.status_code == 201
    assert api.get(address).json()["total"] == 1
    assert api.patch(address, {"visibility": "members"}).json()["visibility"] == "members"
    assert [each["name"] for each in api.get("searches").json()] == ["Sea"]
    assert api.delete(address).status_code == 204
    assert not SavedSearch.objects.exists()


def test_searches_of_others_are_hidden_or_only_read() -> None:
    api = ApiClient(make_user())
    hidden = save_search(owner=make_user(), name="Mine", query="sea")
    shared = save_search(owner=make_user(), name="Ours", query="sea", visibility=Visibility.MEMBERS)

    assert [each["name"] for each in api.get("searches").json()] == ["Ours"]
    assert api.get(f"searches/{hidden.pk}").status_code == 404
    assert api.delete(f"searches/{hidden.pk}").status_code == 404
    assert api.delete(f"searches/{shared.pk}").status_code == 403


def test_a_name_is_given_once() -> None:
    api = ApiClient(make_user())
    api.post("searches", {"name": "Sea", "query": "sea"})

    answer = api.post("searches", {"name": "Sea", "query": "ocean"})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad-search")


def test_a_token_that_only_reads_saves_nothing() -> None:
    api = ApiClient(make_user(), [ApiTokenScope.READ])

    assert api.post("searches", {"name": "Sea", "query": "sea"}).status_code == 403
