"""The fault tests in short (`make torture` runs them in full), and whether they would see what they look for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo
from pytest_django import Settings

from gallery import pipeline
from gallery.models import Photo, User
from tests.damage import changed_original, missing_original
from tests.factories import make_user, upload
from tests.live import REPOSITORY
from tests.marked import use_data_folder
from tests.torture.full_disk import DISK_BYTES, fill, quota
from tests.torture.invariants import Library, examine
from tests.torture.points import POINTS
from tests.torture.report import Row, table

LEAST_TRIED = {"kill -9": len(POINTS), "race:": 4 * 5, "full disk:": 8, "fsck:": 12, "crashes:": 24}


@pytest.fixture(scope="module")
def printed() -> str:
    """What a short run prints."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.torture", "--short"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.slow
@pytest.mark.parametrize("part", LEAST_TRIED)
def test_nothing_is_lost_doubled_partial_or_stuck(printed: str, part: str) -> None:
    lines = printed.split("\npart ", 1)[1].splitlines()
    numbers = [line.split()[-7:-1] for line in lines if line.startswith(part)]

    assert sum(int(tried) for tried, *_ in numbers) >= LEAST_TRIED[part]
    assert all(faults == ["0"] * 4 for _, _, *faults in numbers)


def test_there_are_twenty_points_or_more_each_with_a_name_of_its_own() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS) >= 20
    operations = Counter(point.operation for point in POINTS)
    assert operations.keys() == {"upload", "parts", "analyse", "resolve", "purge"}


@pytest.fixture
def owner(settings: Settings, tmp_path: Path, transactional_db: None) -> User:
    """The owner of three photos, on which no work is owed."""
    use_data_folder(settings, tmp_path)
    person = make_user()
    for _ in range(3):
        upload(person)
    for stage in pipeline.stages().values():
        while not stage.unavailable() and pipeline.run_batch(stage):
            pass
    return person


def faults_of(settings: Settings, *more: str) -> dict[str, int]:
    """What is found in the library; all its photos and `more` count as acknowledged."""
    url = make_conninfo(settings.DATABASE_URL, dbname=str(connection.settings_dict["NAME"]))
    row = Row("")
    known = Photo.objects.values_list("upload_sha256", flat=True)
    examine(Library(url, settings.GALLERY_DATA / "originals"), {*known, *more}, row)
    return {name: getattr(row, name) for name in ("lost", "doubled", "partial", "stuck")}


def test_a_sound_library_has_no_faults(owner: User, settings: Settings) -> None:
    assert faults_of(settings) == {"lost": 0, "doubled": 0, "partial": 0, "stuck": 0}


def test_every_fault_is_seen(owner: User, settings: Settings) -> None:
    first, second, third = Photo.objects.all()
    missing_original(first)
    changed_original(second)
    Photo.objects.filter(pk=third.pk).update(state="processing")
    Photo.objects.create(
        owner=make_user(),
        upload_sha256=third.upload_sha256,
        stored_sha256=third.stored_sha256,
        file_name="again.jpg",
        media_type="image/jpeg",
        file_size=third.file_size,
        state="ready",
    )
    found = faults_of(settings, "0" * 64)

    assert found == {"lost": 2, "doubled": 1, "partial": 1, "stuck": 1}


def test_where_mounts_are_refused_a_quota_fills_up_as_a_disk_does(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    (inside / "most").write_bytes(bytes(DISK_BYTES - 10_000))
    with quota(inside):
        fill(inside / "rest")
        descriptor = os.open(outside, os.O_CREAT | os.O_WRONLY)
        assert os.write(descriptor, bytes(20_000)) == 20_000
        os.close(descriptor)

    assert (inside / "rest").stat().st_size == 10_000


def test_the_table_has_a_line_for_each_part_and_its_problems() -> None:
    rows = [Row("one", tried=3), Row("another", tried=20, lost=1, problems=["The photo is gone."])]

    lines = table(rows)

    assert [row.ok for row in rows] == [True, False]
    assert lines[1].split() == ["one", "3", "0", "0", "0", "0", "0", "0.0"]
    assert lines[-1].strip() == "PROBLEM: The photo is gone."
