"""Tags, albums and the trash."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from gallery.albums import add_to_album
from gallery.models import Album, Photo, Role, User
from gallery.tags import add_tags
from gallery.trash import trash_photos
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    someone = make_user()
    client.force_login(someone)
    return someone


def tagged(owner: User, *names: str, **fields: Any) -> Photo:
    photo = make_photo(owner, **fields)
    add_tags(photos=[photo], names=names)
    return photo


@pytest.mark.parametrize("path", ["/albums/", "/trash/", "/albums/names"])
def test_strangers_are_sent_to_the_login(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


def test_tags_count_only_what_may_be_seen(client: Client, person: User) -> None:
    tagged(person, "sea")
    tagged(make_user(), "sea")
    tagged(make_user(), "sea", "secret", visibility="private")

    page = client.get("/tags/")

    assert [(tag.name, tag.count) for tag in page.context["page"]] == [("sea", 2)]


@pytest.mark.parametrize(
    ("order", "expected"), [("name", ["boat", "sea", "sky"]), ("count", ["sky", "boat", "sea"])]
)
def test_tags_are_ordered_as_asked(client: Client, person: User, order: str, expected: list[str]) -> None:
    tagged(person, "sea", "sky")
    tagged(person, "sky", "boat")

    page = client.get(f"/tags/?order={order}")

    assert [tag.name for tag in page.context["page"]] == expected


def test_tags_are_found_by_a_part_of_their_name(client: Client, person: User) -> None:
    tagged(person, "blue sky", "boat")

    assert [tag.name for tag in client.get("/tags/?find=Blue S").context["page"]] == ["blue_sky"]


def test_a_library_without_tags_says_how_they_come(client: Client, person: User) -> None:
    assert "No tags yet" in client.get("/tags/").content.decode()


def test_tags_make_few_queries(
    client: Client, person: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tagged(person, *[f"tag {n}" for n in range(50)])

    with django_assert_max_num_queries(6):
        client.get("/tags/")


def test_suggested_tags_begin_with_the_text_most_used_first(client: Client, person: User) -> None:
    tagged(person, "sea", "seagull", "red sea", "boat")
    tagged(person, "seagull")

    found = client.get("/tags/suggest?text=Sea").json()["tags"]

    assert [tag["name"] for tag in found] == ["seagull", "red_sea", "sea"]
    assert found[0]["count"] == 2


def test_an_album_is_made_and_shown(client: Client, person: User) -> None:
    response = client.post("/albums/", {"name": "Sea", "visibility": "private"}, follow=True)

    assert "This album is empty" in response.content.decode()
    assert "Sea" in client.get("/albums/").content.decode()


def test_one_person_has_no_two_albums_of_a_name(client: Client, person: User) -> None:
    Album.objects.create(owner=person, name="Sea")

    response = client.post("/albums/", {"name": "Sea", "visibility": "private"})

    assert response.status_code == 422
    assert "You have an album of this name already." in response.content.decode()


def test_an_album_counts_and_shows_only_what_may_be_seen(client: Client, person: User) -> None:
    owner = make_user()
    album = Album.objects.create(owner=owner, name="Sea")
    hidden, seen = make_photo(owner, visibility="private"), make_photo(owner)
    add_to_album(album=album, photos=[hidden, seen])

    ((shown, cover),) = client.get("/albums/").context["cards"]

    assert (shown.count, cover) == (1, seen)


def test_albums_make_few_queries(
    client: Client, person: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        album = Album.objects.create(owner=person, name=f"Album {number}")
        add_to_album(album=album, photos=[make_photo(person)])

    with django_assert_max_num_queries(6):
        client.get("/albums/")


def test_a_hidden_album_is_not_found(client: Client, person: User) -> None:
    album = Album.objects.create(owner=make_user(), name="Secret", visibility="private")

    assert client.get(f"/albums/{album.pk}").status_code == 404
    assert client.post(f"/albums/{album.pk}/delete").status_code == 404


@pytest.mark.parametrize("what", ["edit", "delete", "take-out"])
def test_others_may_not_change_an_album(client: Client, person: User, what: str) -> None:
    album = Album.objects.create(owner=make_user(), name="Sea")

    response = client.post(f"/albums/{album.pk}/{what}", {"name": "x", "visibility": "public", "ids": "1"})

    assert response.status_code == 403


def test_a_deleted_album_leaves_its_photos(client: Client, person: User) -> None:
    album = Album.objects.create(owner=person, name="Sea")
    add_to_album(album=album, photos=[make_photo(person)])

    client.post(f"/albums/{album.pk}/delete")

    assert (Album.objects.count(), Photo.objects.live().count()) == (0, 1)


def test_photos_are_taken_out_of_an_album(client: Client, person: User) -> None:
    album = Album.objects.create(owner=person, name="Sea")
    stays, goes = make_photo(person), make_photo(person)
    add_to_album(album=album, photos=[stays, goes])

    client.post(f"/albums/{album.pk}/take-out", {"ids": goes.pk})

    assert list(album.photos.all()) == [stays]


def test_an_album_is_renamed(client: Client, person: User) -> None:
    album = Album.objects.create(owner=person, name="Sea")

    client.post(f"/albums/{album.pk}/edit", {"name": "Ocean", "description": "", "visibility": "public"})

    album.refresh_from_db()
    assert (album.name, album.visibility) == ("Ocean", "public")


def test_the_trash_tells_how_long_each_photo_stays(client: Client, person: User) -> None:
    trash_photos(photos=[make_photo(person)], by=person)
    Photo.objects.update(trashed_at=timezone.now() - timedelta(days=10))

    assert "19 days left" in client.get("/trash/").content.decode()


def test_an_empty_trash_says_so(client: Client, person: User) -> None:
    assert "The trash is empty" in client.get("/trash/").content.decode()


def test_the_trash_shows_ones_own_photos_only(client: Client, person: User) -> None:
    trash_photos(
        photos=[make_photo(file_name="theirs.jpg"), make_photo(person, file_name="mine.jpg")], by=None
    )

    page = client.get("/trash/").content.decode()

    assert "mine.jpg" in page
    assert "theirs.jpg" not in page


def test_chosen_photos_come_back(client: Client, person: User) -> None:
    chosen, other = make_photo(person), make_photo(person)
    trash_photos(photos=[chosen, other], by=person)

    client.post("/trash/restore", {"ids": [chosen.pk]})

    assert list(Photo.objects.live()) == [chosen]


def test_all_photos_come_back(client: Client, person: User) -> None:
    trash_photos(photos=[make_photo(person), make_photo(person)], by=person)

    client.post("/trash/restore", {"all": "yes"})

    assert Photo.objects.live().count() == 2


def test_nobody_restores_the_photos_of_others(client: Client, person: User) -> None:
    photo = make_photo()
    trash_photos(photos=[photo], by=None)

    client.post("/trash/restore", {"ids": [photo.pk]})

    photo.refresh_from_db()
    assert photo.is_trashed


def test_moderators_restore_the_photos_of_others(client: Client) -> None:
    photo = make_photo()
    trash_photos(photos=[photo], by=None)
    client.force_login(make_user(role=Role.MODERATOR))

    client.post("/trash/restore", {"ids": [photo.pk]})

    photo.refresh_from_db()
    assert not photo.is_trashed
