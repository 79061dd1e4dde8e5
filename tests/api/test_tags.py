"""Tags over the API."""

import pytest

from gallery.models import ApiTokenScope, Role, Tag
from gallery.tag_upkeep import add_alias
from gallery.tags import add_tags
from tests.api.client import ApiClient
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(make_user(role=Role.MODERATOR))


def make_tags(*names: str) -> dict[str, int]:
    add_tags(photos=[make_photo()], names=names)
    return dict(Tag.objects.values_list("name", "pk"))


def test_tags_come_with_counts_and_in_pages() -> None:
    make_tags("boat", "sea", "sky")
    add_tags(photos=[make_photo(visibility="private")], names=["sea", "secret"])
    api = ApiClient(make_user())

    first = api.get("tags", limit=2).json()
    rest = api.get("tags", limit=2, cursor=first["next"]).json()

    assert [(tag["name"], tag["count"]) for tag in first["items"] + rest["items"]] == [
        ("boat", 1),
        ("sea", 1),
        ("sky", 1),
    ]
    assert rest["next"] is None


def test_a_tag_is_renamed_and_categorised(api: ApiClient) -> None:
    ids = make_tags("doggo")
    assert api.post("tag-categories", {"name": "Animals", "colour": "#a03020"}).status_code == 201

    body = api.patch(f"tags/{ids['doggo']}", {"name": "Dog", "category": "Animals"}).json()

    assert (body["name"], body["category"]["colour"], body["aliases"]) == ("dog", "#a03020", ["doggo"])
    assert api.patch(f"tags/{ids['doggo']}", {"category": ""}).json()["category"] is None


def test_tags_are_merged(api: ApiClient) -> None:
    ids = make_tags("doggo")
    ids = make_tags("dog") | ids

    body = api.post(f"tags/{ids['doggo']}/merge", {"into": "dog"}).json()

    assert (body["id"], body["count"], body["aliases"]) == (ids["dog"], 2, ["doggo"])


def test_other_names_are_added_and_removed(api: ApiClient) -> None:
    ids = make_tags("dog")

    assert api.post(f"tags/{ids['dog']}/aliases", {"name": "Puppy"}).json()["aliases"] == ["puppy"]
    assert api.delete(f"tags/{ids['dog']}/aliases/puppy").json()["aliases"] == []
    assert api.delete(f"tags/{ids['dog']}/aliases/puppy").status_code == 404


def test_a_taken_name_is_a_conflict_and_an_empty_one_invalid(api: ApiClient) -> None:
    ids = make_tags("dog", "cat")
    add_alias(tag=Tag.objects.get(name="cat"), name="kitten")

    for name in ("cat", "kitten"):
        answer = api.patch(f"tags/{ids['dog']}", {"name": name})
        assert (answer.status_code, answer.json()["code"]) == (409, "name-taken")
    assert api.patch(f"tags/{ids['dog']}", {"name": " "}).json()["code"] == "bad-tag"
    assert api.post(f"tags/{ids['dog']}/merge", {"into": "nothing"}).status_code == 404


def test_categories_are_listed_changed_and_removed(api: ApiClient) -> None:
    pk = api.post("tag-categories", {"name": "Animals"}).json()["id"]

    assert (
        api.patch(f"tag-categories/{pk}", {"name": "Beasts", "colour": "#000000"}).json()["name"] == "Beasts"
    )
    assert [each["name"] for each in api.get("tag-categories").json()] == ["Beasts"]
    assert api.post("tag-categories", {"name": "beasts"}).status_code == 409
    assert api.post("tag-categories", {"name": "People", "colour": "red"}).status_code == 422
    assert api.delete(f"tag-categories/{pk}").status_code == 204
    assert api.get("tag-categories").json() == []


def test_only_moderators_keep_the_tags_in_order() -> None:
    ids = make_tags("dog")
    weak = ApiClient(make_user(role=Role.MODERATOR), [ApiTokenScope.READ, ApiTokenScope.UPLOAD])

    for api in (ApiClient(make_user()), weak):
        assert api.patch(f"tags/{ids['dog']}", {"name": "cat"}).status_code == 403
        assert api.post("tag-categories", {"name": "Animals"}).status_code == 403
        assert api.post(f"tags/{ids['dog']}/merge", {"into": "cat"}).status_code == 403


def test_what_the_database_cannot_keep_is_refused(api: ApiClient) -> None:
    assert api.get("tags", find="\0").status_code == 422
    assert api.post("tag-categories", {"name": "a\ud800"}).status_code == 422
