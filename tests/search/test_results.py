"""Searching: pages, orders, totals, chips and warnings, as pages and API get them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery.models import Photo, Role, Tag
from gallery.search import BadCursor, matching_ids, paging, results, search
from gallery.tags import add_tags
from tests.factories import make_photo, make_user
from tests.search.library import (
    all_pages,
    described_as,
    direction,
    ids,
    messages,
    model_is_here,
    photo_with,
)

pytestmark = pytest.mark.django_db


def test_an_empty_query_lists_everything_newest_first() -> None:
    user = make_user()
    now = datetime(2024, 5, 1, tzinfo=UTC)
    old = make_photo(user, taken_at=now - timedelta(days=9))
    new = make_photo(user, taken_at=now)
    page = search(user, "")
    assert ids(page) == [new.pk, old.pk]
    assert (page.total, page.total_is_exact, page.next_cursor, page.stopped) == (2, True, None, None)


def test_tags_fields_and_groups_filter() -> None:
    user = make_user()
    wide = photo_with(user, tags=["beach", "dog"], width=4000)
    small = photo_with(user, tags=["beach"], width=100)
    photo_with(user, tags=["city"], width=4000)
    assert ids(search(user, "beach width:>=1920")) == [wide.pk]
    assert set(ids(search(user, "beach -dog or dog"))) == {wide.pk, small.pk}


def test_it_needs_a_fixed_number_of_statements() -> None:
    user = make_user()
    for _ in range(5):
        photo_with(user, tags=["beach", "dog"])
    photo_with(user, tags=["city"])
    with CaptureQueriesContext(connection) as few:
        search(user, "beach")
    with CaptureQueriesContext(connection) as many:
        search(user, "beach dog (beach or dog) -city width:>5 height:>5")
    # Savepoint, time limit, tags, count, photos.
    assert len(many) == len(few) <= 9


ORDERS = ["", "order:oldest", "order:width", "order:rating_asc", "order:random:x", "order:taken"]


@pytest.mark.parametrize("text", ORDERS)
def test_pages_hold_every_photo_once_in_the_order_of_the_whole(text: str) -> None:
    user = make_user()
    for number in range(13):
        taken = None if number % 3 == 0 else datetime(2024, 1, 1 + number % 4, tzinfo=UTC)
        make_photo(
            user, width=None if number % 5 == 0 else 100 * (number % 4), rating=number % 3, taken_at=taken
        )
    whole = ids(search(user, text, limit=100))
    assert len(whole) == 13
    assert all_pages(user, text, limit=4) == whole
    assert matching_ids(user, text) == whole


def test_a_photo_that_arrives_between_two_pages_shifts_nothing() -> None:
    user = make_user()
    for _ in range(4):
        make_photo(user)
    first = search(user, "", limit=2)
    make_photo(user)
    second = search(user, "", cursor=first.next_cursor, limit=2)
    assert not set(ids(first)) & set(ids(second))


def test_orders_sort_by_their_key() -> None:
    user = make_user()
    small = make_photo(user, width=10, height=10, file_size=9)
    large = make_photo(user, width=20, height=50, file_size=5)
    unknown = make_photo(user, width=None, height=None, file_size=7)
    assert ids(search(user, "order:mpixels")) == [large.pk, small.pk, unknown.pk]
    assert ids(search(user, "order:mpixels_asc")) == [small.pk, large.pk, unknown.pk]
    assert ids(search(user, "order:filesize")) == [small.pk, unknown.pk, large.pk]
    assert ids(search(user, "order:ratio")) == [small.pk, large.pk, unknown.pk]
    assert ids(search(user, "order:id_asc")) == [small.pk, large.pk, unknown.pk]


def test_a_random_order_stays_for_its_seed() -> None:
    user = make_user()
    for _ in range(12):
        make_photo(user)
    one, same, other = (ids(search(user, f"order:random:{seed}")) for seed in ("a", "a", "b"))
    assert one == same != other
    assert sorted(one) == sorted(other)


def test_a_limit_caps_the_results_over_all_pages() -> None:
    user = make_user()
    for _ in range(7):
        make_photo(user)
    assert len(all_pages(user, "limit:5", limit=2)) == 5
    assert search(user, "limit:5", limit=2).total == 5
    assert len(matching_ids(user, "limit:5")) == 5


@pytest.mark.parametrize("cursor", ["x", "a:b:c", "\x00", "é" * 50, "eyJhIjoxfQ:1tYhXx:aaaa"])
def test_a_damaged_cursor_is_refused_with_a_sentence(cursor: str) -> None:
    with pytest.raises(BadCursor, match="start again"):
        search(make_user(), "", cursor=cursor)


def test_a_cursor_of_another_search_is_refused() -> None:
    user = make_user()
    for _ in range(3):
        make_photo(user)
    cursor = search(user, "", limit=1).next_cursor
    with pytest.raises(BadCursor, match="another search"):
        search(user, "width:>1", cursor=cursor)


def test_totals_are_counted_up_to_a_limit_and_estimated_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    for _ in range(6):
        make_photo(user)
    monkeypatch.setattr(paging, "EXACT_COUNT", 5)
    page = search(user, "", limit=2)
    assert page.total >= 6
    assert not page.total_is_exact


def test_a_search_that_takes_too_long_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()
    make_photo(user)
    monkeypatch.setattr(results, "_in_order", lambda *args: connection.cursor().execute("SELECT pg_sleep(5)"))
    monkeypatch.setattr(results, "TIME_LIMIT_MS", 50)
    page = search(user, "")
    assert ids(page) == []
    assert messages(page) == [results.TOO_SLOW]
    assert Photo.objects.count() == 1  # the connection goes on working


# --- access


def test_every_path_keeps_to_what_the_asker_may_see() -> None:
    model_is_here()
    owner, member, viewer = make_user(), make_user(), make_user(role=Role.VIEWER)
    look = direction(1)
    described_as("harbour", look)
    fields: dict[str, Any] = {
        "tags": ["boat"],
        "title": "harbour",
        "vector": look,
        "palette": [["#008080", 1.0]],
    }
    secret = photo_with(owner, visibility="private", **fields)
    shared = photo_with(owner, **fields)
    texts = ["", "boat", "harbour", 'like:"harbour"', f"similar:{shared.pk}", f"similar:{shared.pk}@tags",
             f"similar:{shared.pk}@colour", "colour:teal", "-city", "order:random", f"id:{secret.pk}",
             f"{{boat harbour similar:{shared.pk}}}"]  # fmt: skip
    for text in texts:
        assert secret.pk not in ids(search(member, text)), text
        assert search(member, text).total <= 1, text
        assert ids(search(viewer, text)) == [], text
        assert search(AnonymousUser(), text).total == 0, text
    assert ids(search(owner, f"similar:{shared.pk}")) == [secret.pk]


def test_a_hidden_photo_cannot_be_used_to_search_by() -> None:
    model_is_here()
    owner, member = make_user(), make_user()
    secret = photo_with(owner, visibility="private", vector=direction(1), tags=["boat"])
    photo_with(owner, vector=direction(1), tags=["boat"])
    for by in ("look", "tags", "colour", "structure"):
        page = search(member, f"similar:{secret.pk}@{by}")
        assert ids(page) == []
        assert messages(page) == [f"similar: there is no photo {secret.pk}"]


def test_tags_of_hidden_photos_are_not_known_to_others() -> None:
    owner, member = make_user(), make_user()
    photo_with(owner, tags=["surprise_party"], visibility="private")
    assert search(owner, "surprise party").understood[0]["kind"] == "tag"
    assert search(member, "surprise party").understood[0]["kind"] == "description"


# --- what is said


def test_chips_say_the_query_in_words_and_can_be_taken_out() -> None:
    user = make_user()
    photo_with(user, tags=["holiday"])
    page = search(user, "dog on a beach holiday width:>=1920 order:newest")
    assert [(chip["kind"], chip["text"]) for chip in page.understood] == [
        ("description", "described as “dog on a beach”"),
        ("tag", "tag holiday"),
        ("field", "width at least 1920"),
        ("control", "order newest"),
    ]
    description, tag, field, control = page.understood
    assert tag["removed"] == '"dog on a beach", width:>=1920, order:newest'
    assert (tag["switched"], tag["switch_to"]) == (
        '"dog on a beach", like:holiday, width:>=1920, order:newest',
        "description",
    )
    assert description["switched"] == 'tag:"dog on a beach", holiday, width:>=1920, order:newest'
    assert (field["start"], field["end"]) == (23, 35)
    assert control["removed"] == '"dog on a beach", holiday, width:>=1920'


def test_an_empty_result_says_which_part_is_too_much() -> None:
    user = make_user()
    photo_with(user, tags=["beach"])
    photo_with(user, tags=["city"])
    page = search(user, "beach city")
    assert ids(page) == []
    assert messages(page) == ["no photo fits everything; without “tag beach” there are some"]


def test_warnings_carry_their_positions() -> None:
    page = search(make_user(), "width:x (")
    assert {"message": "width: 'x' is not a number", "position": 6} in page.warnings
    assert {"message": "unclosed '(' closed at end", "position": 8} in page.warnings


STRANGE = [
    "[", "]", "$", ":", "{", "}", "'", '"', ";", "\\", "%", "\x00", "\ud800", "a\x00b\udfffc",
    "'; DROP TABLE gallery_photo; --", "tag:\x00", 'like:"\x00"', "user:\ud800", "text:\x00*", "$1", "%(x)s", "{0}",
    "\x00*", "\x00~", "${jndi:x}", "order:random:\x00",
]  # fmt: skip


@pytest.mark.parametrize("text", STRANGE)
def test_strange_characters_give_results_or_a_message(text: str) -> None:
    user = make_user()
    photo = make_photo(user)
    page = search(user, text)
    assert set(ids(page)) <= {photo.pk}
    assert ids(page) or page.warnings or page.understood


def test_letters_of_rating_are_tags_of_other_galleries() -> None:
    user = make_user()
    safe = photo_with(user, tags=["rating:safe"])
    assert Tag.objects.filter(name="rating:safe").exists()
    assert ids(search(user, "rating:s")) == [safe.pk]
    add_tags(photos=[safe], names=["other"])
    assert ids(search(user, "-rating:s")) == []
