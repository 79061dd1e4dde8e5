"""The journal as a page and as files, and the table of before and after."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from dedup.journal_rows import COLUMNS, JournalFilter, as_csv, as_json, rows
from dedup.models import Resolution
from dedup.report import By, Line, lines
from dedup.resolution import dismiss_group, resolve_group
from dedup.undo import undo_resolution
from gallery.albums import add_to_album
from gallery.models import Album, Photo
from tests.dedup.rows import grouped, make_photos, moderator
from tests.dedup.test_api import client_of

if TYPE_CHECKING:
    from django.test import Client

    from gallery.models import User

pytestmark = pytest.mark.django_db


def keep_first(user: User | None = None, count: int = 2, **fields: Any) -> tuple[Resolution, list[Photo]]:
    group, photos = grouped(count, **fields)
    kept, *others = photos
    decided = resolve_group(
        group_id=group.pk,
        keep=[kept.pk],
        trash=[photo.pk for photo in others],
        version=group.version,
        user=user or moderator(),
    )
    return decided, photos


def text_of(client: Client, name: str, **query: str) -> str:
    answer = client.get(reverse(name), query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()  # type: ignore[attr-defined]


def test_the_files_tell_who_decided_what_when_and_why() -> None:
    anna = moderator()
    decided, (kept, gone) = keep_first(anna)
    client = client_of(anna)

    [line] = list(csv.DictReader(StringIO(text_of(client, "duplicate-journal-csv"))))
    assert (line["by"], line["action"], line["kept_names"], line["trashed_names"]) == (
        anna.username,
        "resolve",
        kept.file_name,
        gone.file_name,
    )
    assert line["why"].startswith("Same picture, 90.0 % sure; ") and line["bytes_freed"] == str(
        gone.file_size
    )
    assert (line["decided_at"], line["taken_back_at"]) == (decided.created_at.isoformat(), "")
    [entry] = json.loads(text_of(client, "duplicate-journal-json"))
    assert tuple(entry) == COLUMNS
    assert (entry["kept"], entry["trashed"], entry["taken_back_by"]) == ([kept.pk], [gone.pk], None)


def test_the_files_and_the_page_are_filtered_alike() -> None:
    anna, bert = moderator(), moderator()
    first, photos = keep_first(anna)
    undo_resolution(resolution_id=first.pk, user=bert)
    group, others = grouped(2)
    dismiss_group(group_id=group.pk, user=bert)
    client = client_of(anna)

    def decisions(**query: str) -> list[str]:
        return [entry["action"] for entry in json.loads(text_of(client, "duplicate-journal-json", **query))]

    assert decisions() == ["dismiss", "resolve"]
    assert (
        decisions(by=bert.username) == decisions(standing="1") == decisions(action="dismiss") == ["dismiss"]
    )
    assert decisions(since="2100-01-01") == decisions(until="2000-01-01") == []
    page = text_of(client, "duplicate-journal", by=bert.username)
    assert others[0].file_name in page and photos[0].file_name not in page
    assert "1 decision," in page


def test_an_unknown_filter_is_told_and_left_out() -> None:
    keep_first()
    page = text_of(client_of(moderator()), "duplicate-journal", action="burn")
    assert "“action” is one of" in page and "1 decision," in page


def test_no_name_becomes_a_formula_in_a_spreadsheet() -> None:
    keep_first(file_name='=HYPERLINK("http://example.org")')
    table = "".join(as_csv(COLUMNS, rows(JournalFilter().entries())))

    [line] = list(csv.DictReader(StringIO(table)))
    assert line["kept_names"] == '\'=HYPERLINK("http://example.org")'


def test_an_empty_journal_is_an_empty_list() -> None:
    assert json.loads("".join(as_json(rows(JournalFilter().entries())))) == []
    assert "".join(as_csv(COLUMNS, [])).split(",")[0] == "decision"


def test_a_long_journal_costs_a_query_a_batch(django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        keep_first()
    with django_assert_max_num_queries(2):
        assert len(list(rows(JournalFilter().entries()))) == 6


def test_folders_are_counted_before_and_after() -> None:
    keep_first(count=3, source="trips/rome", file_size=100)
    undone, _ = keep_first(source="trips/oslo", file_size=10)
    undo_resolution(resolution_id=undone.pk, user=moderator())
    make_photos(1, source="", file_size=7)
    Photo.objects.filter(pk=make_photos(1, source="trips/oslo", file_size=3)[0].pk).update(
        trashed_at="2024-01-01T00:00Z"
    )

    assert lines(By.FOLDER) == [
        Line("trips/rome", 3, 1, 300, 100),
        Line("", 1, 1, 7, 7),
        Line("trips/oslo", 2, 2, 20, 20),
    ]


def test_a_kept_photo_that_took_a_place_in_an_album_was_not_there_before() -> None:
    group, (kept, copy) = grouped(2, file_size=50)
    album = Album.objects.create(owner=kept.owner, name="Rome")
    add_to_album(album=album, photos=[copy, make_photos(1, file_size=5)[0]])
    assert lines(By.ALBUM) == [Line("Rome", 2, 2, 55, 55)]
    resolve_group(group_id=group.pk, keep=[kept.pk], trash=[copy.pk], version=1, user=moderator())
    assert lines(By.ALBUM) == [Line("Rome", 2, 2, 55, 55)]
    _, photos = keep_first(count=3, file_size=100)
    add_to_album(album=album, photos=photos[:1])
    other = Album.objects.create(owner=kept.owner, name="Oslo")
    group, (first, second) = grouped(2, file_size=30)
    add_to_album(album=other, photos=[first, second])
    resolve_group(group_id=group.pk, keep=[first.pk], trash=[second.pk], version=1, user=moderator())

    assert lines(By.ALBUM) == [Line("Oslo", 2, 1, 60, 30), Line("Rome", 3, 3, 155, 155)]


def test_the_report_is_a_page_and_a_file() -> None:
    keep_first(count=3, source="trips/rome", file_size=100)
    client = client_of(moderator())
    page = text_of(client, "duplicate-report")
    assert "trips/rome" in page and "<td>3</td><td>1</td><td>2</td>" in page
    [line] = list(csv.DictReader(StringIO(text_of(client, "duplicate-report", format="csv"))))
    assert (line["name"], line["photos_before"], line["bytes_now"]) == ("trips/rome", "3", "100")
    assert "no albums with photos" in text_of(client, "duplicate-report", by="album")


@pytest.mark.parametrize("count", [1, 8])
def test_the_page_costs_the_same_queries_whatever_its_length(
    count: int, django_assert_max_num_queries: Any
) -> None:
    client = client_of(moderator())
    for _ in range(count):
        keep_first()
    with django_assert_max_num_queries(13):
        assert text_of(client, "duplicate-journal").count("to the trash.") == count
