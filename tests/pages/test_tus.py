"""The tus protocol at /uploads/, status by status."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from gallery.models import ApiTokenScope, PartialUpload, Photo, Role, User
from gallery.trash import trash_photos
from tests.factories import make_user, unique_jpeg, upload
from tests.tus import BYTES, VERSION, TusClient, code, content_of, large_jpeg, leftovers, metadata

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db


# --- what the server can --------------------------------------------------------------------------------------


def test_anyone_may_ask_what_the_server_can() -> None:
    answer = Client().options("/uploads/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(settings.MAX_UPLOAD_BYTES)
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    extensions = answer.headers["Tus-Extension"].split(",")
    assert set(extensions) == {"creation", "creation-with-upload", "expiration", "checksum", "termination"}


@pytest.mark.parametrize("version", ["", "0.2.2", "2.0.0"])
def test_another_version_is_refused_with_ours(tus: TusClient, version: str) -> None:
    answer = tus.call("POST", "/uploads/", Upload_Length="10", Tus_Resumable=version)
    assert code(answer) == (412, "wrong-version")
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert not PartialUpload.objects.exists()


def test_other_methods_are_named(tus: TusClient) -> None:
    answer = tus.call("PUT", "/uploads/", b"x")
    assert code(answer) == (405, "wrong-method")
    assert "POST" in answer.headers["Allow"]


# --- who may ----------------------------------------------------------------------------------------------------


def test_strangers_viewers_and_other_scopes_may_not(person: User) -> None:
    viewer = make_user(role=Role.VIEWER)
    assert code(TusClient().create(10)) == (401, "not-logged-in")
    assert code(TusClient(viewer).create(10)) == (403, "role-too-weak")
    assert code(TusClient(person, [ApiTokenScope.READ]).create(10)) == (403, "scope-missing")
    wrong = TusClient()
    wrong.headers["Authorization"] = "Bearer lk_wrong"
    assert code(wrong.create(10)) == (401, "not-logged-in")


def test_a_session_needs_its_csrf_token(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    headers = {**VERSION, "Upload-Length": "10"}
    assert code(client.generic("POST", "/uploads/", headers=headers)) == (403, "csrf")

    client.get("/upload")
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    answer = client.generic("POST", "/uploads/", headers={**headers, "X-CSRFToken": token})
    assert answer.status_code == 201
    assert client.delete(answer.headers["Location"], headers=VERSION).status_code == 403


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_uploads_of_others_are_not_there(tus: TusClient, method: str) -> None:
    url = tus.begin(10)
    for other in (TusClient(make_user()), TusClient(make_user(role=Role.ADMIN))):
        answer = other.call(method, url, b"\xff\xd8\xff", Upload_Offset="0")
        assert answer.status_code == 404
    assert tus.offset(url) == 0


def test_an_unknown_upload_is_not_there(tus: TusClient) -> None:
    assert tus.call("HEAD", f"/uploads/{uuid.uuid4()}").status_code == 404


# --- creation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", ["", "-1", "1.5", "a", "٣", "9" * 30])
def test_a_length_that_is_no_number_is_refused(tus: TusClient, length: str) -> None:
    assert code(tus.call("POST", "/uploads/", Upload_Length=length)) == (400, "bad-header")


def test_the_length_cannot_be_told_later(tus: TusClient) -> None:
    assert code(tus.call("POST", "/uploads/", Upload_Defer_Length="1")) == (400, "bad-header")


def test_a_file_above_the_limit_is_refused_before_it_is_sent(tus: TusClient, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1_000_000
    assert code(tus.create(1_000_001)) == (413, "too-large")
    assert tus.create(1_000_000).status_code == 201


def test_an_empty_file_is_refused(tus: TusClient) -> None:
    assert code(tus.create(0)) == (415, "unsupported-file")


def test_a_file_that_the_disk_has_no_room_for_is_refused_before_it_is_sent(
    tus: TusClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.resumable.has_room_for", lambda size: size < 1000)
    assert code(tus.create(1000)) == (507, "storage-full")
    assert tus.create(999).status_code == 201


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("filename ???", 400),
        ("filename /w==", 400),  # no UTF-8
        (metadata(filename="a\0b"), 400),
        (metadata(sha256="abc"), 422),
        (metadata(on_duplicate="whatever"), 422),
        (metadata(visibility="everyone"), 422),
        (metadata(album="a" * 256), 422),
        (metadata(tags="a,\u0001"), 422),
    ],
)
def test_metadata_that_cannot_be_meant_is_refused(tus: TusClient, given: str, status: int) -> None:
    answer = tus.call("POST", "/uploads/", Upload_Length="10", Upload_Metadata=given)
    assert answer.status_code == status
    assert not PartialUpload.objects.exists()


def test_a_body_of_another_type_is_refused(tus: TusClient) -> None:
    url = tus.begin(10)
    for method, address in (("POST", "/uploads/"), ("PATCH", url)):
        headers = {**tus.headers, "Upload-Length": "10", "Upload-Offset": "0"}
        answer = tus.client.generic(method, address, b"x", content_type="text/plain", headers=headers)
        assert code(answer) == (415, "wrong-type")
    assert tus.offset(url) == 0


def test_bytes_of_unknown_number_are_refused(tus: TusClient) -> None:
    url = tus.begin(10)
    headers = {**tus.headers, "Upload-Offset": "0", "Transfer-Encoding": "chunked", "Content-Type": BYTES}
    answer = tus.client.generic("PATCH", url, b"", content_type=BYTES, headers=headers)
    assert code(answer) == (411, "no-length")


# --- sending ----------------------------------------------------------------------------------------------------


def test_a_file_in_three_parts_becomes_a_photo(tus: TusClient, person: User) -> None:
    content = large_jpeg()
    url = tus.begin(
        len(content), filename="IMG_1.jpg", tags="sea, boat", album="Holiday", visibility="private"
    )
    for start, end in ((0, 5000), (5000, 9000)):
        answer = tus.send(url, start, content[start:end])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
        assert "Upload-Expires" in answer.headers
        assert tus.offset(url) == end
    last = tus.send(url, 9000, content[9000:])

    photo = Photo.objects.get()
    assert last.status_code == 204
    assert last.headers["Upload-Photo"] == str(photo.pk)
    assert last.headers["Upload-Outcome"] == "created"
    assert content_of(photo) == content
    assert (photo.owner, photo.file_name, photo.visibility) == (person, "IMG_1.jpg", "private")
    assert set(photo.photo_tags.values_list("tag__name", flat=True)) == {"sea", "boat"}
    assert photo.albums.get().name == "Holiday"
    assert leftovers() == []


def test_who_accepts_json_gets_the_photo_as_the_plain_upload_answers(tus: TusClient) -> None:
    content = unique_jpeg()
    plain = tus.client.post(
        "/api/v1/photos",
        {"file": SimpleUploadedFile("photo.jpg", content)},
        headers=tus.headers,
    ).json()
    url = tus.begin(len(content))
    answer = tus.send(url, 0, content, Accept="application/json")

    assert answer.status_code == 200
    assert set(answer.json()) == set(plain)
    assert answer.json()["duplicate_of"] == plain["id"]
    assert answer.json()["reason"] == "identical-bytes"


def test_a_small_file_goes_with_its_creation(tus: TusClient) -> None:
    content = unique_jpeg()
    answer = tus.create(len(content), content)

    assert answer.status_code == 201
    assert answer.headers["Upload-Offset"] == str(len(content))
    assert content_of(Photo.objects.get(pk=answer.headers["Upload-Photo"])) == content
    assert tus.offset(answer.headers["Location"]) == len(content)


def test_the_first_bytes_can_go_with_the_creation(tus: TusClient) -> None:
    content = large_jpeg()
    answer = tus.create(len(content), content[:4500])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "4500")
    assert "Upload-Photo" not in answer.headers
    last = tus.send(answer.headers["Location"], 4500, content[4500:])
    assert content_of(Photo.objects.get(pk=last.headers["Upload-Photo"])) == content


def test_a_post_may_stand_for_another_method(tus: TusClient) -> None:
    content = unique_jpeg()
    url = tus.begin(len(content))
    answer = tus.call("POST", url, content, Upload_Offset="0", X_HTTP_Method_Override="PATCH")
    assert answer.status_code == 204
    assert Photo.objects.count() == 1
    assert tus.call("POST", url, X_HTTP_Method_Override="DELETE").status_code == 204
    assert tus.call("HEAD", url).status_code == 404


@pytest.mark.parametrize("offset", [0, 50, 101, 200])
def test_a_wrong_offset_changes_nothing(tus: TusClient, offset: int) -> None:
    content = unique_jpeg()
    url = tus.begin(len(content))
    tus.send(url, 0, content[:100])
    assert code(tus.send(url, offset, content[100:110])) == (409, "wrong-offset")
    assert tus.offset(url) == 100


def test_more_than_was_announced_is_refused(tus: TusClient) -> None:
    content = unique_jpeg()
    url = tus.begin(len(content))
    assert code(tus.send(url, 0, content + b"x")) == (413, "too-large")
    assert code(tus.create(5, b"\xff\xd8\xff\xe0\x00\x10")) == (413, "too-large")
    assert tus.offset(url) == 0
    assert PartialUpload.objects.count() == 1


# --- the end ----------------------------------------------------------------------------------------------------


def test_a_lost_last_answer_is_told_again(tus: TusClient) -> None:
    content = unique_jpeg()
    url = tus.begin(len(content))
    first = tus.send(url, 0, content)
    again = tus.call("HEAD", url)
    assert again.headers["Upload-Offset"] == again.headers["Upload-Length"] == str(len(content))
    assert again.headers["Upload-Photo"] == first.headers["Upload-Photo"]
    repeated = tus.send(url, len(content), b"", Accept="application/json")
    assert repeated.json()["id"] == int(first.headers["Upload-Photo"])
    assert code(tus.send(url, 0, content)) == (409, "wrong-offset")
    assert Photo.objects.count() == 1


def test_bytes_in_the_trash_come_back_where_that_is_asked_for(tus: TusClient, person: User) -> None:
    content = unique_jpeg()
    photo = upload(person, content).photo
    trash_photos(photos=[photo], by=person)
    assert tus.create(len(content), content).headers["Upload-Outcome"] == "in-trash"
    answer = tus.create(len(content), content, on_duplicate="keep")
    assert answer.headers["Upload-Outcome"] == "restored"
    assert answer.headers["Upload-Photo"] == str(photo.pk)


def test_a_removed_upload_is_gone_with_its_bytes(tus: TusClient) -> None:
    url = tus.begin(100)
    tus.send(url, 0, b"\xff\xd8\xff")
    assert tus.call("DELETE", url).status_code == 204
    assert tus.call("HEAD", url).status_code == 404
    assert code(tus.send(url, 3, b"x")) == (404, "not-found")
    assert leftovers() == []


def test_forgetting_a_finished_upload_keeps_the_photo(tus: TusClient) -> None:
    content = unique_jpeg()
    url = tus.create(len(content), content).headers["Location"]
    assert tus.call("DELETE", url).status_code == 204
    assert content_of(Photo.objects.get()) == content


def test_an_expired_upload_is_gone(tus: TusClient) -> None:
    url = tus.begin(100)
    PartialUpload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tus.call("HEAD", url).status_code == 410
    assert code(tus.send(url, 0, b"x")) == (410, "expired")


def test_an_upload_whose_bytes_are_lost_is_gone(tus: TusClient) -> None:
    url = tus.begin(100)
    for file in leftovers():
        file.unlink()
    assert tus.call("HEAD", url).status_code == 410
    assert tus.call("HEAD", url).status_code == 404


# --- the list ---------------------------------------------------------------------------------------------------


def test_unfinished_uploads_are_listed_for_their_owner_alone(tus: TusClient) -> None:
    digest = hashlib.sha256(b"a").hexdigest()
    url = tus.begin(100, filename="IMG_2.jpg", sha256=digest)
    tus.begin(200)
    content = unique_jpeg()
    tus.create(len(content), content)

    found = tus.call("GET", f"/uploads/?sha256={digest}").json()["uploads"]
    assert [(each["url"], each["file_name"], each["length"]) for each in found] == [(url, "IMG_2.jpg", 100)]
    assert len(tus.call("GET", "/uploads/").json()["uploads"]) == 2
    assert TusClient(make_user()).call("GET", "/uploads/").json()["uploads"] == []
