"""Uploads in parts when something goes wrong: no picture, no room, no store, a silent sender, other bytes."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest

from gallery.api.tus import SENDER_SILENT_S
from gallery.models import PartialUpload, Photo
from gallery.partial_files import locked_partial_file
from gallery.storage import StorageAway
from tests.factories import unique_jpeg
from tests.tus import BYTES, TusClient, checksum, code, content_of, large_jpeg, leftovers

pytestmark = pytest.mark.django_db


def test_a_second_writer_is_told_to_wait(tus: TusClient) -> None:
    content = unique_jpeg()
    url = tus.begin(len(content))
    with locked_partial_file(PartialUpload.objects.get().pk):
        answer = tus.send(url, 0, content)
        assert code(answer) == (423, "busy")
        assert answer.headers["Retry-After"] == "1"
    assert tus.send(url, 0, content).status_code == 204


@pytest.mark.parametrize("kind", ["PDF", "SVG"])
def test_what_is_no_picture_is_refused_with_its_first_bytes(tus: TusClient, kind: str) -> None:
    start = {"PDF": b"%PDF-1.7 ", "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}[kind]
    url = tus.begin(1_000_000, filename="thing.jpg")
    assert tus.send(url, 0, start).status_code == 204  # too few to tell
    answer = tus.send(url, len(start), b" " * 5000)
    assert code(answer) == (415, "unsupported-file")
    assert kind in answer.json()["detail"]
    assert tus.call("HEAD", url).status_code == 404
    assert leftovers() == []


def test_a_small_file_that_is_no_picture_is_refused_at_its_end(tus: TusClient) -> None:
    assert code(tus.create(5, b"hello")) == (415, "unsupported-file")
    assert not PartialUpload.objects.exists()
    assert leftovers() == []


def test_a_full_disk_keeps_what_was_acknowledged(tus: TusClient, monkeypatch: pytest.MonkeyPatch) -> None:
    content = large_jpeg()
    url = tus.begin(len(content))
    tus.send(url, 0, content[:5000])
    with monkeypatch.context() as patch:
        patch.setattr("gallery.partial_files.has_room_for", lambda size: False)
        assert code(tus.send(url, 5000, content[5000:])) == (507, "storage-full")
    assert tus.offset(url) == 5000
    assert tus.send(url, 5000, content[5000:]).status_code == 204
    assert content_of(Photo.objects.get()) == content


class BrokenBody(io.RawIOBase):
    """Brings some bytes, then the network is lost."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.parts = [content]

    def read(self, size: int = -1) -> bytes:
        if not self.parts:
            raise TimeoutError
        return self.parts.pop()


class Line:
    """The connection to a sender, as gunicorn hands it on: how long it was waited for."""

    def __init__(self) -> None:
        self.timeouts: list[float | None] = [None]

    def gettimeout(self) -> float | None:
        return self.timeouts[-1]

    def settimeout(self, seconds: float | None) -> None:
        self.timeouts.append(seconds)


def test_a_sender_that_falls_silent_is_given_up_and_loses_nothing(tus: TusClient) -> None:
    content, line = large_jpeg(), Line()
    url = tus.begin(len(content))
    headers = {
        **tus.headers,
        "Upload-Offset": "0",
        "Content-Type": BYTES,
        "Content-Length": str(len(content)),
    }
    extra: dict[str, Any] = {"wsgi.input": BrokenBody(content[:5000]), "gunicorn.socket": line}
    answer = tus.client.generic("PATCH", url, headers=headers, **extra)

    assert answer.headers["Upload-Offset"] == "5000"
    assert line.timeouts == [None, SENDER_SILENT_S, None]
    assert tus.send(url, 5000, content[5000:]).status_code == 204
    assert content_of(Photo.objects.get()) == content


def test_a_store_that_is_away_costs_no_second_sending(
    tus: TusClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StorageAway("The store does not answer.")

    content = unique_jpeg()
    url = tus.begin(len(content))
    with monkeypatch.context() as patch:
        patch.setattr("gallery.intake.put_original", away)
        assert code(tus.send(url, 0, content)) == (503, "storage-away")
    answer = tus.call("HEAD", url)
    assert content_of(Photo.objects.get(pk=answer.headers["Upload-Photo"])) == content


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_with_their_checksum_are_taken(tus: TusClient, algorithm: str) -> None:
    content = large_jpeg()
    url = tus.begin(len(content))
    assert (
        tus.send(url, 0, content[:5000], Upload_Checksum=checksum(content[:5000], algorithm)).status_code
        == 204
    )
    last = tus.send(url, 5000, content[5000:], Upload_Checksum=checksum(content[5000:], algorithm))
    assert last.status_code == 204
    assert content_of(Photo.objects.get()) == content


def test_bytes_with_another_checksum_are_not_kept(tus: TusClient) -> None:
    content = large_jpeg()
    url = tus.begin(len(content))
    tus.send(url, 0, content[:5000])
    answer = tus.send(url, 5000, content[5000:], Upload_Checksum=checksum(b"other"))
    assert code(answer) == (460, "checksum-mismatch")
    assert tus.offset(url) == 5000
    assert tus.send(url, 5000, content[5000:]).status_code == 204
    assert content_of(Photo.objects.get()) == content


def test_a_creation_with_another_checksum_leaves_nothing(tus: TusClient) -> None:
    content = unique_jpeg()
    tus.headers["Upload-Checksum"] = checksum(b"other")
    assert code(tus.create(len(content), content)) == (460, "checksum-mismatch")
    assert not PartialUpload.objects.exists()
    assert leftovers() == []


@pytest.mark.parametrize("given", ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1 ???", "sha1 AAAA", "sha1"])
def test_a_checksum_that_cannot_be_checked_is_refused(tus: TusClient, given: str) -> None:
    url = tus.begin(10)
    assert tus.send(url, 0, b"\xff\xd8", Upload_Checksum=given).status_code == 400
    assert tus.offset(url) == 0


def test_a_file_with_the_announced_sha256_is_taken(tus: TusClient) -> None:
    content = unique_jpeg()
    url = tus.begin(len(content), sha256=hashlib.sha256(content).hexdigest().upper())
    assert tus.send(url, 0, content).status_code == 204


def test_a_file_with_another_sha256_than_announced_is_removed(tus: TusClient) -> None:
    content = unique_jpeg()
    url = tus.begin(len(content), sha256=hashlib.sha256(b"other").hexdigest())
    assert code(tus.send(url, 0, content)) == (460, "sha256-mismatch")
    assert tus.call("HEAD", url).status_code == 404
    assert not Photo.objects.exists()
    assert leftovers() == []
