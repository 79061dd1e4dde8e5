"""The page of numbers."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dedup.models import Group, GroupMember, Resolution, Verdict
from gallery.models import Role, User
from gallery.statistics import FRESH_SECONDS, Statistics, count_library, statistics_for
from gallery.trash import trash_photos
from gallery.views.statistics import columns
from tests.factories import make_photo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    someone = make_user()
    client.force_login(someone)
    return someone


def taken(year: int, month: int) -> datetime:
    return datetime(year, month, 15, tzinfo=UTC)


def test_strangers_are_sent_to_the_login(client: Client) -> None:
    assert client.get("/statistics").status_code == 302


def test_photos_are_counted_by_type_camera_and_month(person: User) -> None:
    make_photo(person, camera="Nikon Z6", taken_at=taken(2024, 1), file_size=100)
    make_photo(person, camera="Nikon Z6", taken_at=taken(2024, 3), file_size=200)
    make_photo(person, media_type="image/png", taken_at=taken(2024, 3), file_size=300)

    numbers = count_library(person)

    assert (numbers.photos, numbers.size) == (3, 600)
    assert [(part.name, part.photos, part.size) for part in numbers.types] == [
        ("image/jpeg", 2, 300),
        ("image/png", 1, 300),
    ]
    assert [(part.name, part.photos) for part in numbers.cameras] == [("Nikon Z6", 2)]
    assert [(f"{month:%Y-%m}", photos) for month, photos, _ in numbers.months] == [
        ("2024-01", 1),
        ("2024-03", 2),
    ]
    assert [(column.label, column.photos) for column in columns(numbers)] == [
        ("January 2024", 1),
        ("February 2024", 0),
        ("March 2024", 2),
    ]


def test_nothing_counts_that_may_not_be_seen(person: User) -> None:
    make_photo(visibility="private", camera="Secret camera")
    trash_photos(photos=[make_photo(person)], by=person)

    assert count_library(person).photos == 0


def test_an_empty_library_says_so(client: Client, person: User) -> None:
    assert "Nothing to count yet" in client.get("/statistics").content.decode()


def test_old_numbers_are_shown_at_once_and_counted_anew_by_the_page(client: Client, person: User) -> None:
    make_photo(person)
    old = Statistics(7, 0, [], [], [], counted_at=0.0)
    cache.set(f"statistics:{person.role}:{person.pk}", old)

    first = client.get("/statistics").content.decode()
    again = client.get("/statistics?anew=1", headers={"HX-Request": "true"}).content.decode()

    assert "<dd>7</dd>" in first
    assert "hx-get" in first
    assert "<dd>1</dd>" in again
    assert "hx-get" not in again


def test_young_numbers_are_not_counted_again(
    client: Client, person: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert statistics_for(person).is_fresh
    assert FRESH_SECONDS > 0

    with django_assert_max_num_queries(2):
        assert "hx-get" not in client.get("/statistics").content.decode()


def test_moderators_see_what_decisions_saved_and_others_do_not(client: Client, person: User) -> None:
    group = Group.objects.create(kind=Verdict.SAME_PICTURE, confidence=1)
    GroupMember.objects.create(group=group, photo=make_photo())
    Resolution.objects.create(group=group, action="resolve", bytes_freed=5_000_000)
    assert "Saved by decisions" not in client.get("/statistics").content.decode()

    client.force_login(make_user(role=Role.MODERATOR))
    page = client.get("/statistics").content.decode()

    assert "4.8\xa0MB" in page
    assert 'href="/duplicates/journal"' in page
