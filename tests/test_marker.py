"""The mark that ties a store to its library: an unmounted volume is noticed, and nothing is done to it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from gallery import bootstrap, jobs, marker, pipeline
from gallery.health import check_storage
from gallery.marker import MARKER_NAME, WrongStore
from gallery.models import Photo, Role, SharedState
from gallery.preflight import PreflightError
from gallery.rolling_check import check_a_slice
from gallery.storage import StorageAway
from gallery.trash import purge_due, purge_now, trash_photos
from tests.api.client import ApiClient
from tests.factories import make_user, unique_jpeg, upload
from tests.marked import use_data_folder
from tests.s3_server import running_s3_server
from tests.test_s3 import use_store

pytestmark = pytest.mark.django_db


def unmount(data: Path) -> None:
    """Leave the empty folder on which the volume was mounted."""
    (data / "originals").rename(data / "elsewhere")
    (data / "originals").mkdir()


def mount(data: Path) -> None:
    (data / "originals").rmdir()
    (data / "elsewhere").rename(data / "originals")


def nothing_below(data: Path) -> bool:
    return list((data / "originals").iterdir()) == []


def test_the_first_start_marks_the_store_and_the_next_ones_leave_it(data: Path) -> None:
    first = (data / "originals" / MARKER_NAME).read_text()
    upload(make_user())
    marker.settle()

    assert first.strip() == marker.instance_id() != ""
    assert (data / "originals" / MARKER_NAME).read_text() == first


def test_a_start_without_the_volume_is_refused_with_what_to_do(data: Path) -> None:
    upload(make_user())
    unmount(data)

    with pytest.raises(PreflightError, match=r"likeness-instance.*is missing\. Is the volume not mounted\?"):
        bootstrap.prepare(with_static=False)
    assert nothing_below(data)


def test_a_start_with_the_store_of_another_library_is_refused(data: Path) -> None:
    upload(make_user())
    (data / "originals" / MARKER_NAME).write_text("another\n")

    with pytest.raises(WrongStore, match=r"belong to another library.*names another"):
        marker.settle()


def test_an_empty_library_takes_the_folder_that_it_is_given(data: Path, settings: Settings) -> None:
    use_data_folder(settings, data.parent / "fresh")

    upload(make_user())
    assert marker.marker_of(marker.originals_store()) == marker.instance_id()


def test_a_library_of_before_the_mark_is_marked_when_its_originals_are_there(data: Path) -> None:
    upload(make_user())
    SharedState.objects.all().delete()
    (data / "originals" / MARKER_NAME).unlink()
    marker.forget()
    marker.settle()
    assert (data / "originals" / MARKER_NAME).exists()

    SharedState.objects.all().delete()
    unmount(data)
    with pytest.raises(WrongStore):
        marker.settle()


@pytest.mark.django_db(transaction=True)
def test_an_administrator_may_say_that_the_store_is_the_right_one(data: Path) -> None:
    upload(make_user())
    (data / "originals" / MARKER_NAME).unlink()
    with pytest.raises(CommandError, match="--adopt-store"):
        call_command("prepare", "--keep-static")
    call_command("prepare", "--keep-static", "--adopt-store")
    assert (data / "originals" / MARKER_NAME).exists()

    unmount(data)
    with pytest.raises(WrongStore, match="is missing"):
        marker.settle(adopt=True)


def test_uploads_are_answered_503_and_nothing_is_written_beside_the_volume(data: Path) -> None:
    api = ApiClient(make_user())
    unmount(data)

    answer = api.upload(unique_jpeg())
    assert answer.status_code == 503
    assert answer.json()["code"] == "storage-away"
    assert "Is the volume not mounted?" in answer.json()["detail"]
    assert nothing_below(data)
    assert not Photo.objects.exists()

    mount(data)
    assert api.upload(unique_jpeg()).status_code == 201


def test_known_bytes_are_not_called_safe_while_the_store_is_away(data: Path) -> None:
    owner, content = make_user(), unique_jpeg()
    upload(owner, content)
    unmount(data)

    with pytest.raises(StorageAway):
        upload(owner, content)


def test_health_says_that_the_storage_is_not_there(data: Path) -> None:
    assert check_storage().ok
    unmount(data)

    part = check_storage()
    assert not part.ok
    assert "Is the volume not mounted?" in part.detail
    assert nothing_below(data)


def test_analysis_waits_instead_of_failing_photos(data: Path) -> None:
    photo = upload(make_user()).photo
    unmount(data)
    analyse = pipeline.stages()["analyse"]

    assert "not mounted" in analyse.unavailable()
    # The volume may vanish between the question and the work.
    analyse.run(jobs.claim(stage="analyse", limit=1))
    photo.refresh_from_db()
    (job,) = photo.jobs.all()
    assert (photo.state, job.failed_at, job.attempts, job.error) == ("processing", None, 0, "")

    mount(data)
    assert pipeline.run_batch(analyse) == 1
    photo.refresh_from_db()
    assert photo.state == "ready"


def test_the_trash_is_not_emptied_while_the_store_is_away(data: Path) -> None:
    admin = make_user(role=Role.ADMIN)
    photo = upload(admin).photo
    trash_photos(photos=[photo], by=admin)
    Photo.objects.update(trashed_at=timezone.now() - timedelta(days=99))
    unmount(data)

    assert purge_due() == 0
    with pytest.raises(StorageAway):
        purge_now(user=admin, photo_ids=None, count=1)
    browser = Client(raise_request_exception=False)
    browser.force_login(admin)
    assert browser.post("/trash/purge", {"all": "1", "count": "1"}).status_code == 503
    assert Photo.objects.filter(pk=photo.pk).exists()

    mount(data)
    assert purge_due() == 1


def test_the_rolling_check_says_nothing_about_a_store_that_is_away(data: Path) -> None:
    upload(make_user())
    Photo.objects.update(uploaded_at=timezone.now() - timedelta(days=99))
    unmount(data)

    assert check_a_slice() == 0
    assert not Photo.objects.filter(state="damaged").exists()


def test_a_bucket_is_marked_as_a_folder_is(data: Path, settings: Settings) -> None:
    with running_s3_server() as server:
        server.empty()
        use_store(settings, server.storage_url)
        marker.settle()
        upload(make_user())
        assert server.read(f"library/originals/{MARKER_NAME}").decode().strip() == marker.instance_id()

        server.empty()
        marker.forget()
        with pytest.raises(WrongStore, match="the bucket photos below library/originals"):
            upload(make_user())
