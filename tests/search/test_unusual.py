"""The most unusual photos: those that are far from their nearest others."""

from __future__ import annotations

import itertools
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gallery import unusual
from gallery.backup.tables import own_connection
from gallery.imaging.colour import palette
from gallery.models import NOT_MEASURED, Embedding, NeighbourCheck, Photo, PhotoShare
from gallery.search import matching_ids, search
from gallery.tasks import measure_unusual
from gallery.unusual import COLOURS, NEIGHBOURS, due, mean_distances, measure_a_slice, present_measure
from gallery.vector_index import vector_index_name
from tests.factories import make_photo, make_user
from tests.pictures import flat, gradient, pixels, scene, screenshot
from tests.search.library import (
    DIMENSIONS,
    MODEL,
    all_pages,
    direction,
    ids,
    model_is_here,
    near,
    photo_with,
)

if TYPE_CHECKING:
    from django.test import Client
    from PIL.Image import Image

    from gallery.models import User

pytestmark = pytest.mark.django_db

SUBJECTS = (direction(1), direction(0, 1), direction(0, 0, 1), direction(1, 1, 1))


def pictures_of(user: User, *, each: int = 15, **fields: Any) -> list[Photo]:
    """Photos of four subjects, as a model sees them."""
    return [
        photo_with(user, vector=near(subject, seed=place * 100 + number, spread=0.05), **fields)
        for place, subject in enumerate(SUBJECTS)
        for number in range(each)
    ]


def looking_like(user: User, picture: Image) -> Photo:
    """A photo with the colours of a picture."""
    return photo_with(user, palette=palette(pixels(picture)))


def score(photo: Photo) -> float:
    return Photo.objects.get(pk=photo.pk).unusual


def test_the_odd_one_out_comes_first_and_its_copies_next_to_it() -> None:
    model_is_here()
    user = make_user()
    pictures_of(user)
    odd = direction(0, 0, 0, 0, 0, 0, 0, 1)
    strange = {photo_with(user, vector=odd).pk, photo_with(user, vector=near(odd, seed=1, spread=0.02)).pk}

    assert measure_a_slice() == 62

    assert set(ids(search(user, "order:unusual"))[:2]) == strange
    assert set(matching_ids(user, "order:unusual_asc")[-2:]) == strange


def test_without_a_model_colours_decide() -> None:
    user = make_user()
    for number in range(30):
        looking_like(user, scene(number, (160, 120)))
        looking_like(user, screenshot(number, (160, 100)))
    odd = [
        looking_like(user, flat((80, 60), (255, 0, 200))),
        looking_like(user, gradient((80, 60), (90, 255, 0), (150, 0, 255))),
    ]

    measure_unusual()

    assert set(matching_ids(user, "order:unusual")[:2]) == {photo.pk for photo in odd}


def test_every_photo_is_listed_once_and_those_not_measured_last() -> None:
    model_is_here()
    user = make_user()
    measured = {photo.pk for photo in pictures_of(user, each=5)}
    waiting = {make_photo(user).pk for _ in range(3)}
    measure_a_slice()

    for text in ("order:unusual", "order:unusual_asc"):
        whole = matching_ids(user, text)
        assert set(whole[:20]) == measured
        assert set(whole[20:]) == waiting
        assert all_pages(user, text, limit=6) == whole


def test_it_orders_what_other_words_of_a_query_leave() -> None:
    model_is_here()
    user = make_user()
    kept = pictures_of(user, each=5, rating=4)[:5]
    odd = photo_with(user, vector=direction(0, 0, 0, 0, 1), rating=2)
    measure_a_slice()
    assert ids(search(user, "rating:2 order:unusual")) == [odd.pk]
    asked = f"id:{','.join(str(photo.pk) for photo in [*kept, odd])} order:unusual"
    assert ids(search(user, asked))[0] == odd.pk


def test_where_there_are_too_few_others_nothing_is_unusual() -> None:
    model_is_here()
    user = make_user()
    for number in range(NEIGHBOURS):
        photo_with(user, vector=near(direction(1), seed=number))
    assert measure_a_slice() == NEIGHBOURS
    assert set(Photo.objects.values_list("unusual", flat=True)) == {NOT_MEASURED}


def test_hidden_photos_change_nothing_for_those_who_do_not_see_them() -> None:
    model_is_here()
    user, other = make_user(), make_user()
    pictures_of(user)
    odd = direction(0, 0, 0, 0, 1)
    members, private = (photo_with(user, vector=odd, visibility=one) for one in ("members", "private"))
    measure_a_slice()
    before = score(members), score(private)
    for number in range(NEIGHBOURS):
        photo_with(other, vector=near(odd, seed=number, spread=0.01), visibility="private")
    NeighbourCheck.objects.all().delete()
    measure_a_slice()
    assert (score(members), score(private)) == pytest.approx(before)

    for number in range(NEIGHBOURS):
        photo_with(user, vector=near(odd, seed=50 + number, spread=0.01), visibility="private")
    NeighbourCheck.objects.all().delete()
    measure_a_slice()
    assert score(members) == pytest.approx(before[0], abs=0.01)
    assert score(private) < 0.1

    PhotoShare.objects.create(photo=private, user=other)
    NeighbourCheck.objects.all().delete()
    measure_a_slice()
    assert score(private) > 0.5


