"""`manage.py fsck`: every planted damage is found and named, nothing else is, and nothing is deleted."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from gallery import marker, pipeline
from gallery.backup.manifest import BackupFolder
from gallery.fsck import originals_check
from gallery.fsck.run import Wanted, check_library
from gallery.health import check_originals
from gallery.intake import Outcome
from gallery.metrics import metrics_text
from gallery.models import Job, OriginalCheck, Photo, User
from gallery.originals import open_original, original_name
from gallery.rolling_check import check_a_slice
from tests import damage
from tests.api.client import ApiClient
from tests.damage import DAMAGES, original_of, plant_all, sound_photos
from tests.factories import make_user, plain_jpeg, unique_jpeg, upload
from tests.s3_server import running_s3_server
from tests.test_s3 import use_store

pytestmark = pytest.mark.django_db

SOUND = 150


def fsck(*options: str) -> tuple[int, Any]:
    """Run the command. Returns its exit status and what it prints as JSON."""
    printed = io.StringIO()
    try:
        call_command("fsck", "--json", *options, stdout=printed)
    except SystemExit as end:
        return int(str(end.code)), json.loads(printed.getvalue())
    return 0, json.loads(printed.getvalue())


def files_of(data: Path) -> set[str]:
    return {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}


def analyse_all() -> None:
    while pipeline.run_batch(pipeline.stages()["analyse"]):
        pass


def test_a_sound_library_is_in_order_to_the_last_byte(owner: User) -> None:
    sound_photos(owner, 20)
    upload(owner)
    analyse_all()

    assert fsck("--hash") == (
        0,
        {
            "looked_at": {"originals": 21, "previews": 21},
            "counts": {},
            "findings": [],
            "done": [],
            "stopped": "",
        },
    )


def test_every_planted_damage_is_found_and_named_and_no_other(owner: User, data: Path) -> None:
    photos = sound_photos(owner, SOUND)
    planted = plant_all(photos)
    before = files_of(data)

    status, report = fsck("--hash")

    found = [(item["kind"], item["name"]) for item in report["findings"]]
    assert len(planted) == len(DAMAGES) >= 12
    for kind, name in planted:
        assert [part for known, part in found if known == kind and name in part], (kind, name)
    assert len(found) == len(planted)
    assert (status, report["stopped"]) == (1, "")
    assert files_of(data) == before


def test_without_reading_everything_only_the_changed_bits_are_not_seen(owner: User) -> None:
    planted = plant_all(sound_photos(owner, SOUND))

    _, report = fsck()

    assert sum(report["counts"].values()) == len(planted) - 1
    assert "wrong-hash" not in report["counts"]


def test_it_is_told_as_a_table_with_the_first_names(owner: User) -> None:
    photos = sound_photos(owner, SOUND)
    for photo in photos[:8]:
        damage.missing_preview(photo)
    printed = io.StringIO()

    with pytest.raises(SystemExit, match="1"):
        call_command("fsck", stdout=printed)

    lines = printed.getvalue().splitlines()
    assert lines[0] == f"{SOUND} originals, {SOUND - 8} previews looked at."
    assert lines[1].split()[:2] == ["broken-preview", "8"]
    assert len(lines) == 2 + 5 + 1
    assert "3 more" in lines[-1]


def test_all_repairs_together_leave_only_what_is_lost(owner: User, data: Path) -> None:
    photos = sound_photos(owner, SOUND)
    planted = plant_all(photos)
    kept = {photo.stored_sha256: original_of(photo).read_bytes() for photo in photos[10:20]}

    status, report = fsck("--hash", "--quarantine", "--repair-previews", "--fix-counts")
    analyse_all()
    again = fsck("--hash")[1]

    assert status == 1
    assert len(report["findings"]) == len(planted)
    # The original that was missing, and the two that lie in quarantine now.
    assert again["counts"] == {"missing-original": 3}
    for sha256, content in kept.items():
        with open_original(sha256) as file:
            assert file.read() == content
    quarantined = [path for path in (data / "quarantine").iterdir() if path.suffix != ".json"]
    notes = [json.loads(path.read_text()) for path in (data / "quarantine").glob("*.json")]
    assert len(quarantined) == len(notes) == 7
    assert {note["kind"] for note in notes} == {"extra-file", "partial-file", "wrong-hash", "extra-preview"}


def test_above_one_percent_missing_it_stops_and_touches_nothing(owner: User, data: Path) -> None:
    photos = sound_photos(owner, SOUND)
    damage.missing_original(photos[0])
    damage.stray_file(photos[0])
    assert fsck()[0] == 1
    damage.missing_original(photos[1])
    before = files_of(data)

    status, report = fsck("--quarantine", "--repair-previews", "--fix-counts")

    assert status == 2
    assert report["stopped"].startswith(f"2 of {SOUND} originals are missing, which is more than 1 %")
    assert files_of(data) == before
    assert not Photo.objects.filter(state="damaged").exists()


def test_a_store_that_is_away_is_not_checked_at_all(owner: User, data: Path) -> None:
    sound_photos(owner, 3)
    (data / "originals").rename(data / "elsewhere")

    status, report = fsck("--quarantine")

    assert (status, report["findings"]) == (2, [])
    assert "not mounted" in report["stopped"]


def test_what_arrives_and_what_is_purged_during_the_walk_is_no_finding(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = sound_photos(owner, 110)
    look_again = originals_check.look_again

    def walk(*, with_hash: bool) -> originals_check.Walk:
        found = originals_check.Walk(contents=110)
        # As the walk saw them: a file whose row came later, and a row whose file was purged later.
        found.suspects = [upload(owner).photo.stored_sha256, photos[0].stored_sha256]
        original_of(photos[0]).unlink()
        photos[0].delete()
        return found

    monkeypatch.setattr(originals_check, "walk_originals", walk)

    assert check_library(Wanted()).of("extra-file", "missing-original") == []
    assert look_again(photos[1].stored_sha256, with_hash=True) is None


def test_the_number_of_queries_does_not_grow_with_the_library(
    owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sound_photos(owner, 300)

    with django_assert_max_num_queries(25):
        check_library(Wanted(with_hash=True))


def test_a_lost_photo_says_so_to_its_owner_and_heals_by_the_same_upload(owner: User) -> None:
    sound_photos(owner, SOUND)
    content = unique_jpeg()
    photo = upload(owner, content).photo
    analyse_all()
    damage.changed_original(photo)

    fsck("--hash", "--quarantine")
    photo.refresh_from_db()
    assert photo.state == "damaged"
    assert "Upload the same file again" in photo.state_reason
    page = Client()
    page.force_login(owner)
    assert "has changed since it was uploaded" in page.get(f"/photos/{photo.pk}").content.decode()

    api = ApiClient(owner)
    assert api.post("photos/check", {"sha256": [photo.upload_sha256]}).json()["known"] == {}
    answer = api.upload(content)
    assert (answer.status_code, answer.json()["reason"]) == (200, "original-put-back")
    assert answer.json()["id"] == photo.pk
    analyse_all()
    photo.refresh_from_db()
    assert (photo.state, photo.state_reason) == ("ready", "")
    assert fsck("--hash")[0] == 0


@pytest.mark.parametrize("harm", [damage.missing_original, damage.truncated_original])
def test_known_bytes_that_the_store_has_lost_are_taken(owner: User, harm: Any) -> None:
    content = unique_jpeg()
    photo = upload(owner, content).photo
    harm(photo)

    assert upload(owner, content).outcome is Outcome.PUT_BACK
    with open_original(photo.stored_sha256) as file:
        assert file.read() == content
    assert upload(owner, content).outcome is Outcome.IDENTICAL


def test_a_file_in_the_way_of_a_new_photo_is_put_aside_when_it_is_wrong(owner: User, data: Path) -> None:
    content = unique_jpeg()
    first = upload(owner, content, visibility="private").photo
    damage.changed_original(first)

    second = upload(make_user(), content)

    assert second.outcome is Outcome.CREATED
    with open_original(second.photo.stored_sha256) as file:
        assert file.read() == content
    assert len(list((data / "quarantine").iterdir())) == 1


def test_the_rolling_check_reads_what_was_longest_unread(owner: User) -> None:
    photos = sound_photos(owner, 5)
    month_ago = timezone.now() - timedelta(days=31)
    Photo.objects.filter(pk__in=[photo.pk for photo in photos[:3]]).update(uploaded_at=month_ago)

    assert check_a_slice() == 3
    assert check_a_slice() == 0
    assert {row.sha256 for row in OriginalCheck.objects.all()} == {
        photo.stored_sha256 for photo in photos[:3]
    }

    OriginalCheck.objects.filter(pk=photos[1].stored_sha256).update(checked_at=month_ago)
    assert check_a_slice() == 1


def test_lost_bits_are_reported_everywhere(owner: User) -> None:
    photo = sound_photos(owner, 1)[0]
    damage.changed_original(photo)
    Photo.objects.update(uploaded_at=timezone.now() - timedelta(days=31))
    assert check_originals().ok

    assert check_a_slice() == 1

    part = check_originals()
    assert (part.ok, part.vital) == (False, False)
    assert "1 original is missing or damaged" in part.detail
    assert "restore FOLDER --originals-only" in part.detail
    assert b"likeness_originals_damaged 1.0" in metrics_text()
    browser = Client()
    browser.force_login(owner)
    assert "has changed since it was uploaded" in browser.get("/jobs/").content.decode()
    assert ApiClient(owner).get("health").json()["originals"]["ok"] is False


def test_a_backup_puts_back_what_was_lost(owner: User, tmp_path: Path) -> None:
    photos = sound_photos(owner, SOUND)
    backup = BackupFolder(tmp_path / "backup")
    for photo in photos[:4]:
        content = original_of(photo).read_bytes()
        damage.put(Path(backup.originals.path(original_name(photo.stored_sha256))), content)
    damage.missing_original(photos[0])
    damage.truncated_original(photos[1])
    damage.changed_original(photos[2])
    assert fsck("--hash")[1]["counts"] == {"missing-original": 1, "partial-file": 1, "wrong-hash": 1}

    printed = io.StringIO()
    call_command("restore", str(tmp_path / "backup"), "--originals-only", stdout=printed)

    assert "3 originals were put back." in printed.getvalue()
    assert fsck("--hash")[0] == 0


def test_jobs_that_nobody_owed_are_owed(owner: User) -> None:
    photo = upload(owner, plain_jpeg(size=(90, 90))).photo
    Job.objects.all().delete()

    fsck("--fix-counts")
    analyse_all()

    photo.refresh_from_db()
    assert photo.state == "ready"


def test_a_bucket_is_checked_as_a_folder_is(owner: User, settings: Settings) -> None:
    with running_s3_server() as server:
        server.empty()
        use_store(settings, server.storage_url)
        marker.settle()
        photos = [upload(owner).photo for _ in range(3)]
        analyse_all()
        assert fsck("--hash")[0] == 0
        name = f"library/originals/{original_name(photos[0].stored_sha256)}"
        server.write(name, b"x" * photos[0].file_size)
        server.write("library/originals/notes.txt", b"stray")
        server.write(f"library/previews/{photos[1].stored_sha256[:2]}/stray", b"")

        _, report = fsck("--hash", "--quarantine")

        assert report["counts"] == {"wrong-hash": 1, "extra-file": 1, "extra-preview": 1}
        assert name not in server.names()
        assert len([one for one in server.names() if one.startswith("library/quarantine/")]) == 6
