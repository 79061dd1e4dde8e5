"""Previews and originals: who gets them, and with which headers."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from gallery.models import Photo, Role, User
from gallery.previews import save_previews
from gallery.trash import trash_photos
from tests.factories import make_user, unique_jpeg, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_user()


@pytest.fixture
def photo(owner: User) -> Photo:
    stored = upload(owner, name='été "1".jpg', visibility="private").photo
    save_previews(stored, {320: unique_jpeg()}, "image/webp")
    stored.save()
    return stored


def fetch(client: Client, path: str) -> tuple[Any, bytes]:
    """The answer, read to its end, which closes the file, and its bytes."""
    response: Any = client.get(path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return response, content


def test_the_original_comes_back_byte_for_byte(client: Client, owner: User) -> None:
    content = unique_jpeg()
    stored = upload(owner, content).photo
    client.force_login(owner)

    assert fetch(client, f"/media/originals/{stored.pk}")[1] == content


def test_an_original_is_a_download_that_can_run_nothing(client: Client, owner: User, photo: Photo) -> None:
    client.force_login(owner)

    response, _ = fetch(client, f"/media/originals/{photo.pk}")

    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"].startswith("private")
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%C3%A9t%C3%A9%20%221%22.jpg"


def test_the_viewer_may_show_an_original_in_place(client: Client, owner: User, photo: Photo) -> None:
    client.force_login(owner)

    response, _ = fetch(client, f"/media/originals/{photo.pk}?inline=1")

    assert response["Content-Disposition"].startswith("inline")


def test_a_preview_may_be_kept_for_ever_by_its_reader_alone(
    client: Client, owner: User, photo: Photo
) -> None:
    client.force_login(owner)

    response, _ = fetch(client, f"/media/previews/{photo.pk}/320?v=1")

    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "image/webp"


@pytest.mark.parametrize("path", ["/media/originals/{}", "/media/previews/{}/320"])
def test_what_is_hidden_is_not_found(client: Client, photo: Photo, path: str) -> None:
    client.force_login(make_user())

    assert fetch(client, path.format(photo.pk))[0].status_code == 404


@pytest.mark.parametrize("path", ["/media/originals/{}", "/media/previews/{}/320"])
def test_strangers_are_sent_to_the_login(client: Client, photo: Photo, path: str) -> None:
    assert fetch(client, path.format(photo.pk))[0].status_code == 302


def test_the_trash_is_seen_by_those_who_may_empty_it_only(client: Client, owner: User, photo: Photo) -> None:
    Photo.objects.update(visibility="public")
    trash_photos(photos=[photo], by=owner)

    client.force_login(make_user())
    assert fetch(client, f"/media/originals/{photo.pk}")[0].status_code == 404
    client.force_login(owner)
    assert fetch(client, f"/media/originals/{photo.pk}")[0].status_code == 200
    client.force_login(make_user(role=Role.MODERATOR))
    assert fetch(client, f"/media/originals/{photo.pk}")[0].status_code == 200


@pytest.mark.parametrize("size", [1, 321, 5000])
def test_previews_come_in_fixed_sizes(client: Client, owner: User, photo: Photo, size: int) -> None:
    client.force_login(owner)

    assert fetch(client, f"/media/previews/{photo.pk}/{size}")[0].status_code == 404


def test_a_photo_that_was_not_looked_at_has_no_preview(client: Client, owner: User) -> None:
    stored = upload(owner).photo
    client.force_login(owner)

    assert fetch(client, f"/media/previews/{stored.pk}/320")[0].status_code == 404


def test_behind_nginx_the_file_is_left_to_nginx(
    client: Client, owner: User, photo: Photo, settings: Settings
) -> None:
    settings.X_ACCEL_REDIRECT = True
    client.force_login(owner)

    response, content = fetch(client, f"/media/originals/{photo.pk}")

    digest = photo.stored_sha256
    assert response["X-Accel-Redirect"] == f"/internal/originals/{digest[:2]}/{digest[2:4]}/{digest}"
    assert content == b""
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
