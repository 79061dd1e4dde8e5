"""The trash keeps photos until their time is over, and only then are bytes removed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from gallery.contentlock import lock_content
from gallery.models import Photo
from gallery.originals import open_original, original_name, originals_storage
from gallery.trash import CannotRestore, days_left, purge_due, purge_photo, restore_photos, trash_photos
from tests.factories import make_user, unique_jpeg, upload
from tests.live import PATIENCE_S, wait_until


def trash_long_ago(photo: Photo, days: int) -> None:
    Photo.objects.filter(pk=photo.pk).update(trashed_at=timezone.now() - timedelta(days=days))


@pytest.mark.django_db
def test_a_trashed_photo_is_hidden_and_comes_back() -> None:
    owner = make_user()
    photo = upload(owner).photo
    assert trash_photos(photos=[photo], by=owner) == [photo]
    assert not Photo.objects.visible_to(owner).exists()

    assert restore_photos(photos=[photo], by=owner) == [photo]
    assert Photo.objects.visible_to(owner).get() == photo


@pytest.mark.django_db
def test_trashing_twice_moves_it_once() -> None:
    photo = upload(make_user()).photo
    trash_photos(photos=[photo], by=None)

    assert trash_photos(photos=[photo], by=None) == []


@pytest.mark.django_db
def test_only_what_is_overdue_is_purged(settings: object) -> None:
    settings.TRASH_RETENTION_DAYS = 30  # type: ignore[attr-defined]
    old, young = upload(make_user()).photo, upload(make_user()).photo
    trash_photos(photos=[old, young], by=None)
    trash_long_ago(old, 31)
    trash_long_ago(young, 29)

    assert purge_due() == 1
    assert list(Photo.objects.all()) == [young]
    assert not originals_storage().exists(original_name(old.stored_sha256))


@pytest.mark.django_db
def test_days_left_counts_down(settings: object) -> None:
    settings.TRASH_RETENTION_DAYS = 30  # type: ignore[attr-defined]
    photo = upload(make_user()).photo
    trash_photos(photos=[photo], by=None)
    trash_long_ago(photo, 10)
    photo.refresh_from_db()

    assert days_left(photo) == 19


@pytest.mark.django_db
def test_bytes_that_another_photo_has_survive_a_purge() -> None:
    content = unique_jpeg()
    first = upload(make_user(), content, visibility="private").photo
    second = upload(make_user(), content, visibility="private").photo
    trash_photos(photos=[first], by=None)

    assert purge_photo(photo_id=first.pk)
    with open_original(second.stored_sha256) as file:
        assert file.read() == content


@pytest.mark.django_db
def test_a_live_photo_is_never_purged() -> None:
    photo = upload(make_user()).photo

    assert not purge_photo(photo_id=photo.pk)
    assert Photo.objects.filter(pk=photo.pk).exists()


@pytest.mark.django_db
def test_a_photo_whose_bytes_are_live_again_cannot_be_restored() -> None:
    owner, content = make_user(), unique_jpeg()
    trashed = upload(owner, content).photo
    trash_photos(photos=[trashed], by=owner)
    # Another member's copy is what the owner would be pointed to; only their own stands in the way.
    Photo.objects.filter(pk=trashed.pk).update(owner=make_user())
    twin = upload(owner, content).photo
    Photo.objects.filter(pk=trashed.pk).update(owner=owner)

    with pytest.raises(CannotRestore, match=f"photo {twin.pk}"):
        restore_photos(photos=[trashed], by=owner)


def someone_waits_for_a_content() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_what_an_upload_brings_back_at_the_same_moment_is_not_purged() -> None:
    owner = make_user()
    photo = upload(owner).photo
    trash_photos(photos=[photo], by=owner)

    def purge() -> bool:
        try:
            return purge_photo(photo_id=photo.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            lock_content(photo.upload_sha256)
            purged = thread.submit(purge)
            wait_until("the purge waits for the upload", someone_waits_for_a_content)
            restore_photos(photos=[photo], by=owner)
        assert purged.result(timeout=PATIENCE_S) is False

    with open_original(Photo.objects.live().get().stored_sha256) as file:
        assert file.read()
