"""Uploads in parts: what was acknowledged stays, and the end makes exactly one photo."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.utils import timezone

from gallery.incoming import STALE_SECONDS, remove_stale_uploads
from gallery.intake import UploadOptions
from gallery.models import PartialUpload, Photo, User
from gallery.originals import open_original
from gallery.partial_files import UploadBusy, create_partial_file, locked_partial_file, partial_path
from gallery.resumable import (
    Checksum,
    ChecksumMismatch,
    NoSuchUpload,
    UploadExpired,
    WrongOffset,
    append_bytes,
    begin_upload,
    finish_upload,
    forget_upload,
    offset_of,
    remove_expired_uploads,
)
from gallery.storage import StorageAway, StorageFull, sha256_of
from gallery.tasks import sweep
from tests.factories import make_user, unique_jpeg
from tests.pictures import jpeg_bytes, noise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django import Settings

CONTENT = jpeg_bytes(noise(5, (200, 200)))
HALF = len(CONTENT) // 2


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def begin(owner: User, content: bytes = CONTENT, **options: Any) -> PartialUpload:
    return begin_upload(owner=owner, name="photo.jpg", length=len(content), options=UploadOptions(**options))


def send(partial: PartialUpload, offset: int, *blocks: bytes, checksum: Checksum | None = None) -> int:
    return append_bytes(partial=partial, offset=offset, blocks=blocks, checksum=checksum)


def complete(owner: User, content: bytes = CONTENT) -> PartialUpload:
    """An upload whose bytes are all here, and which is not finished."""
    partial = begin(owner, content)
    send(partial, 0, content)
    return partial


def content_of(photo: Photo | None) -> bytes:
    assert photo is not None
    with open_original(photo.stored_sha256) as file:
        return bytes(file.read())


@pytest.mark.django_db
def test_the_bytes_become_a_photo_with_its_options() -> None:
    partial = begin(make_user(), tags=["sea"], album="Holiday", keep_duplicates=True, visibility="private")
    assert send(partial, 0, CONTENT[:HALF]) == HALF
    assert send(partial, HALF, CONTENT[HALF:-5], CONTENT[-5:]) == len(CONTENT)
    photo = finish_upload(partial).photo

    assert content_of(photo) == CONTENT
    assert photo is not None
    assert (photo.visibility, photo.report_duplicates) == ("private", False)
    assert photo.albums.get().name == "Holiday"
    assert not partial_path(partial.pk).exists()


@pytest.mark.django_db
def test_a_sender_that_breaks_off_loses_nothing_that_arrived() -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT[:1000]
        raise ConnectionResetError

    partial = begin(make_user())
    with pytest.raises(ConnectionResetError):
        append_bytes(partial=partial, offset=0, blocks=broken())
    assert offset_of(partial) == 1000


@pytest.mark.django_db
def test_a_file_that_is_not_whole_is_not_taken() -> None:
    partial = begin(make_user())
    send(partial, 0, CONTENT[:HALF])
    with pytest.raises(WrongOffset):
        finish_upload(partial)
    assert not Photo.objects.exists()


@pytest.mark.django_db
def test_a_disk_that_fills_up_in_the_middle_of_a_block_keeps_what_fitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short_write(descriptor: int, block: bytes) -> None:
        os.write(descriptor, block[:700])
        raise StorageFull("The disk is full.")

    partial = begin(make_user())
    with monkeypatch.context() as patch, pytest.raises(StorageFull):
        patch.setattr("gallery.partial_files.write_all", short_write)
        send(partial, 0, CONTENT)
    assert offset_of(partial) == 700
    send(partial, 700, CONTENT[700:])
    assert content_of(finish_upload(partial).photo) == CONTENT


# --- checksums ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_bytes_that_a_killed_process_had_not_checked_do_not_count() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"wrong bytes"
        seen.append(offset_of(PartialUpload.objects.get(pk=partial.pk)))

    seen: list[int] = []
    partial = begin(make_user())
    send(partial, 0, CONTENT[:HALF])
    empty = Checksum("sha1", hashlib.sha1(b"").digest())  # noqa: S324  the protocol has it
    with pytest.raises(ChecksumMismatch):
        append_bytes(partial=partial, offset=HALF, blocks=blocks(), checksum=empty)
    assert seen == [HALF]

    # What a kill in the middle leaves behind.
    with partial_path(partial.pk).open("ab") as file:
        file.write(b"unchecked")
    PartialUpload.objects.update(certain_until=HALF)
    partial.refresh_from_db()
    assert offset_of(partial) == HALF
    send(partial, HALF, CONTENT[HALF:])
    assert content_of(finish_upload(partial).photo) == CONTENT


# --- the end --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("place", "file_stays"),
    [("gallery.intake.put_original", True), ("gallery.intake.pipeline.owe_stage", False)],
)
def test_a_process_killed_during_intake_is_made_up_for_by_the_next_request(
    monkeypatch: pytest.MonkeyPatch, place: str, file_stays: bool
) -> None:
    def kill(*_: object) -> None:
        raise Killed

    content = unique_jpeg()  # which the store does not have from another test
    partial = complete(make_user(), content)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(place, kill)
        finish_upload(partial)
    assert not Photo.objects.exists()
    assert partial_path(partial.pk).exists() is file_stays

    again = PartialUpload.objects.get(pk=partial.pk)
    assert offset_of(again) == len(content)
    assert content_of(finish_upload(again).photo) == content
    assert Photo.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_after_intake_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(*_: object, **__: object) -> None:
        raise Killed

    partial = complete(make_user())
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("pathlib.Path.unlink", kill)
        finish_upload(partial)
    photo = Photo.objects.get()
    again = PartialUpload.objects.get(pk=partial.pk)
    assert again.photo == photo
    assert finish_upload(again).photo == photo
    assert Photo.objects.count() == 1


@pytest.mark.django_db
def test_the_file_is_hashed_once_however_often_the_end_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def hash_and_count(path: Path) -> str:
        hashed.append(path)
        return sha256_of(path)

    def full(*_: object) -> None:
        raise StorageFull("The disk is full.")

    hashed: list[Path] = []
    monkeypatch.setattr("gallery.partial_files.sha256_of", hash_and_count)
    monkeypatch.setattr("gallery.intake.put_original", full)
    partial = complete(make_user())
    for _ in range(3):
        with pytest.raises(StorageFull):
            finish_upload(partial)
    assert len(hashed) == 1


@pytest.mark.django_db
def test_a_removed_upload_cannot_be_finished() -> None:
    partial = complete(make_user())
    forget_upload(PartialUpload.objects.get(pk=partial.pk))
    with pytest.raises(NoSuchUpload):
        finish_upload(partial)
    with pytest.raises(NoSuchUpload):
        send(partial, len(CONTENT))
    assert not Photo.objects.exists()


@pytest.mark.django_db
def test_an_original_that_is_gone_too_has_to_be_sent_anew() -> None:
    partial = complete(make_user())
    PartialUpload.objects.update(sha256="0" * 64)
    partial_path(partial.pk).unlink()
    partial.refresh_from_db()
    with pytest.raises(UploadExpired):
        finish_upload(partial)
    assert not PartialUpload.objects.exists()


# --- at the same time -----------------------------------------------------------------------------------------


def at_once(number: int, work: Any) -> list[Any]:
    """Run `work(index)` in threads that start together; what each returned or raised."""
    barrier = threading.Barrier(number)

    def run(index: int) -> Any:
        try:
            barrier.wait(10)
            return work(index)
        except (WrongOffset, UploadBusy) as error:
            return type(error)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.mark.django_db(transaction=True)
def test_four_uploads_of_one_content_that_end_at_once_make_one_photo() -> None:
    owner = make_user()
    partials = [complete(owner) for _ in range(4)]
    photos = at_once(4, lambda index: finish_upload(partials[index]).photo_id)
    assert len(set(photos)) == 1
    assert Photo.objects.count() == 1
    assert sorted(PartialUpload.objects.values_list("outcome", flat=True))[:2] == [
        "created",
        "identical-bytes",
    ]


@pytest.mark.django_db(transaction=True)
def test_of_two_senders_at_one_offset_one_wins() -> None:
    partial = begin(make_user())
    copies = [PartialUpload.objects.get(pk=partial.pk) for _ in range(2)]
    outcomes = at_once(2, lambda index: send(copies[index], 0, CONTENT[:HALF]))
    assert outcomes.count(HALF) == 1
    assert set(outcomes) - {HALF} <= {WrongOffset, UploadBusy}
    assert offset_of(partial) == HALF


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_that_end_an_upload_none_doubles_it() -> None:
    partial = complete(make_user())
    copies = [PartialUpload.objects.get(pk=partial.pk) for _ in range(2)]
    outcomes = at_once(2, lambda index: finish_upload(copies[index]).photo_id)
    assert set(outcomes) - {UploadBusy} == {Photo.objects.get().pk}


# --- clearing up ----------------------------------------------------------------------------------------------


def expire(partial: PartialUpload) -> None:
    PartialUpload.objects.filter(pk=partial.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_the_sweep_removes_what_has_expired_and_nothing_else(settings: Settings, tmp_path: Path) -> None:
    settings.UPLOAD_TEMP_DIR = tmp_path
    alive, old = begin(make_user()), begin(make_user())
    for partial in (alive, old):
        send(partial, 0, CONTENT[:HALF])
        long_ago = time.time() - 2 * STALE_SECONDS
        os.utime(partial_path(partial.pk), (long_ago, long_ago))
    expire(old)
    sweep()
    assert list(PartialUpload.objects.all()) == [alive]
    assert partial_path(alive.pk).exists()
    assert not partial_path(old.pk).exists()
    assert remove_stale_uploads(older_than_seconds=0) == 0


@pytest.mark.django_db
def test_an_upload_that_is_being_written_is_not_removed() -> None:
    partial = begin(make_user())
    expire(partial)
    with locked_partial_file(partial.pk):
        assert remove_expired_uploads() == 0
    assert remove_expired_uploads() == 1


@pytest.mark.django_db
def test_nothing_is_removed_while_the_store_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> None:
        raise StorageAway("The volume is not mounted.")

    partial = begin(make_user())
    expire(partial)
    with monkeypatch.context() as patch:
        patch.setattr("gallery.resumable.locked_partial_file", away)
        assert remove_expired_uploads() == 0
    assert remove_expired_uploads() == 1


@pytest.mark.django_db
def test_new_bytes_give_new_time() -> None:
    partial = begin(make_user())
    expire(partial)
    send(partial, 0, CONTENT[:HALF])
    assert remove_expired_uploads() == 0


@pytest.mark.django_db
def test_a_finished_upload_is_forgotten_in_time_and_its_photo_stays() -> None:
    partial = complete(make_user(), unique_jpeg())
    photo = finish_upload(partial).photo
    expire(partial)
    assert remove_expired_uploads() == 1
    assert list(Photo.objects.all()) == [photo]


@pytest.mark.django_db
def test_a_file_without_a_row_is_removed_once_it_is_old() -> None:
    lost = PartialUpload().pk
    create_partial_file(lost)
    remove_expired_uploads()
    assert partial_path(lost).exists()
    long_ago = time.time() - STALE_SECONDS - 60
    os.utime(partial_path(lost), (long_ago, long_ago))
    remove_expired_uploads()
    assert not partial_path(lost).exists()
