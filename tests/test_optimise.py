"""Stage "optimise": originals become smaller files, and nothing else changes for anybody."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from gallery import marker, optimise, pipeline
from gallery.fsck.run import Wanted, check_library
from gallery.intake import Outcome
from gallery.models import Job, OriginalCheck, Photo, PhotoState, Priority, Role, User
from gallery.optimise import WAITS_FOR_BACKUP, WAITS_FOR_OTHERS, OptimiseStage
from gallery.originals import open_original, original_name, originals_storage
from gallery.previews import open_preview, preview_name, previews_storage
from gallery.soundness import WRONG_HASH
from gallery.storage import sha256_of
from gallery.trash import BACKUP_LOCK, trash_photos
from tests.api.client import ApiClient
from tests.factories import make_user, upload
from tests.marked import use_data_folder
from tests.pictures import decoded, exif_bytes, jpeg_bytes, pixels, png_bytes, scene
from tests.s3_server import running_s3_server
from tests.test_s3 import use_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django import Settings

pytestmark = pytest.mark.django_db

CONTENT = jpeg_bytes(scene(5, (640, 480)), exif=exif_bytes(6, Model="Pinhole"))
UPLOADED = hashlib.sha256(CONTENT).hexdigest()


class Killed(BaseException):
    """What ends a process at a certain point."""


@pytest.fixture(autouse=True)
def switched_on(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A library of its own, with the stage."""
    use_data_folder(settings, tmp_path / "data")
    settings.STAGES = [*settings.STAGES, "gallery.optimise.OptimiseStage"]
    pipeline.stages.cache_clear()
    yield
    pipeline.stages.cache_clear()


@pytest.fixture
def anna() -> User:
    return make_user("anna")


def ready(owner: User, content: bytes = CONTENT, name: str = "pier.jpg") -> Photo:
    """The photo after upload and analysis, which owes it the stage; the others are done."""
    photo = upload(owner, content, name).photo
    assert pipeline.run_batch(pipeline.stages()["analyse"]) == 1
    Job.objects.exclude(stage=optimise.STAGE_NAME).delete()
    photo.refresh_from_db()
    return photo


def run(photo: Photo) -> Photo:
    """The photo after the stage."""
    assert pipeline.run_batch(pipeline.stages()[optimise.STAGE_NAME]) == 1
    photo.refresh_from_db()
    return photo


def optimised(owner: User) -> Photo:
    photo = run(ready(owner))
    assert photo.saved_bytes > 0
    return photo


def bytes_of(photo: Photo) -> bytes:
    with open_original(photo.stored_sha256) as file:
        return bytes(file.read())


def is_stored(sha256: str) -> bool:
    return originals_storage().exists(original_name(sha256))


def require_untouched(photo: Photo) -> None:
    """The photo has the bytes that were uploaded."""
    photo.refresh_from_db()
    assert (photo.stored_sha256, photo.file_size, photo.saved_bytes) == (UPLOADED, len(CONTENT), 0)
    assert bytes_of(photo) == CONTENT


def require_whole(photo: Photo) -> None:
    """Whatever happened, the row names a whole file that shows the picture."""
    photo.refresh_from_db()
    content = bytes_of(photo)
    assert hashlib.sha256(content).hexdigest() == photo.stored_sha256
    assert len(content) == photo.file_size
    assert (pixels(decoded(content)) == pixels(decoded(CONTENT))).all()


def test_the_stage_is_off_unless_it_is_switched_on(settings: Settings) -> None:
    assert settings.OPTIMISE_ORIGINALS is False
    assert settings.STAGES[:-1] == [name for name in settings.STAGES if "optimise" not in name]


def test_a_photo_gets_a_smaller_original_with_the_same_picture_and_metadata(anna: User) -> None:
    photo = ready(anna)
    assert Job.objects.get().priority == Priority.REINDEX

    run(photo)

    assert photo.upload_sha256 == UPLOADED != photo.stored_sha256
    assert photo.saved_bytes == len(CONTENT) - photo.file_size > 0
    require_whole(photo)
    assert decoded(bytes_of(photo)).info["exif"] == decoded(CONTENT).info["exif"]
    assert not is_stored(UPLOADED)
    assert not Job.objects.exists()


def test_its_previews_go_with_it(anna: User) -> None:
    photo = ready(anna)
    with open_preview(photo, 320) as file:
        before = file.read()
    old = preview_name(UPLOADED, photo.preview_sizes[0], photo.previews_version)

    run(photo)

    with open_preview(photo, 320) as file:
        assert file.read() == before
    assert not previews_storage().exists(old)


