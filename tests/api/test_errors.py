"""Errors that no endpoint thinks of have the shape of all errors: `{"detail", "code"}`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gallery.api import api as description
from gallery.models import Photo, Role
from tests.api.client import ApiClient
from tests.dedup.rows import grouped
from tests.factories import make_photo, make_user

if TYPE_CHECKING:
    from django.http import HttpResponse

pytestmark = pytest.mark.django_db

JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=limit"
BEYOND_BIGINT = 2**63
DEEP = "[" * 50_000 + "]" * 50_000


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(make_user(role=Role.ADMIN))


def send(api: ApiClient, method: str, path: str, body: str = "", media_type: str = JSON, **extra: Any) -> Any:
    return api.client.generic(
        method, f"/api/v1/{path}", body, content_type=media_type, headers=api.headers, **extra
    )


def code_of(answer: HttpResponse) -> str:
    """The code of an error, which has the one shape."""
    assert answer.headers["Content-Type"].startswith(JSON)
    body = json.loads(answer.content)
    assert set(body) == {"detail", "code"}
    assert body["detail"]
    return str(body["code"])


@pytest.mark.parametrize(
    "path", ["nothing", "photos/", "photos/-1", "photos/1/2/3", "photos/" + "9" * 5000, ""]
)
def test_an_address_that_is_not_there_answers_404_as_json(api: ApiClient, path: str) -> None:
    answer = send(api, "GET", path)

    assert (answer.status_code, code_of(answer)) == (404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE"])
def test_a_wrong_method_answers_405_and_names_the_right_ones(api: ApiClient, method: str) -> None:
    answer = send(api, method, "photos")

    assert (answer.status_code, code_of(answer)) == (405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize(
    "body", ["{", "\xff", '{"sha256": [' + DEEP + "]}", DEEP, "[]", "7", "true", "null", '"x"']
)
def test_a_body_that_is_no_json_object_answers_400(api: ApiClient, body: str) -> None:
    answer = send(api, "POST", "photos/check", body)

    assert (answer.status_code, code_of(answer)) == (400, "bad-request")


@pytest.mark.parametrize("body", ["false", "[1, 2]", "1", '"keep"', "null"])
def test_what_is_no_object_decides_nothing_where_a_body_may_be_left_out(api: ApiClient, body: str) -> None:
    group, _ = grouped(2)

    answer = send(api, "POST", f"duplicates/{group.pk}/dismiss", body)

    assert answer.status_code == 400
    group.refresh_from_db()
    assert group.status == "open"


def test_a_request_beyond_the_limit_answers_413(api: ApiClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = send(api, "POST", "photos/check", json.dumps({"sha256": ["0" * 64] * 20}))

    assert (answer.status_code, code_of(answer)) == (413, "too-large")


def test_a_form_with_too_many_fields_answers_400(api: ApiClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    answer = api.upload(b"", tags=["a", "b", "c"])

    assert (answer.status_code, code_of(answer)) == (400, "bad-request")


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("", "multipart/form-data"),
        ("--limit\r\nContent-Disposition: form-data", MULTIPART),
        ("no parts at all", MULTIPART),
        ("", "multipart/form-data; boundary=\u00fc"),
    ],
)
def test_a_broken_form_is_refused_and_leaves_nothing(api: ApiClient, body: str, media_type: str) -> None:
    answer = send(api, "POST", "photos", body, media_type)

    assert answer.status_code in (400, 422)
    assert code_of(answer) in ("bad-request", "invalid")
    assert not Photo.objects.exists()


@pytest.mark.parametrize("length", ["abc", "-5"])
def test_a_length_that_is_none_is_refused(api: ApiClient, length: str) -> None:
    answer = send(api, "POST", "photos", "x", MULTIPART, CONTENT_LENGTH=length)

    assert answer.status_code in (400, 422)
    assert code_of(answer) in ("bad-request", "invalid")


@pytest.mark.parametrize("path", ["photos", "tags", "duplicates", "trash"])
def test_a_cursor_that_no_list_gave_out_is_refused_or_empty(api: ApiClient, path: str) -> None:
    for cursor in ("garbage~", "~", "1~x", "nan~1", "inf~1", f"1~{BEYOND_BIGINT}", "\0"):
        answer = api.get(path, cursor=cursor)

        assert answer.status_code in (200, 400, 422), cursor
        if answer.status_code != 200:
            assert code_of(answer) in ("bad-cursor", "invalid")


def test_ids_beyond_the_numbers_of_the_database_are_no_accident(api: ApiClient) -> None:
    group, _ = grouped(2)
    too_large = [BEYOND_BIGINT]
    decision = {"keep": too_large, "trash": too_large, "version": BEYOND_BIGINT}

    assert send(api, "GET", f"photos/{BEYOND_BIGINT}").status_code == 404
    assert send(api, "GET", f"albums/{BEYOND_BIGINT}").status_code == 404
    assert send(api, "POST", f"resolutions/{BEYOND_BIGINT}/undo").status_code == 404
    for path, body in (
        (f"duplicates/{group.pk}/resolve", decision),
        (f"duplicates/{group.pk}/dismiss", {"photos": too_large}),
        ("stacks", {"photos": [BEYOND_BIGINT, 1]}),
        ("trash/purge", {"photos": too_large, "count": 1}),
    ):
        answer = send(api, "POST", path, json.dumps(body))
        assert (answer.status_code, code_of(answer)) == (422, "invalid"), path


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udfff"])
def test_text_that_cannot_be_stored_is_refused_everywhere(api: ApiClient, text: str) -> None:
    photo = make_photo()
    for method, path, body in (
        ("PATCH", f"photos/{photo.pk}", {"title": text}),
        ("PATCH", f"photos/{photo.pk}", {"description": text}),
        ("POST", "albums", {"name": text}),
        ("POST", "searches", {"name": text, "query": "sea"}),
        ("POST", "searches", {"name": "sea", "query": text}),
        ("POST", "tag-categories", {"name": text}),
        ("POST", "tokens", {"name": text, "scopes": ["read"]}),
    ):
        answer = send(api, method, path, json.dumps(body))
        assert answer.status_code == 422, (path, body)
        assert code_of(answer) == "invalid"


@pytest.mark.parametrize("path", ["openapi.json", "docs"])
def test_the_description_is_only_read(api: ApiClient, path: str) -> None:
    assert send(api, "GET", path).status_code == 200
    answer = send(api, "POST", path)

    assert (answer.status_code, code_of(answer)) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_the_description_is_built_once() -> None:
    assert description.get_openapi_schema() is description.get_openapi_schema()