def test_trashed_photos_are_no_neighbours() -> None:
    model_is_here()
    user = make_user()
    odd = photo_with(user, vector=direction(0, 0, 0, 0, 1))
    for number in range(NEIGHBOURS):
        photo_with(user, vector=near(direction(0, 0, 0, 0, 1), seed=number, spread=0.01))
    pictures_of(user, each=5)
    measure_a_slice()
    assert score(odd) < 0.1
    Photo.objects.exclude(pk=odd.pk).filter(unusual__lt=0.1, pk__lte=odd.pk + NEIGHBOURS).update(
        trashed_at=timezone.now()
    )
    NeighbourCheck.objects.all().delete()
    measure_a_slice()
    assert score(odd) > 0.5


def test_a_photo_is_measured_once_until_the_library_has_grown_or_time_has_passed() -> None:
    model_is_here()
    user = make_user()
    pictures_of(user)
    assert measure_a_slice() == 60
    assert measure_a_slice() == 0

    added = [photo_with(user, vector=near(direction(1), seed=900 + number)) for number in range(5)]
    assert due(present_measure(), 65) == [photo.pk for photo in added]
    assert measure_a_slice() == 5

    NeighbourCheck.objects.filter(photo=added[0]).update(measured_at=timezone.now() - timedelta(days=8))
    assert measure_a_slice() == 1

    for number in range(12):
        photo_with(user, vector=near(direction(1), seed=800 + number))
    # The new ones, and those that were measured among 60; the five came when there were 65.
    assert measure_a_slice() == 12 + 60


def test_when_a_model_comes_its_vectors_take_the_place_of_colours() -> None:
    user = make_user()
    photos = [photo_with(user, palette=[["#204080", 1.0]]) for _ in range(NEIGHBOURS + 1)]
    assert present_measure() is COLOURS
    measure_a_slice()
    assert score(photos[0]) == pytest.approx(0.0, abs=1e-3)

    model_is_here()
    for place, photo in enumerate(photos):
        Embedding.objects.create(photo=photo, model=MODEL, vector=np.eye(DIMENSIONS, dtype=np.float32)[place])
    assert measure_a_slice() == len(photos)
    assert score(photos[0]) == pytest.approx(1.0, abs=1e-3)


def test_a_batch_costs_few_statements_and_rewrites_only_what_changed() -> None:
    model_is_here()
    user = make_user()
    pictures_of(user, each=10)
    with CaptureQueriesContext(connection) as first:
        measure_a_slice()
    NeighbourCheck.objects.all().delete()
    with CaptureQueriesContext(connection) as again:
        measure_a_slice()
    # The lock and back, the measure, the number of photos, twice what is due; a batch: its distances within a
    # transaction, the rows, the update and the checks.
    assert len(first) <= 16
    assert any('UPDATE "gallery_photo"' in one["sql"] for one in first)
    assert not any('UPDATE "gallery_photo"' in one["sql"] for one in again)


def test_a_slice_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    model_is_here()
    pictures_of(make_user(), each=5)
    monkeypatch.setattr(unusual, "BATCH_PHOTOS", 7)
    clock = SimpleNamespace(monotonic=itertools.count(0, 5).__next__)
    monkeypatch.setattr(unusual, "time", clock)
    assert measure_a_slice(seconds=9) == 7


def test_two_workers_never_measure_at_once() -> None:
    model_is_here()
    pictures_of(make_user(), each=5)
    other = own_connection()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [unusual.SLICE_LOCK])
        assert measure_a_slice() == 0
    finally:
        other.close()
    assert measure_a_slice() == 20


@pytest.mark.parametrize("text", ["", "width:>100"])
def test_the_order_reads_an_index(text: str) -> None:
    model_is_here()
    user = make_user()
    pictures_of(user, each=25)
    measure_a_slice()
    with CaptureQueriesContext(connection) as queries:
        search(user, f"{text} order:unusual", limit=10)
    statement = next(one["sql"] for one in queries if "sort_key" in one["sql"])
    plan = plan_of(statement, "SET LOCAL enable_seqscan = off", "SET LOCAL enable_sort = off")
    assert "photo_live_unusual" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("by_model", [True, False])
def test_neighbours_are_found_by_the_index_of_the_vectors(by_model: bool) -> None:
    if by_model:
        model_is_here()
    user = make_user()
    for number in range(30):
        vector = near(SUBJECTS[number % 4], seed=number) if by_model else None
        photo_with(user, vector=vector, palette=[[f"#{number * 7:02x}4080", 1.0]])
    first = Photo.objects.earliest("pk")
    with CaptureQueriesContext(connection) as queries:
        mean_distances(present_measure(), [first.pk])
    statement = next(one["sql"] for one in queries if "LATERAL" in one["sql"])
    plan = plan_of(statement, "SET LOCAL enable_seqscan = off", "SET LOCAL enable_sort = off")
    assert (vector_index_name(MODEL) if by_model else "photo_palette") in plan


def plan_of(statement: str, *switches: str) -> str:
    """How PostgreSQL would answer, with nothing to gain by reading all of a small table."""
    with connection.cursor() as cursor:
        for switch in switches:
            cursor.execute(switch)
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_the_search_page_offers_the_order(client: Client) -> None:
    user = make_user()
    photo_with(user, tags=["sea"])
    client.force_login(user)
    html = client.get("/search?q=sea").content.decode()
    assert 'href="/search?q=sea%2C+order%3Aunusual"' in html
    html = client.get("/search?q=sea%2C+order%3Aunusual").content.decode()
    assert 'href="/search?q=sea"' in html
    assert 'aria-current="true">Most unusual first' in html
