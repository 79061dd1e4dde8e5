"""What a worker keeps of the photos that it compares: read once, by one query, and never more than its limit."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dedup.sides import BYTES_WITHOUT_PREVIEW, Sides
from gallery.models import Photo, PhotoState
from tests.dedup.photos import library
from tests.pictures import jpeg_bytes, scene

pytestmark = pytest.mark.django_db

PREVIEW_BYTES = 600 * 400 * 3


@pytest.fixture
def photo_ids() -> list[int]:
    files = {f"{seed}.jpg": jpeg_bytes(scene(seed, (600, 400))) for seed in range(41, 46)}
    return sorted(photo.pk for photo in library(files).values())


def test_photos_come_in_id_order_by_one_query_and_not_again(photo_ids: list[int]) -> None:
    sides = Sides()
    with CaptureQueriesContext(connection) as queries:
        assert [one.photo.pk for one in sides.of(reversed(photo_ids))] == photo_ids
        assert [one.photo.pk for one in sides.of(photo_ids[1:3])] == photo_ids[1:3]
    assert len([query for query in queries if "dedup_fingerprint" in query["sql"]]) == 1
    assert sides.bytes == len(photo_ids) * BYTES_WITHOUT_PREVIEW


def test_trashed_and_damaged_photos_are_left_out(photo_ids: list[int]) -> None:
    Photo.objects.filter(pk=photo_ids[0]).update(trashed_at="2024-01-01T00:00Z")
    Photo.objects.filter(pk=photo_ids[1]).update(state=PhotoState.DAMAGED)

    assert [one.photo.pk for one in Sides().of(photo_ids)] == photo_ids[2:]


def test_previews_count_and_the_longest_unused_go_first(photo_ids: list[int]) -> None:
    limit = 3 * PREVIEW_BYTES
    sides = Sides(limit)
    first = next(sides.of(photo_ids[:1]))
    assert sides.bytes == BYTES_WITHOUT_PREVIEW

    for one in sides.of(photo_ids):
        assert one.side.preview.shape == (400, 600, 3)
        assert sides.bytes <= limit + PREVIEW_BYTES * 4 // 3 + BYTES_WITHOUT_PREVIEW
    assert sides.bytes <= limit
    assert next(sides.of(photo_ids[-1:])).bytes >= PREVIEW_BYTES
    assert next(sides.of(photo_ids[:1])) is not first


def test_what_is_pushed_out_while_it_is_waited_for_comes_all_the_same(photo_ids: list[int]) -> None:
    sides = Sides(2 * BYTES_WITHOUT_PREVIEW)
    assert [one.photo.pk for one in sides.of(photo_ids[3:])] == photo_ids[3:]

    assert [one.photo.pk for one in sides.of(photo_ids)] == photo_ids
    assert sides.bytes == 2 * BYTES_WITHOUT_PREVIEW
