"""`manage.py backup`: the library as it is at one moment; what was there before stays good."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from pytest_django import Settings

from gallery.backup import files
from gallery.backup.make import alone
from gallery.backup.manifest import BackupFolder, read_manifest
from gallery.models import Photo, Role, User
from gallery.originals import original_name
from gallery.storage import StorageFull
from gallery.trash import BackupRuns, purge_due, purge_now, purge_photo, trash_photos
from tests import damage
from tests.backups import backup, empty_library, newest, restore
from tests.factories import make_user, upload

pytestmark = pytest.mark.django_db(transaction=True)


def originals_in(folder: Path) -> set[str]:
    return {path.name for path in (folder / "originals").rglob("*") if path.is_file()}


def test_the_next_backup_copies_only_what_is_new_and_old_snapshots_go(owner: User, backups: Path) -> None:
    upload(owner)
    assert "1 originals (1 new" in backup(backups)
    upload(owner)
    assert "2 originals (1 new" in backup(backups, "--keep", "2")
    assert "1 old snapshots removed" in backup(backups, "--keep", "2")

    assert len(BackupFolder(backups).finished()) == 2
    assert originals_in(backups) == set(Photo.objects.values_list("stored_sha256", flat=True))


def test_a_file_that_rots_in_the_backup_is_copied_again_when_all_are_read(owner: User, backups: Path) -> None:
    photo = upload(owner).photo
    backup(backups)
    copy = Path(BackupFolder(backups).originals.path(original_name(photo.stored_sha256)))
    copy.write_bytes(b"x" * photo.file_size)

    assert "(0 new" in backup(backups)
    assert "(1 new" in backup(backups, "--verify")
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == photo.stored_sha256


def test_an_interrupted_backup_leaves_the_one_before_valid(
    owner: User, backups: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(owner)
    backup(backups)
    before = newest(backups)
    upload(owner)

    with monkeypatch.context() as patch:
        patch.setattr(files, "copy_original", disk_full)
        with pytest.raises(CommandError, match=r"The disk is full\. Earlier snapshots are as they were\."):
            backup(backups)
    assert len(list(before.parent.iterdir())) == 2
    assert newest(backups) == before
    empty_library(settings, tmp_path / "new")
    restore(backups)
    assert Photo.objects.count() == 1

    backup(backups)
    assert len(list(before.parent.iterdir())) == 2
    assert newest(backups) != before


def disk_full(*args: object) -> bool:
    raise StorageFull("The disk is full.")


def test_a_bad_place_for_a_backup_is_refused(owner: User, data: Path, backups: Path, tmp_path: Path) -> None:
    upload(owner)
    for inside in (data / "backup", data, tmp_path):
        with pytest.raises(CommandError, match="lie in each other"):
            backup(inside)
    backup(backups)
    manifest = newest(backups) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"instance": "another"}))
    with pytest.raises(CommandError, match="holds backups of another library"):
        backup(backups)


def test_a_disk_without_room_is_told_before_anything_is_copied(
    owner: User, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(owner)
    usage = shutil.disk_usage(backups.parent)._replace(free=50_000_000)
    monkeypatch.setattr("gallery.backup.make.shutil.disk_usage", lambda path: usage)

    with pytest.raises(CommandError, match="has 50 MB free: make room"):
        backup(backups)
    assert not (backups / "originals").exists()


def test_purges_wait_for_a_backup_and_a_backup_for_purges(owner: User, backups: Path) -> None:
    photo = upload(owner).photo
    trash_photos(photos=[photo], by=owner)

    with alone():
        Photo.objects.update(trashed_at="2020-01-01T00:00Z")
        assert purge_due() == 0
        with pytest.raises(BackupRuns, match="A backup is being made"):
            purge_now(user=make_user(role=Role.ADMIN), photo_ids=None, count=1)
    assert purge_photo(photo_id=photo.pk)


def test_what_the_library_itself_has_lost_is_told_and_the_rest_is_kept(owner: User, backups: Path) -> None:
    lost, kept = upload(owner).photo, upload(owner).photo
    damage.missing_original(lost)

    with pytest.raises(CommandError, match=f"lacks 1 originals, the first is {lost.stored_sha256}"):
        backup(backups)
    assert read_manifest(newest(backups)).lacking == [lost.stored_sha256]
    assert originals_in(backups) == {kept.stored_sha256}


def test_secrets_are_for_their_owner_alone(owner: User, data: Path, backups: Path) -> None:
    (data / "secret_key").write_text("a key")
    backup(backups)

    snapshot = newest(backups)
    assert (snapshot / "secret_key").read_text() == "a key"
    assert (snapshot / "secret_key").stat().st_mode & 0o777 == 0o600
    assert snapshot.stat().st_mode & 0o777 == 0o700
