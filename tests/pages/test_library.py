"""The library page and what its grid fetches."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from gallery.albums import add_to_album
from gallery.models import Album, PhotoState, Role
from tests.factories import make_photo, make_user
from tests.test_gridlayout import unpacked

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client: Client) -> Client:
    client.force_login(make_user())
    return client


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    response = client.get("/")

    assert response.status_code == 302
    assert response["Location"] == "/login?next=/"


def test_strangers_may_look_at_a_public_gallery(client: Client, settings: Settings) -> None:
    settings.PUBLIC_GALLERY = True
    public = make_photo(visibility="public")
    make_photo(visibility="members")

    assert client.get("/").status_code == 200
    assert unpacked(client.get("/grid/layout").content)[1]["ids"] == [public.pk]


def test_an_empty_library_says_what_to_do(member: Client) -> None:
    assert "Drop photos or whole folders anywhere" in member.get("/").content.decode()


def test_a_viewer_of_an_empty_library_is_not_asked_to_upload(client: Client) -> None:
    client.force_login(make_user(role=Role.VIEWER))

    page = client.get("/").content.decode()

    assert "Nothing to see yet" in page
    assert "Choose photos" not in page


def test_the_page_makes_few_queries_however_many_photos_there_are(
    member: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_photo()

    with django_assert_max_num_queries(6):
        member.get("/")


def test_the_layout_makes_few_queries_however_many_photos_there_are(
    member: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_photo()

    with django_assert_max_num_queries(5):
        layout = member.get("/grid/layout").content

    assert len(unpacked(layout)[1]["ids"]) == 30


def test_the_layout_holds_what_may_be_seen_newest_first(member: Client) -> None:
    old = make_photo(taken_at=datetime(2020, 5, 1, tzinfo=UTC))
    new = make_photo(taken_at=datetime(2024, 5, 1, tzinfo=UTC))
    make_photo(visibility="private")
    make_photo(trashed_at=datetime(2024, 5, 1, tzinfo=UTC))
    make_photo(state=PhotoState.PROCESSING)

    header, columns = unpacked(member.get("/grid/layout").content)

    assert columns["ids"] == [new.pk, old.pk]
    assert header["processing"] == 1


def test_an_album_comes_in_its_own_order(member: Client) -> None:
    owner = make_user()
    photos = [make_photo(owner) for _ in range(3)]
    album = Album.objects.create(owner=owner, name="Sea")
    add_to_album(album=album, photos=[photos[2], photos[0]])

    _, columns = unpacked(member.get(f"/grid/layout?album={album.pk}").content)

    assert columns["ids"] == [photos[2].pk, photos[0].pk]


@pytest.mark.parametrize("number", ["999999", "x", "1' or 1=1"])
def test_an_album_that_is_not_there_is_not_found(member: Client, number: str) -> None:
    assert member.get("/grid/layout", {"album": number}).status_code == 404


def test_a_hidden_album_is_not_found(member: Client) -> None:
    album = Album.objects.create(owner=make_user(), name="Secret", visibility="private")

    assert member.get(f"/grid/layout?album={album.pk}").status_code == 404


def test_details_tell_only_of_photos_that_may_be_seen(member: Client) -> None:
    seen = make_photo(title="Boat")
    hidden = make_photo(visibility="private")

    photos = member.get(f"/grid/details?ids={seen.pk},{hidden.pk},x").json()["photos"]

    assert [photo["id"] for photo in photos] == [seen.pk]
    assert photos[0]["label"].startswith("Boat, ")
    assert photos[0]["editable"] is False


def test_details_make_few_queries(
    member: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ids = ",".join(str(make_photo(previews_version=1, preview_sizes=[320]).pk) for _ in range(20))

    with django_assert_max_num_queries(4):
        assert len(member.get(f"/grid/details?ids={ids}").json()["photos"]) == 20


def test_without_scripts_the_photos_come_in_pages(member: Client) -> None:
    photos = [make_photo(previews_version=1, preview_sizes=[320]) for _ in range(101)]

    first = member.get("/?page=1").content.decode()
    second = member.get("/?page=2").content.decode()

    assert first.count("/media/previews/") == 100
    assert f'href="/photos/{photos[0].pk}"' in second
    assert "Page 1 of 2" in first


def test_browsers_without_scripts_are_led_to_the_pages(member: Client) -> None:
    assert '<noscript><meta http-equiv="refresh" content="0; url=?page=1"></noscript>' in (
        member.get("/").content.decode()
    )


def test_nothing_inline_runs_but_the_import_map(member: Client) -> None:
    response = member.get("/")

    policy = response["Content-Security-Policy"]
    page = response.content.decode()
    assert "unsafe-inline" not in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert f'<script type="importmap" nonce="{nonce}">' in page
    assert " style=" not in page
    assert " onclick=" not in page
