"""The trash over the API."""

import pytest

from gallery.models import ApiTokenScope, Photo, Role
from gallery.trash import trash_photos
from tests.api.client import ApiClient
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


def trashed(count: int) -> list[Photo]:
    photos = [make_photo() for _ in range(count)]
    trash_photos(photos=photos, by=None)
    return photos


def test_the_trash_is_listed_in_pages_with_the_time_left() -> None:
    photos = trashed(3)
    api = ApiClient(make_user(role=Role.MODERATOR))

    first = api.get("trash", limit=2).json()
    rest = api.get("trash", limit=2, cursor=first["next"]).json()

    assert [item["photo"]["id"] for item in first["items"] + rest["items"]] == [
        each.pk for each in photos[::-1]
    ]
    assert (first["total"], rest["next"]) == (3, None)
    assert first["items"][0]["days_left"] == 29


def test_others_see_nothing_of_it() -> None:
    trashed(1)

    assert ApiClient(make_user()).get("trash").json()["total"] == 0


def test_photos_are_removed_for_good_with_their_number() -> None:
    first, second = trashed(2)
    api = ApiClient(make_user(role=Role.ADMIN))

    wrong = api.post("trash/purge", {"count": 1})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "count-changed")
    assert api.post("trash/purge", {"photos": [first.pk], "count": 1}).json() == {"removed": 1}
    assert list(Photo.objects.all()) == [second]


def test_purging_needs_an_admin_with_the_scope() -> None:
    trashed(1)
    weak = ApiClient(make_user(role=Role.ADMIN), [ApiTokenScope.READ, ApiTokenScope.UPLOAD])

    for api in (ApiClient(make_user(role=Role.MODERATOR)), weak):
        assert api.post("trash/purge", {"count": 1}).status_code == 403
    assert Photo.objects.count() == 1