def test_lost_previews_are_made_again(anna: User) -> None:
    photo = ready(anna)
    previews_storage().delete(preview_name(UPLOADED, photo.preview_sizes[0], photo.previews_version))

    run(photo)

    assert Job.objects.get().stage == "analyse"


def test_a_download_gives_the_smaller_file(anna: User) -> None:
    photo = optimised(anna)
    browser = Client()
    browser.force_login(anna)

    answer: Any = browser.get(f"/media/originals/{photo.pk}")
    facts = ApiClient(anna).get(f"photos/{photo.pk}").json()

    content = b"".join(answer.streaming_content)
    assert hashlib.sha256(content).hexdigest() == facts["stored_sha256"] == photo.stored_sha256
    assert facts["sha256"] == UPLOADED


def test_a_download_that_looked_just_before_gets_the_smaller_file(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ready(anna)
    photo = run(Photo.objects.get(pk=before.pk))
    monkeypatch.setattr("gallery.views.media.visible_photo", lambda user, pk: before)
    browser = Client()
    browser.force_login(anna)

    answer: Any = browser.get(f"/media/originals/{photo.pk}")

    assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == photo.stored_sha256


def test_what_was_saved_is_shown(anna: User) -> None:
    photo = optimised(anna)
    browser = Client()
    browser.force_login(anna)

    assert "without loss" in browser.get(f"/photos/{photo.pk}").content.decode()
    assert "Saved without loss" in browser.get("/statistics").content.decode()
    assert "Shrink" in browser.get("/jobs/").content.decode()


def test_both_files_are_recognised(anna: User) -> None:
    photo = optimised(anna)
    smaller = bytes_of(photo)

    assert upload(anna, CONTENT).outcome is Outcome.IDENTICAL
    assert upload(anna, smaller).outcome is Outcome.IDENTICAL
    known = ApiClient(anna).post("photos/check", {"sha256": [UPLOADED, photo.stored_sha256]}).json()["known"]
    assert known == {UPLOADED: photo.pk, photo.stored_sha256: photo.pk}
    assert Photo.objects.count() == 1


def test_all_photos_with_the_bytes_change_together(anna: User) -> None:
    ben, cleo = make_user("ben"), make_user("cleo")
    theirs = upload(ben, CONTENT, visibility="private").photo
    trashed = upload(cleo, CONTENT, visibility="private").photo
    trash_photos(photos=[trashed], by=cleo)
    pipeline.run_batch(pipeline.stages()["analyse"])
    pipeline.run_batch(pipeline.stages()["analyse"])
    Job.objects.exclude(photo=theirs, stage=optimise.STAGE_NAME).delete()

    run(theirs)

    trashed.refresh_from_db()
    assert trashed.stored_sha256 == theirs.stored_sha256 != UPLOADED
    assert trashed.file_size == theirs.file_size
    assert not is_stored(UPLOADED)


def test_the_old_file_stays_while_another_photo_was_given_it_meanwhile(anna: User) -> None:
    photo = optimised(anna)
    ben = make_user("ben")
    Photo.objects.update(visibility="private")

    again = upload(ben, CONTENT).photo

    assert again.stored_sha256 == UPLOADED
    assert is_stored(UPLOADED)
    assert is_stored(photo.stored_sha256)


def test_a_lost_smaller_original_is_replaced_by_the_uploaded_file(anna: User) -> None:
    photo = optimised(anna)
    originals_storage().delete(original_name(photo.stored_sha256))
    OriginalCheck.objects.create(
        sha256=photo.stored_sha256, checked_at=photo.uploaded_at, problem="It is missing."
    )
    assert ApiClient(anna).post("photos/check", {"sha256": [UPLOADED]}).json()["known"] == {}

    assert upload(anna, CONTENT).outcome is Outcome.PUT_BACK

    require_untouched(photo)
    assert Job.objects.get().stage == "analyse"


def test_a_kill_before_the_rows_are_committed_leaves_the_old_file(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = ready(anna)

    def kill(*call: Any) -> Any:
        raise Killed

    monkeypatch.setattr(optimise, "copy_previews", kill)
    with pytest.raises(Killed):
        pipeline.run_batch(pipeline.stages()[optimise.STAGE_NAME])

    require_untouched(photo)
    assert Job.objects.get().attempts == 1


def test_a_kill_before_the_old_file_is_removed_leaves_the_new_one(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = ready(anna)

    def kill(sha256: str) -> None:
        raise Killed

    monkeypatch.setattr(optimise, "remove_unused_original", kill)
    with pytest.raises(Killed):
        pipeline.run_batch(pipeline.stages()[optimise.STAGE_NAME])

    photo.refresh_from_db()
    assert photo.stored_sha256 != UPLOADED
    require_whole(photo)
    extra = [str(finding) for finding in check_library(Wanted(with_hash=True)).findings]
    assert len([words for words in extra if UPLOADED in words]) == len(extra) > 0


def test_the_library_is_sound_afterwards(anna: User) -> None:
    optimised(anna)
    report = check_library(Wanted(with_hash=True))

    assert (report.stopped, report.findings, report.looked_at["originals"]) == ("", [], 1)


def test_bits_that_the_disk_has_lost_are_not_made_for_good(anna: User) -> None:
    photo = ready(anna)
    with originals_storage().as_local_file(original_name(UPLOADED)) as path:
        path.chmod(0o640)
        path.write_bytes(CONTENT[:-100] + bytes(98) + b"\xff\xd9")

    run(photo)

    assert photo.stored_sha256 == UPLOADED
    assert Job.objects.get().error == WRONG_HASH
    assert Job.objects.get().failed_at


def test_a_photo_that_another_stage_works_on_waits(anna: User) -> None:
    photo = ready(anna)
    job = Job.objects.create(photo=photo, stage="match", worker="elsewhere:1", lease_until=photo.uploaded_at)
    Job.objects.filter(pk=job.pk).update(lease_until="2999-01-01T00:00Z")

    run(photo)

    require_untouched(photo)
    waiting = Job.objects.get(stage=optimise.STAGE_NAME)
    assert (waiting.attempts, waiting.worker, waiting.error) == (0, "", "")
    assert waiting.due_at > photo.uploaded_at


def test_nothing_changes_while_a_backup_is_made(anna: User) -> None:
    photo = ready(anna)
    other = connection.copy()
    try:
        other.cursor().execute("SELECT pg_advisory_lock(%s)", [BACKUP_LOCK])
        assert OptimiseStage().unavailable() == WAITS_FOR_BACKUP
        run(photo)
    finally:
        other.close()

    require_untouched(photo)
    assert Job.objects.get().attempts == 0


def test_the_stage_waits_until_there_is_nothing_else_to_do(anna: User) -> None:
    ready(anna)
    assert OptimiseStage().unavailable() == ""

    upload(anna)

    assert OptimiseStage().unavailable() == WAITS_FOR_OTHERS


def test_what_is_left_alone_is_not_looked_at_again(anna: User) -> None:
    photo = run(ready(anna, CONTENT + b"and a film behind it"))

    assert photo.stored_sha256 == photo.upload_sha256
    assert (photo.saved_bytes, photo.state) == (0, PhotoState.READY)
    assert not Job.objects.exists()
    call_command("reindex", stage=optimise.STAGE_NAME, stdout=io.StringIO())
    assert not Job.objects.exists()


def test_reindex_owes_it_to_photos_that_were_here_before(anna: User) -> None:
    photo = ready(anna)
    Job.objects.all().delete()

    call_command("reindex", stage=optimise.STAGE_NAME, stdout=io.StringIO())

    assert run(photo).saved_bytes > 0


def test_a_png_is_made_smaller_too(anna: User) -> None:
    content = png_bytes(scene(5, (300, 200)), compress_level=1)
    photo = run(ready(anna, content, "pier.png"))

    assert photo.saved_bytes > 0
    assert (pixels(decoded(bytes_of(photo))) == pixels(decoded(content))).all()


def test_who_has_the_smaller_file_already_keeps_both(anna: User) -> None:
    ben = make_user("ben")
    smaller = bytes_of(optimised(ben))
    Photo.objects.update(visibility="private")
    own = ready(anna, smaller, "small.jpg")
    Job.objects.all().delete()
    photo = run(ready(anna))

    require_untouched(photo)
    assert own.stored_sha256 != photo.stored_sha256


def test_moderators_see_what_all_saved(anna: User) -> None:
    photo = optimised(anna)
    browser = Client()
    browser.force_login(make_user(role=Role.MODERATOR))

    assert "Saved without loss" in browser.get("/statistics").content.decode()
    assert photo.owner == anna


def test_it_works_in_an_s3_store_as_well(anna: User, settings: Settings) -> None:
    with running_s3_server() as server:
        use_store(settings, server.storage_url)
        server.empty()
        marker.forget()
        marker.settle()
        photo = optimised(anna)

        require_whole(photo)
        assert not is_stored(UPLOADED)
        with originals_storage().as_local_file(original_name(photo.stored_sha256)) as path:
            assert sha256_of(path) == photo.stored_sha256
        with open_preview(photo, 320) as file:
            assert file.read()
