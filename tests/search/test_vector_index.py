"""Nearest vectors in a large library: measured one by one or through the index, the same photos come out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from gallery.models import Embedding, Photo
from gallery.search import vectors
from gallery.search.vectors import Target, nearest, sample_scores, unit
from gallery.vector_index import vector_index_name
from tests.factories import make_user
from tests.search.library import (
    DIMENSIONS,
    MODEL,
    direction,
    kept_for_the_module,
    model_is_here,
    photo_with,
)

pytestmark = pytest.mark.django_db


PHOTOS = 3_000


@pytest.fixture(scope="module")
def library(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """PHOTOS photos with random vectors under the index; every hundredth is a favourite."""
    with kept_for_the_module(django_db_blocker, make_many):
        yield


@pytest.fixture
def many(library: None, db: None) -> None:
    """The library, and a model that is loaded."""
    model_is_here()


def make_many() -> None:
    model_is_here()
    user = make_user()
    first = photo_with(user, vector=direction(0, 1))
    template = {field.attname: getattr(first, field.attname) for field in Photo._meta.concrete_fields}
    for name in ("id", "words", "shown_at"):
        del template[name]
    photos = Photo.objects.bulk_create(
        Photo(**template | {"upload_sha256": f"{number:064x}", "favourite": number % 100 == 0})
        for number in range(PHOTOS)
    )
    source = np.random.default_rng(5)
    Embedding.objects.bulk_create(
        Embedding(photo=photo, model=MODEL, vector=unit(source.normal(size=DIMENSIONS))) for photo in photos
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gallery_photo, gallery_embedding")


@pytest.mark.usefixtures("many")
def test_the_index_finds_what_measuring_every_photo_finds() -> None:
    target = Target(direction(1, 1), MODEL)
    exact, exact_scores = nearest(Photo.objects.live(), target, limit=100, estimate=PHOTOS)
    walked, scores = nearest(Photo.objects.live(), target, limit=100, estimate=vectors.EXACT_SCAN_MAX + 1)
    assert len(set(exact) & set(walked)) >= 95
    assert list(scores) == sorted(scores, reverse=True)
    assert exact_scores[0] == pytest.approx(scores[0], abs=1e-3)


@pytest.mark.usefixtures("many")
def test_a_walk_through_the_index_goes_on_until_a_filter_is_served() -> None:
    target = Target(direction(1, 1), MODEL)
    rare = Photo.objects.live().filter(favourite=True)
    exact, _ = nearest(rare, target, limit=20, estimate=30)
    with CaptureQueriesContext(connection) as queries:
        walked, _ = nearest(rare, target, limit=20, estimate=vectors.EXACT_SCAN_MAX + 1)
    assert len(walked) == 20
    assert len(set(exact) & set(walked)) >= 19
    statement = next(each["sql"] for each in queries if "<=>" in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert vector_index_name(MODEL) in plan


@pytest.mark.usefixtures("many")
def test_after_a_walk_other_statements_are_planned_as_ever() -> None:
    nearest(Photo.objects.live(), Target(direction(1), MODEL), limit=5, estimate=vectors.EXACT_SCAN_MAX + 1)
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_sort")
        assert cursor.fetchone() == ("on",)


@pytest.mark.usefixtures("many")
def test_the_sample_of_a_large_library_is_small_and_fair() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "WHOLE_TABLE_MAX", 1_000)
        patch.setattr(vectors, "SAMPLE_SIZE", 600)
        part = sample_scores(MODEL, [direction(1), direction(0, 1)])
    whole = sample_scores(MODEL, [direction(1), direction(0, 1)])
    assert 100 < len(part) < 2_000 < len(whole)
    assert part.std(axis=0) == pytest.approx(whole.std(axis=0), rel=0.25)
