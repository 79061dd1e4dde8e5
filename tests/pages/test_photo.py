"""The photo page, its form, and changes of many photos at once."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from gallery.models import Album, Photo, Role, User
from gallery.tags import add_tags
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db

FORM = {"title": "", "description": "", "tags": "", "visibility": "members", "rating": "0"}


@pytest.fixture
def owner(client: Client) -> User:
    person = make_user()
    client.force_login(person)
    return person


def tags_of(photo: Photo) -> set[str]:
    return set(photo.photo_tags.values_list("tag__name", flat=True))


def test_it_tells_what_is_known(client: Client, owner: User) -> None:
    photo = make_photo(
        owner,
        file_name="boat.jpg",
        camera="Aspect 7",
        taken_at=datetime(2024, 6, 1, 12, tzinfo=UTC),
        palette=[["#ff8800", 0.5]],
        exif={"FNumber": "2.8"},
        warnings=["The clock of the camera was not set."],
    )
    add_tags(photos=[photo], names=["blue sky"])

    page = client.get(f"/photos/{photo.pk}").content.decode()

    for words in [
        "boat.jpg",
        "Aspect 7",
        "1 June 2024",
        "640 \N{MULTIPLICATION SIGN} 480",
        "#ff8800",
        "FNumber",
        "clock",
        "blue sky",
    ]:
        assert words in page


def test_it_makes_a_constant_number_of_queries(
    client: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    photo = make_photo(owner)
    add_tags(photos=[photo], names=[f"tag {n}" for n in range(20)])

    with django_assert_max_num_queries(18):
        client.get(f"/photos/{photo.pk}")


def test_names_and_words_of_strangers_stay_text(client: Client, owner: User) -> None:
    photo = make_photo(
        owner, file_name="<script>alert(1)</script>.jpg", exif={"<b>": "<img src=x onerror=1>"}
    )

    page = client.get(f"/photos/{photo.pk}").content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("part", ["", "?part=panel"])
def test_a_hidden_photo_is_not_found(client: Client, owner: User, part: str) -> None:
    photo = make_photo(visibility="private")

    assert client.get(f"/photos/{photo.pk}{part}").status_code == 404


def test_others_see_no_form(client: Client, owner: User) -> None:
    page = client.get(f"/photos/{make_photo().pk}").content.decode()

    assert "photo-form" not in page


def test_neighbours_are_those_of_the_library(client: Client, owner: User) -> None:
    older, here, newer = (make_photo(owner, taken_at=datetime(2024, 1, day, tzinfo=UTC)) for day in (1, 2, 3))
    make_photo(visibility="private", taken_at=datetime(2024, 1, 2, 1, tzinfo=UTC))

    page = client.get(f"/photos/{here.pk}").context

    assert (page["newer"], page["older"]) == (newer, older)


def test_photos_of_one_moment_are_all_reached(client: Client, owner: User) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    photos = [make_photo(owner, taken_at=moment) for _ in range(3)]

    page = client.get(f"/photos/{photos[1].pk}").context

    assert (page["newer"], page["older"]) == (photos[2], photos[0])


def test_the_form_saves_everything(client: Client, owner: User) -> None:
    photo = make_photo(owner)

    client.post(
        f"/photos/{photo.pk}/edit",
        {
            **FORM,
            "title": "Boat",
            "tags": "Sea, blue sky",
            "rating": "4",
            "favourite": "on",
            "visibility": "private",
        },
    )

    photo.refresh_from_db()
    assert (photo.title, photo.rating, photo.favourite, photo.visibility) == ("Boat", 4, True, "private")
    assert tags_of(photo) == {"sea", "blue_sky"}


def test_a_wrong_form_changes_nothing(client: Client, owner: User) -> None:
    photo = make_photo(owner)

    response = client.post(f"/photos/{photo.pk}/edit", {**FORM, "rating": "9", "title": "Boat"})

    photo.refresh_from_db()
    assert response.status_code == 422
    assert photo.title == ""


@pytest.mark.parametrize("what", ["edit", "trash"])
def test_others_may_not_change_it(client: Client, owner: User, what: str) -> None:
    photo = make_photo()

    assert client.post(f"/photos/{photo.pk}/{what}", FORM).status_code == 403


def test_moderators_may_change_it(client: Client) -> None:
    photo = make_photo()
    client.force_login(make_user(role=Role.MODERATOR))

    client.post(f"/photos/{photo.pk}/trash")

    photo.refresh_from_db()
    assert photo.is_trashed


@pytest.mark.parametrize("what", ["edit", "trash"])
def test_looking_changes_nothing(client: Client, owner: User, what: str) -> None:
    assert client.get(f"/photos/{make_photo(owner).pk}/{what}").status_code == 405


def test_many_photos_are_changed_at_once(client: Client, owner: User) -> None:
    photos = [make_photo(owner) for _ in range(3)]
    ids = ",".join(str(photo.pk) for photo in photos)

    answer = client.post("/photos/bulk", {"ids": ids, "add_tags": "sea", "favourite": "yes", "rating": "3"})

    assert sorted(answer.json()["changed"]) == [photo.pk for photo in photos]
    for photo in Photo.objects.all():
        assert (photo.favourite, photo.rating, tags_of(photo)) == (True, 3, {"sea"})


def test_a_bulk_change_leaves_what_is_not_ones_own(client: Client, owner: User) -> None:
    own, other = make_photo(owner), make_photo()

    answer = client.post("/photos/bulk", {"ids": f"{own.pk},{other.pk}", "visibility": "private"})

    other.refresh_from_db()
    assert answer.json()["changed"] == [own.pk]
    assert other.visibility == "members"


def test_tags_are_taken_from_many_photos(client: Client, owner: User) -> None:
    photo = make_photo(owner)
    add_tags(photos=[photo], names=["sea", "sky"])

    client.post("/photos/bulk", {"ids": photo.pk, "remove_tags": "sea"})

    assert tags_of(photo) == {"sky"}


def test_many_photos_go_to_the_trash(client: Client, owner: User) -> None:
    photos = [make_photo(owner) for _ in range(2)]

    client.post("/photos/bulk", {"ids": ",".join(str(photo.pk) for photo in photos), "trash": "on"})

    assert Photo.objects.trashed().count() == 2


def test_an_album_is_made_in_the_order_of_choice(client: Client, owner: User) -> None:
    first, second = make_photo(owner), make_photo()

    answer = client.post("/photos/bulk", {"ids": f"{second.pk},{first.pk}", "album": " Sea  2024 "})

    album = Album.objects.get(pk=answer.json()["album"]["id"])
    assert (album.owner, album.name) == (owner, "Sea 2024")
    assert list(album.photos.order_by("album_places__position")) == [second, first]


@pytest.mark.parametrize(
    "form",
    [
        {"ids": "", "favourite": "yes"},
        {"ids": "1,x", "favourite": "yes"},
        {"ids": "1", "rating": "7"},
        {"ids": "1", "visibility": "secret"},
        {"ids": "1", "album": "   ", "favourite": "perhaps"},
        {"ids": ",".join(["1"] * 5001), "favourite": "yes"},
    ],
)
def test_a_wrong_bulk_change_is_refused_in_a_sentence(
    client: Client, owner: User, form: dict[str, str]
) -> None:
    response = client.post("/photos/bulk", form)

    assert response.status_code == 422
    assert response.json()["detail"]
