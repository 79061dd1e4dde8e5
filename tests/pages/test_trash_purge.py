"""Removing photos from the trash for good, before their time."""

import pytest
from django.test import Client

from gallery.models import Photo, Role, User
from gallery.originals import original_name, originals_storage
from gallery.trash import trash_photos
from tests.factories import make_photo, make_user, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    someone = make_user(role=Role.ADMIN)
    client.force_login(someone)
    return someone


def trashed(owner: User | None = None) -> Photo:
    photo = make_photo(owner)
    trash_photos(photos=[photo], by=None)
    return photo


@pytest.mark.parametrize("role", [Role.VIEWER, Role.UPLOADER, Role.MODERATOR])
def test_it_is_for_admins(client: Client, role: Role) -> None:
    photo = trashed()
    client.force_login(make_user(role=role))

    assert client.post("/trash/purge", {"all": "yes", "count": "1"}).status_code == 403
    assert "Empty the trash" not in client.get("/trash/").content.decode()
    assert Photo.objects.filter(pk=photo.pk).exists()


def test_it_asks_first_with_the_number(client: Client, admin: User) -> None:
    chosen, other = trashed(), trashed()

    page = client.post("/trash/purge", {"ids": [chosen.pk]}).content.decode()

    assert "Remove 1 photo for good?" in page
    assert Photo.objects.count() == 2
    client.post("/trash/purge", {"ids": [chosen.pk], "count": "1"})
    assert list(Photo.objects.all()) == [other]


def test_the_trash_is_emptied_and_nothing_else(client: Client, admin: User) -> None:
    live = make_photo()
    accepted = upload(make_user()).photo
    trash_photos(photos=[accepted], by=None)

    assert "Remove 1 photo for good?" in client.post("/trash/purge", {"all": "yes"}).content.decode()
    client.post("/trash/purge", {"all": "yes", "count": "1"})

    assert list(Photo.objects.all()) == [live]
    assert not originals_storage().exists(original_name(accepted.stored_sha256))


def test_a_number_that_changed_meanwhile_removes_nothing(client: Client, admin: User) -> None:
    trashed()
    trashed()

    page = client.post("/trash/purge", {"all": "yes", "count": "1"}).content.decode()

    assert "There are 2 photos to remove now, not 1." in page
    assert "Remove 2 photos for good?" in page
    assert Photo.objects.count() == 2


def test_live_photos_are_never_removed(client: Client, admin: User) -> None:
    photo = make_photo(admin)

    response = client.post("/trash/purge", {"ids": [photo.pk], "count": "1"})

    assert response.status_code == 302
    assert Photo.objects.filter(pk=photo.pk).exists()
