"""Uploads and searches are counted by person, or by address; who sends too many is told when to come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from gallery import throttle
from gallery.heartbeat import redis_client
from gallery.models import Photo
from tests.api.client import ApiClient
from tests.factories import make_photo, make_user, unique_jpeg
from tests.tus import TusClient

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db

MINUTE = 29_000_000 * throttle.WINDOW_S
"""The first second of a minute."""


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time of the counts, seconds since 1970, in a list: it stands still, so that no test sees a minute end."""
    now = [MINUTE + 18]
    monkeypatch.setattr(throttle, "now_s", lambda: now[0])
    return now


def stranger(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def searches(client: Client, times: int) -> list[int]:
    return [client.get("/search", {"q": "sea"}).status_code for _ in range(times)]


def test_the_file_beyond_the_limit_is_not_taken_and_told_when_to_come_back(settings: Settings) -> None:
    settings.UPLOADS_PER_MINUTE = 2
    api = ApiClient(make_user())

    answers = [api.upload(unique_jpeg()) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].headers["Retry-After"] == "42"
    assert answers[2].json() == {
        "detail": "Too many requests within a minute. Try again in 42 seconds.",
        "code": "throttled",
    }
    assert Photo.objects.count() == 2


def test_the_next_minute_counts_anew(settings: Settings, clock: list[int]) -> None:
    settings.UPLOADS_PER_MINUTE = 1
    api = ApiClient(make_user())
    assert [api.upload(unique_jpeg()).status_code for _ in range(2)] == [201, 429]

    clock[0] = MINUTE + throttle.WINDOW_S

    assert api.upload(unique_jpeg()).status_code == 201


def test_uploads_in_parts_count_when_they_are_begun_and_not_their_parts(settings: Settings) -> None:
    settings.UPLOADS_PER_MINUTE = 2
    person = make_user()
    tus, content = TusClient(person), unique_jpeg()
    url = tus.begin(len(content))
    assert ApiClient(person).upload(unique_jpeg()).status_code == 201

    refused = tus.create(len(content))

    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert (refused.headers["Retry-After"], refused.headers["Tus-Resumable"]) == ("42", "1.0.0")
    assert tus.send(url, 0, content[:50]).status_code == 204
    assert tus.send(url, 50, content[50:]).status_code == 204


def test_each_person_has_a_limit_of_their_own(settings: Settings) -> None:
    settings.UPLOADS_PER_MINUTE = 1
    for _ in range(2):
        api = ApiClient(make_user())
        assert [api.upload(unique_jpeg()).status_code for _ in range(2)] == [201, 429]


def test_zero_is_no_limit(settings: Settings) -> None:
    settings.UPLOADS_PER_MINUTE = settings.SEARCHES_PER_MINUTE = 0
    settings.PUBLIC_GALLERY = True
    api = ApiClient(make_user())

    assert {api.upload(unique_jpeg()).status_code for _ in range(3)} == {201}
    assert set(searches(stranger("192.0.2.1"), 3)) == {200}


def test_a_page_says_plainly_that_it_was_too_much(settings: Settings) -> None:
    settings.SEARCHES_PER_MINUTE = 1
    browser = Client()
    browser.force_login(make_user())
    browser.get("/search", {"q": "sea"})

    answer = browser.get("/search", {"q": "sea"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "42")
    assert "Try again in 42 seconds." in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/search", {"q": "sea"}),
        ("/grid/layout", {"q": "sea"}),
        ("/search/suggest", {"text": "s"}),
        ("/api/v1/photos", {"q": "sea"}),
        ("/api/v1/photos/{photo}/similar", {"by": "tags"}),
    ],
)
def test_every_way_to_search_counts(settings: Settings, path: str, query: dict[str, str]) -> None:
    settings.SEARCHES_PER_MINUTE = 2
    person = make_user()
    browser, place = Client(), path.format(photo=make_photo(person).pk)
    browser.force_login(person)

    assert [browser.get(place, query).status_code for _ in range(3)] == [200, 200, 429]


def test_the_ways_to_search_are_counted_together(settings: Settings) -> None:
    settings.SEARCHES_PER_MINUTE = 2
    browser = Client()
    browser.force_login(make_user())

    paths = ("/search", "/grid/layout", "/api/v1/photos")

    assert [browser.get(path, {"q": "sea"}).status_code for path in paths] == [200, 200, 429]


def test_looking_at_the_library_and_typing_use_up_no_searches(settings: Settings) -> None:
    settings.SEARCHES_PER_MINUTE = 1
    browser = Client()
    browser.force_login(make_user())
    for path in ("/", "/grid/layout", "/api/v1/photos", "/search", "/grid/layout", "/api/v1/photos"):
        assert browser.get(path).status_code == 200

    assert browser.get("/search/suggest", {"text": "s"}).status_code == 200
    assert searches(browser, 2) == [200, 429]


def test_searches_by_an_example_picture_get_a_fifth(settings: Settings) -> None:
    settings.SEARCHES_PER_MINUTE = 10
    api = ApiClient(make_user())

    answers = [api.upload(b"no picture", path="search/image").status_code for _ in range(3)]

    assert answers == [415, 415, 429]


def test_strangers_get_a_tenth_for_each_address(settings: Settings) -> None:
    settings.PUBLIC_GALLERY, settings.SEARCHES_PER_MINUTE = True, 20

    assert searches(stranger("192.0.2.1"), 3) == [200, 200, 429]
    assert searches(stranger("192.0.2.2"), 3) == [200, 200, 429]
    assert searches(stranger("2001:db8::1"), 2) == [200, 200]
    assert searches(stranger("2001:db8::2"), 1) == [429]
    assert searches(stranger("2001:db8:0:1::2"), 1) == [200]


def test_without_redis_searches_and_uploads_go_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.UPLOADS_PER_MINUTE = settings.SEARCHES_PER_MINUTE = 1
    person, browser = make_user(), Client()
    browser.force_login(person)
    api = ApiClient(person)
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    nobody = redis_client()
    monkeypatch.setattr(throttle, "client", lambda: nobody)
    pauses: list[float] = []
    monkeypatch.setattr("redis.retry.sleep", pauses.append)

    assert searches(browser, 2) == [200, 200]
    assert [api.upload(unique_jpeg()).status_code for _ in range(2)] == [201, 201]
    assert "searches are not counted" in caplog.text
    assert not pauses


def test_the_limits_let_a_script_upload_forty_files_a_second(settings: Settings) -> None:
    assert throttle.UPLOADS.per_minute(stranger=False) >= 40 * 60
    assert throttle.SEARCHES.per_minute(stranger=False) == 1_200
    assert throttle.EXAMPLES.per_minute(stranger=False) == 240
    assert throttle.SEARCHES.per_minute(stranger=True) == 120


def test_a_request_that_cannot_be_read_gets_a_page_of_ours(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    answer: Any = Client().post("/login", {"username": "a", "password": "b"})

    assert answer.status_code == 400
    assert "does not understand the request" in answer.content.decode()
