"""Bytes arrive; exactly one photo holds them afterwards."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from gallery.intake import Outcome, RefusedFile, clean_file_name
from gallery.models import Album, Job, Photo, PhotoTag, Role, Visibility
from gallery.originals import open_original
from gallery.tags import BadTag
from gallery.trash import trash_photos
from gallery.uploads import FileTooLarge
from tests.factories import make_user, plain_jpeg, unique_jpeg, upload


def incoming_files() -> list[Path]:
    folder = Path(settings.UPLOAD_TEMP_DIR)
    return list(folder.iterdir()) if folder.is_dir() else []


@pytest.mark.django_db
def test_an_upload_is_stored_under_its_digest_and_owed_its_first_stage() -> None:
    content = unique_jpeg()
    accepted = upload(make_user(), content, "holiday.jpg")

    photo = accepted.photo
    assert accepted.outcome is Outcome.CREATED
    assert photo.upload_sha256 == hashlib.sha256(content).hexdigest()
    with open_original(photo.stored_sha256) as original:
        assert original.read() == content
    assert (photo.file_name, photo.media_type, photo.file_size) == ("holiday.jpg", "image/jpeg", len(content))
    assert Job.objects.get(photo=photo).stage == "analyse"
    assert incoming_files() == []


@pytest.mark.django_db
def test_the_same_bytes_are_never_doubled() -> None:
    owner, content = make_user(), unique_jpeg()
    first = upload(owner, content)
    second = upload(owner, content, keep_duplicates=True)

    assert second.outcome is Outcome.IDENTICAL
    assert second.photo == first.photo


@pytest.mark.django_db
def test_bytes_that_another_person_shares_are_answered_with_their_photo() -> None:
    content = unique_jpeg()
    first = upload(make_user(), content)

    assert upload(make_user(), content).photo == first.photo


@pytest.mark.django_db
def test_private_bytes_of_another_person_are_not_spoken_of() -> None:
    content = unique_jpeg()
    hidden = upload(make_user(), content, visibility=Visibility.PRIVATE)
    mine = upload(make_user(), content)

    assert mine.outcome is Outcome.CREATED
    assert mine.photo != hidden.photo
    assert mine.photo.stored_sha256 == hidden.photo.stored_sha256


@pytest.mark.django_db
def test_bytes_in_the_trash_are_reported_and_come_back_on_request() -> None:
    owner, content = make_user(), unique_jpeg()
    photo = upload(owner, content).photo
    trash_photos(photos=[photo], by=owner)

    assert upload(owner, content).outcome is Outcome.IN_TRASH
    back = upload(owner, content, keep_duplicates=True)
    assert (back.outcome, back.photo.pk) == (Outcome.RESTORED, photo.pk)
    assert Photo.objects.live().filter(pk=photo.pk).exists()


@pytest.mark.django_db
def test_tags_and_album_are_given_on_arrival() -> None:
    photo = upload(make_user(), tags=["Blue Sky", "blue_sky", "sea"], album="Summer").photo

    assert sorted(PhotoTag.objects.filter(photo=photo).values_list("tag__name", flat=True)) == [
        "blue_sky",
        "sea",
    ]
    assert Album.objects.get(name="Summer").photos.get() == photo


@pytest.mark.django_db
def test_a_bad_tag_refuses_the_upload() -> None:
    with pytest.raises(BadTag):
        upload(make_user(), tags=["\x00"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%PDF-1.7", "PDF"),
        (b"hello", "text"),
    ],
)
def test_what_is_no_picture_is_refused_by_name_and_nothing_is_kept(content: bytes, word: str) -> None:
    with pytest.raises(RefusedFile, match=rf"(?i)thing\.jpg.*{word}"):
        upload(make_user(), content, "thing.jpg")

    assert not Photo.objects.exists()
    assert incoming_files() == []


@pytest.mark.django_db
def test_a_file_above_the_limit_is_refused(settings: object) -> None:
    settings.MAX_UPLOAD_BYTES = 100  # type: ignore[attr-defined]
    with pytest.raises(FileTooLarge):
        upload(make_user(), plain_jpeg(size=(300, 300)))

    assert not Photo.objects.exists()
    assert incoming_files() == []


@pytest.mark.django_db
def test_a_request_that_breaks_off_after_a_whole_file_leaves_nothing() -> None:
    disposition = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
    whole = disposition + b"\r\n" + plain_jpeg() + b"\r\n"
    broken = disposition + b"Content-Transfer-Encoding: base64\r\n\r\nA\r\n--B--\r\n"

    answer = Client().post("/login", whole + broken, content_type="multipart/form-data; boundary=B")

    assert answer.status_code == 400
    assert incoming_files() == []


@pytest.mark.django_db(transaction=True)
def test_four_uploads_of_one_file_at_once_make_one_photo() -> None:
    owner, content = make_user(role=Role.UPLOADER), unique_jpeg()

    def send(_: int) -> int:
        try:
            return upload(owner, content).photo.pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(send, range(4)))

    assert len(ids) == 1
    assert Photo.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "shown"),
    [("a/b/c.jpg", "c.jpg"), ("..\\..\\x.png", "x.png"), ("na\x00me\n.gif", "name.gif"), ("/", "unnamed")],
)
def test_names_are_data_without_paths(given: str, shown: str) -> None:
    assert clean_file_name(given) == shown
