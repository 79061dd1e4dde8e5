"""Stacks: photos that are shown as one, over the API and on the pages."""

import struct

import pytest
from django.test import Client

from gallery.models import Photo, User
from gallery.stacks import BadStack, photos_of_stack, set_stack_cover, stack_photos, stack_sizes, unstack
from gallery.trash import restore_photos, trash_photos
from tests.api.client import ApiClient
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    someone = make_user()
    client.force_login(someone)
    return someone


def stacked(owner: User, count: int = 3) -> list[Photo]:
    """A stack; the first photo is its cover."""
    photos = [make_photo(owner, file_name=f"shot-{number}.jpg") for number in range(count)]
    stack_photos(photos=photos, cover=photos[0])
    for photo in photos:
        photo.refresh_from_db()
    return photos


def in_library(client: Client) -> set[int]:
    packed = client.get("/grid/layout").content
    length = struct.unpack_from("<I", packed)[0]
    count = packed[4 : 4 + length].split(b'"count":')[1].split(b",")[0]
    return set(struct.unpack_from(f"<{int(count)}I", packed, 4 + length))


def test_the_library_shows_the_cover_alone_with_a_count(client: Client, person: User) -> None:
    cover, *_ = stacked(person)
    alone = make_photo(person)

    assert in_library(client) == {cover.pk, alone.pk}
    assert stack_sizes(person) == {cover.pk: 3}
    assert client.get("/?page=1").context["page"].paginator.count == 2


def test_photos_whose_cover_is_away_are_shown_themselves(client: Client, person: User) -> None:
    cover, second, third = stacked(person)

    trash_photos(photos=[cover], by=person)
    assert in_library(client) == {second.pk, third.pk}

    restore_photos(photos=[cover], by=person)
    assert in_library(client) == {cover.pk}

    cover.delete()
    assert in_library(client) == {second.pk, third.pk}


def test_who_may_not_see_the_cover_sees_the_others(client: Client, person: User) -> None:
    cover, second, _ = stacked(make_user())
    Photo.objects.filter(pk=cover.pk).update(visibility="private")

    assert second.pk in in_library(client)
    assert cover not in photos_of_stack(second, person)


def test_stacks_that_are_stacked_become_one(person: User) -> None:
    first, second = stacked(person), stacked(person, 2)

    ids = stack_photos(photos=[first[1], second[1]], cover=second[1])

    assert sorted(ids) == sorted(photo.pk for photo in [*first, *second])
    assert set(Photo.objects.values_list("stacked_under", flat=True)) == {None, second[1].pk}


def test_another_photo_becomes_the_cover(person: User) -> None:
    cover, second, third = stacked(person)

    set_stack_cover(photo=second)

    third.refresh_from_db()
    assert photos_of_stack(third, person)[0] == second
    cover.refresh_from_db()
    assert cover.stacked_under_id == second.pk


def test_a_stack_is_taken_apart_from_any_of_its_photos(client: Client, person: User) -> None:
    photos = stacked(person)

    assert unstack(photo=photos[2]) == 3
    assert in_library(client) == {photo.pk for photo in photos}
    photos[0].refresh_from_db()
    assert unstack(photo=photos[0]) == 0


def test_one_photo_and_foreign_covers_are_no_stack(person: User) -> None:
    photo, other = make_photo(person), make_photo(person)

    with pytest.raises(BadStack):
        stack_photos(photos=[photo], cover=photo)
    with pytest.raises(BadStack):
        stack_photos(photos=[photo], cover=other)
    with pytest.raises(BadStack):
        set_stack_cover(photo=photo)


def test_the_photo_page_shows_the_stack_and_changes_it(client: Client, person: User) -> None:
    cover, second, _ = stacked(person)
    assert "Stack of 3" in client.get(f"/photos/{second.pk}").content.decode()

    client.post(f"/photos/{second.pk}/stack-cover")
    cover.refresh_from_db()
    assert cover.stacked_under_id == second.pk

    client.post(f"/photos/{cover.pk}/unstack")
    assert "Stack of" not in client.get(f"/photos/{second.pk}").content.decode()


def test_others_do_not_change_a_stack(client: Client, person: User) -> None:
    cover, second, _ = stacked(make_user())

    assert client.post(f"/photos/{second.pk}/stack-cover").status_code == 403
    assert client.post(f"/photos/{cover.pk}/unstack").status_code == 403
    assert ApiClient(person).delete(f"stacks/{cover.pk}").status_code == 403


def test_stacks_are_made_changed_and_taken_apart_over_the_api(person: User) -> None:
    api = ApiClient(person)
    first, second = make_photo(person), make_photo(person)

    made = api.post("stacks", {"photos": [first.pk, second.pk]})
    assert made.status_code == 201
    assert made.json() == {"cover": first.pk, "photos": [first.pk, second.pk]}
    assert api.post(f"stacks/{second.pk}/cover").json()["cover"] == second.pk
    assert api.get(f"stacks/{first.pk}").json()["photos"] == [second.pk, first.pk]
    assert api.delete(f"stacks/{first.pk}").status_code == 204
    assert api.get(f"stacks/{first.pk}").json() == {"cover": None, "photos": []}
    assert api.post("stacks", {"photos": [first.pk, first.pk]}).json()["code"] == "bad-stack"
    assert api.post(f"stacks/{first.pk}/cover").json()["code"] == "bad-stack"


def test_photos_of_others_do_not_get_into_ones_stack(person: User) -> None:
    own, theirs = make_photo(person), make_photo()

    answer = ApiClient(person).post("stacks", {"photos": [own.pk, theirs.pk]})

    assert answer.status_code == 422
    theirs.refresh_from_db()
    assert theirs.stacked_under_id is None
