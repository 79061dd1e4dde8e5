"""Albums over the API."""

import pytest

from gallery.albums import add_to_album
from gallery.models import Album, ApiTokenScope, User
from tests.api.client import ApiClient
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def api(user: User) -> ApiClient:
    return ApiClient(user)


def test_an_album_is_made_filled_ordered_and_deleted(api: ApiClient, user: User) -> None:
    first, second, hidden = make_photo(user), make_photo(user), make_photo(visibility="private")
    made = api.post("albums", {"name": "Sea"})
    address = f"albums/{made.json()['id']}"

    assert made.status_code == 201
    filled = api.post(f"{address}/photos", {"photos": [first.pk, second.pk, hidden.pk]}).json()
    assert filled["photos"] == [first.pk, second.pk]
    moved = api.post(f"{address}/order", {"photos": [second.pk], "before": first.pk}).json()
    assert moved["photos"] == [second.pk, first.pk]
    assert api.post(f"{address}/order", {"photos": [second.pk]}).json()["photos"] == [first.pk, second.pk]
    assert api.post(f"{address}/photos/remove", {"photos": [first.pk]}).json()["photos"] == [second.pk]
    assert [album["name"] for album in api.get("albums").json()] == ["Sea"]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_what_is_not_in_the_album_is_not_moved(api: ApiClient, user: User) -> None:
    album = Album.objects.create(owner=user, name="Sea")
    photo, other = make_photo(user), make_photo(user)
    add_to_album(album=album, photos=[photo])

    for body in (
        {"photos": [other.pk]},
        {"photos": [photo.pk], "before": other.pk},
        {"photos": [photo.pk], "before": photo.pk},
    ):
        answer = api.post(f"albums/{album.pk}/order", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "bad-order")


def test_an_album_is_changed_and_gets_a_cover_of_its_own(api: ApiClient, user: User) -> None:
    album, outer = (
        Album.objects.create(owner=user, name="Sea"),
        Album.objects.create(owner=user, name="Holidays"),
    )
    photo, other = make_photo(user), make_photo(user)
    add_to_album(album=album, photos=[photo])

    body = api.patch(f"albums/{album.pk}", {"name": "Ocean", "parent": outer.pk, "cover": photo.pk}).json()

    assert (body["name"], body["parent"], body["cover"]) == ("Ocean", outer.pk, photo.pk)
    assert api.get(f"albums/{outer.pk}").json()["albums"] == [album.pk]
    assert api.patch(f"albums/{album.pk}", {"cover": other.pk}).status_code == 422
    assert api.patch(f"albums/{outer.pk}", {"parent": album.pk}).status_code == 409
    assert api.patch(f"albums/{album.pk}", {"parent": None, "cover": None}).json()["parent"] is None


def test_names_are_given_once(api: ApiClient) -> None:
    api.post("albums", {"name": "Sea"})

    assert api.post("albums", {"name": "Sea"}).json()["code"] == "bad-album"


def test_albums_of_others_are_hidden_or_only_read(api: ApiClient) -> None:
    owner = make_user()
    hidden = Album.objects.create(owner=owner, name="Hidden", visibility="private")
    cover = make_photo(owner, visibility="private")
    shared = Album.objects.create(owner=owner, name="Shared", parent=hidden, cover=cover)
    add_to_album(album=shared, photos=[cover])

    body = api.get(f"albums/{shared.pk}").json()
    assert (body["parent"], body["cover"], body["photos"]) == (None, None, [])
    (listed,) = api.get("albums").json()
    assert (listed["parent"], listed["cover"]) == (None, None)
    assert api.get(f"albums/{hidden.pk}").status_code == 404
    assert api.patch(f"albums/{hidden.pk}", {}).status_code == 404
    assert api.patch(f"albums/{shared.pk}", {}).status_code == 403
    assert api.post("albums", {"name": "Mine", "parent": shared.pk}).status_code == 422


def test_a_token_that_only_reads_changes_nothing(user: User) -> None:
    api = ApiClient(user, [ApiTokenScope.READ])

    assert api.post("albums", {"name": "Sea"}).status_code == 403
    assert api.get("albums").status_code == 200
