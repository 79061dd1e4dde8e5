"""Albums: their order, covers and the albums within them."""

import struct

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from gallery.albums import add_to_album, remove_from_album, set_cover
from gallery.models import Album, Photo, Role, User
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    someone = make_user()
    client.force_login(someone)
    return someone


def filled(owner: User, *names: str, **fields: object) -> tuple[Album, list[Photo]]:
    """An album with a photo for each file name."""
    album = Album.objects.create(owner=owner, **({"name": "Sea"} | fields))
    photos = [make_photo(owner, file_name=name) for name in names]
    add_to_album(album=album, photos=photos)
    return album, photos


def names_in(album: Album) -> str:
    return "".join(album.places.order_by("position").values_list("photo__file_name", flat=True))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"earlier": 2}, "acbd"), ({"later": 1}, "acbd"), ({"later": 2}, "abdc"), ({"first": 3}, "dabc"),
        ({"earlier": 0}, "abcd"), ({"later": 3}, "abcd"), ({"sort": "name"}, "abcd"),
    ],
)  # fmt: skip
def test_buttons_move_a_photo(
    client: Client, person: User, form: dict[str, int | str], expected: str
) -> None:
    album, photos = filled(person, *"abcd")
    values = {key: value if isinstance(value, str) else photos[value].pk for key, value in form.items()}

    response = client.post(f"/albums/{album.pk}/move", values)

    assert response["Location"] == f"/albums/{album.pk}/arrange"
    assert names_in(album) == expected


def test_an_album_is_sorted_by_name_and_by_date(client: Client, person: User) -> None:
    album, photos = filled(person, *"bca")

    client.post(f"/albums/{album.pk}/move", {"sort": "name"})
    assert names_in(album) == "abc"

    client.post(f"/albums/{album.pk}/move", {"sort": "date"})
    assert order_of_pks(album) == [photo.pk for photo in photos]


def order_of_pks(album: Album) -> list[int]:
    return list(album.places.order_by("position").values_list("photo_id", flat=True))


def test_photos_that_the_person_may_not_see_keep_their_places(client: Client) -> None:
    owner, other = make_user(), make_user()
    album, (_, last) = filled(owner, "a", "c")
    hidden = make_photo(other, file_name="b", visibility="private")
    add_to_album(album=album, photos=[hidden])
    client.force_login(owner)

    client.post(f"/albums/{album.pk}/move", {"earlier": last.pk})

    assert names_in(album) == "cab"
    assert "b" not in [
        photo.file_name for photo in client.get(f"/albums/{album.pk}/arrange").context["photos"]
    ]
    assert client.post(f"/albums/{album.pk}/move", {"first": hidden.pk}).status_code == 404


def test_the_grid_shows_an_album_in_its_order_even_for_photos_in_several(
    client: Client, person: User
) -> None:
    album, photos = filled(person, *"abc")
    other = Album.objects.create(owner=person, name="Other")
    add_to_album(album=other, photos=photos[::-1])
    client.post(f"/albums/{album.pk}/move", {"first": photos[2].pk})

    packed = client.get(f"/grid/layout?album={album.pk}").content

    start = 4 + struct.unpack_from("<I", packed)[0]
    assert struct.unpack_from("<3I", packed, start) == (photos[2].pk, photos[0].pk, photos[1].pk)


def test_only_owners_and_moderators_arrange(client: Client, person: User) -> None:
    album, photos = filled(make_user(), "a", "b")

    assert client.get(f"/albums/{album.pk}/arrange").status_code == 403
    assert client.post(f"/albums/{album.pk}/move", {"later": photos[0].pk}).status_code == 403
    client.force_login(make_user(role=Role.MODERATOR))
    assert client.get(f"/albums/{album.pk}/arrange").status_code == 200


@pytest.mark.parametrize("form", [{}, {"later": "x"}, {"sideways": "1"}])
def test_an_unknown_move_is_not_found(client: Client, person: User, form: dict[str, str]) -> None:
    album, _ = filled(person, "a", "b")

    assert client.post(f"/albums/{album.pk}/move", form).status_code == 404


def test_a_chosen_cover_stands_for_the_album_where_it_may_be_seen(client: Client, person: User) -> None:
    album, photos = filled(person, "a", "b")
    client.post(f"/albums/{album.pk}/move", {"cover": photos[1].pk})

    ((_, cover),) = client.get("/albums/").context["cards"]
    assert cover == photos[1]

    Photo.objects.filter(pk=photos[1].pk).update(visibility="private")
    client.force_login(make_user())
    ((_, cover),) = client.get("/albums/").context["cards"]
    assert cover == photos[0]


def test_a_cover_that_is_taken_out_is_no_cover_any_more(person: User) -> None:
    album, photos = filled(person, "a", "b")
    set_cover(album=album, photo=photos[1])

    remove_from_album(album=album, photos=[photos[1]])

    album.refresh_from_db()
    assert album.cover is None


def test_albums_lie_in_albums(client: Client, person: User) -> None:
    outer, _ = filled(person, "a")
    form = {"name": "Beach", "visibility": "members", "parent": outer.pk}

    inner = int(client.post("/albums/", form)["Location"].rpartition("/")[2])

    assert [album.name for album, _ in client.get("/albums/").context["cards"]] == ["Sea"]
    assert [album.name for album, _ in client.get(f"/albums/{outer.pk}").context["cards"]] == ["Beach"]
    assert client.get(f"/albums/{inner}").context["around"] == [outer]
    assert "1 album<" in client.get("/albums/").content.decode()


def test_an_album_never_lies_in_itself(client: Client, person: User) -> None:
    outer = Album.objects.create(owner=person, name="Outer")
    inner = Album.objects.create(owner=person, name="Inner", parent=outer)

    form = {"name": "Outer", "visibility": "members", "parent": inner.pk}
    page = client.post(f"/albums/{outer.pk}/edit", form, follow=True).content.decode()

    assert "cannot lie inside itself" in page
    outer.refresh_from_db()
    assert outer.parent is None


def test_an_album_in_a_hidden_one_stands_on_its_own(client: Client, person: User) -> None:
    owner = make_user()
    hidden = Album.objects.create(owner=owner, name="Hidden", visibility="private")
    inner = Album.objects.create(owner=owner, name="Shown", parent=hidden)

    assert [album for album, _ in client.get("/albums/").context["cards"]] == [inner]
    assert client.get(f"/albums/{inner.pk}").context["around"] == []
    assert "Hidden" not in client.get(f"/albums/{inner.pk}").content.decode()


def test_nobody_puts_an_album_into_that_of_another(client: Client, person: User) -> None:
    theirs = Album.objects.create(owner=make_user(), name="Theirs")

    response = client.post("/albums/", {"name": "Mine", "visibility": "members", "parent": theirs.pk})

    assert response.status_code == 422


def test_the_albums_of_a_deleted_one_stay(client: Client, person: User) -> None:
    outer = Album.objects.create(owner=person, name="Outer")
    inner = Album.objects.create(owner=person, name="Inner", parent=outer)

    client.post(f"/albums/{outer.pk}/delete")

    inner.refresh_from_db()
    assert inner.parent is None


def test_arranging_makes_few_queries(
    client: Client, person: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    album, _ = filled(person, *"abcdefghij")

    with django_assert_max_num_queries(6):
        client.get(f"/albums/{album.pk}/arrange")
    with django_assert_max_num_queries(9):
        client.get(f"/albums/{album.pk}")
