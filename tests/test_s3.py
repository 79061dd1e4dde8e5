"""Photos in an S3-compatible store, over HTTP against a real server."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from pytest_django import Settings

from gallery import pipeline
from gallery.health import check_storage
from gallery.models import Photo, Role
from gallery.originals import local_original, original_name
from gallery.s3 import S3Store
from gallery.storage import BrokenWrite, StorageAway
from gallery.storage_url import storages_for
from gallery.trash import purge_photo, trash_photos
from tests.api.client import ApiClient
from tests.factories import make_user, plain_jpeg, upload
from tests.live import free_port
from tests.s3_server import KEYS, S3Server, running_s3_server

BYTES = b"bytes of a photo" * 1000
SHA256 = hashlib.sha256(BYTES).hexdigest()
NAME = original_name(SHA256)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        yield running


@pytest.fixture
def s3(server: S3Server, settings: Settings, tmp_path: Path) -> S3Server:
    """The server with an empty bucket, and the site set to it."""
    server.empty()
    use_store(settings, server.storage_url)
    return server


def use_store(settings: Settings, url: str) -> None:
    found = storages_for(url, data=Path("/nowhere"), access_key=KEYS[0], secret_key=KEYS[1])
    settings.STORAGES = {**settings.STORAGES, **found}


@pytest.fixture
def store(s3: S3Server) -> S3Store:
    """The store of originals."""
    found = storages["originals"]
    assert isinstance(found, S3Store)
    return found


@pytest.fixture
def received(tmp_path: Path) -> Path:
    """A received file with the content BYTES."""
    path = tmp_path / "received"
    path.write_bytes(BYTES)
    return path


@pytest.mark.django_db
def test_a_photo_goes_its_whole_way_through_the_store(s3: S3Server) -> None:
    anna = make_user("anna")
    content = plain_jpeg(size=(800, 600))
    photo_id = ApiClient(anna).upload(content, "beach.jpg").json()["id"]
    assert pipeline.run_batch(pipeline.stages()["analyse"]) == 1
    browser = Client()
    browser.force_login(anna)

    photo = Photo.objects.get(pk=photo_id)
    preview = browser.get(f"/media/previews/{photo_id}/320")
    download = browser.get(f"/media/originals/{photo_id}")
    assert (photo.state, photo.width, photo.height) == ("ready", 800, 600)
    assert preview.headers["Content-Type"] == photo.preview_media_type
    assert int(preview.headers["Content-Length"]) == len(preview.getvalue()) > 0
    assert download.getvalue() == content
    assert download.headers["Content-Length"] == str(len(content))
    assert download.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    digest = hashlib.sha256(content).hexdigest()
    assert f"library/originals/{original_name(digest)}" in s3.names()
    assert sum(name.startswith("library/previews/") for name in s3.names()) == len(photo.preview_sizes)


@pytest.mark.django_db
def test_a_purge_leaves_nothing_in_the_store(s3: S3Server) -> None:
    owner = make_user()
    photo = upload(owner).photo
    pipeline.run_batch(pipeline.stages()["analyse"])
    trash_photos(photos=[photo], by=owner)

    assert purge_photo(photo_id=photo.pk)
    assert s3.names() == []


@pytest.mark.django_db
def test_the_web_server_in_front_fetches_by_a_signed_address_after_the_access_check(
    s3: S3Server, settings: Settings
) -> None:
    settings.X_ACCEL_REDIRECT = True
    owner = make_user()
    photo = upload(owner, visibility="private").photo
    insider, outsider = Client(), Client()
    insider.force_login(owner)
    outsider.force_login(make_user(role=Role.UPLOADER))

    answer = insider.get(f"/media/originals/{photo.pk}")
    address = urlsplit(answer.headers["X-Accel-Redirect"])
    assert answer.content == b""
    endpoint = urlsplit(s3.endpoint)
    assert address.path.startswith(f"/internal/remote/http/{endpoint.netloc}/photos/library/originals/")
    assert "X-Amz-Signature=" in address.query
    assert outsider.get(f"/media/originals/{photo.pk}").status_code == 404


def test_what_is_taken_is_stored_as_received_and_named_by_its_digest(
    s3: S3Server, store: S3Store, received: Path
) -> None:
    store.take(received, NAME, SHA256)

    assert s3.read(f"library/originals/{NAME}") == BYTES
    with store.as_local_file(NAME) as path:
        assert path.read_bytes() == BYTES
    assert not path.exists()


def test_a_file_that_changed_since_it_was_received_is_not_kept(
    s3: S3Server, store: S3Store, received: Path
) -> None:
    received.write_bytes(b"rotten" + BYTES[6:])

    with pytest.raises(BrokenWrite):
        store.take(received, NAME, SHA256)
    assert s3.names() == []


def test_an_object_is_never_overwritten(s3: S3Server, store: S3Store, received: Path) -> None:
    s3.write(f"library/originals/{NAME}", b"was here first")

    with pytest.raises(BrokenWrite):
        store.take(received, NAME, SHA256)
    assert s3.read(f"library/originals/{NAME}") == b"was here first"


def test_taking_the_same_file_again_is_no_error(s3: S3Server, store: S3Store, received: Path) -> None:
    store.take(received, NAME, SHA256)
    store.take(received, NAME, SHA256)

    assert s3.read(f"library/originals/{NAME}") == BYTES


def test_a_preview_is_replaced_by_its_later_version(s3: S3Server) -> None:
    previews = storages["previews"]
    previews.save("name", ContentFile(b"first"))
    previews.save("name", ContentFile(b"second"))

    assert s3.read("library/previews/name") == b"second"


def test_a_missing_object_is_a_missing_file(store: S3Store) -> None:
    with pytest.raises(FileNotFoundError), local_original(SHA256):
        pass
    assert not store.exists(NAME)


@pytest.mark.django_db
def test_a_store_that_does_not_answer_is_told_and_nothing_is_accepted(settings: Settings) -> None:
    use_store(settings, f"s3://photos?endpoint=http://127.0.0.1:{free_port()}&region=eu-central-1")
    answer = ApiClient(make_user()).upload(plain_jpeg())

    assert answer.status_code == 503
    assert answer.json()["code"] == "storage-away"
    assert not Photo.objects.exists()
    assert not check_storage().ok
    assert pipeline.stages()["analyse"].unavailable()


def test_a_missing_bucket_is_not_taken_for_an_empty_one(s3: S3Server, store: S3Store, received: Path) -> None:
    s3.remove_bucket()

    with pytest.raises(StorageAway, match="NoSuchBucket"):
        store.take(received, NAME, SHA256)
    assert "refuses" in store.problem()
