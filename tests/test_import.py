"""`manage.py import`."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from gallery.models import Album, Job, Photo, Priority
from tests.factories import make_user, unique_jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trip" / "day one").mkdir(parents=True)
    (tmp_path / "a.jpg").write_bytes(unique_jpeg())
    (tmp_path / "trip" / "b.jpg").write_bytes(unique_jpeg())
    (tmp_path / "trip" / "day one" / "c.jpg").write_bytes(unique_jpeg())
    (tmp_path / "trip" / "notes.txt").write_text("not a picture")
    (tmp_path / "trip" / ".gitkeep").touch()
    return tmp_path


def run(*args: object, user: str = "importer") -> str:
    out = io.StringIO()
    call_command("import", *map(str, args), user=user, stdout=out, stderr=out)
    return out.getvalue()


def test_a_folder_tree_is_taken_in_and_errors_are_counted(folder: Path) -> None:
    make_user("importer")
    output = run(folder)

    assert "4 files: 3 added, 0 known already, 1 refused" in output
    assert "notes.txt" in output
    assert sorted(Photo.objects.values_list("file_name", flat=True)) == ["a.jpg", "b.jpg", "c.jpg"]
    assert set(Job.objects.values_list("priority", flat=True)) == {Priority.BULK}


def test_a_second_run_takes_nothing_in(folder: Path) -> None:
    make_user("importer")
    run(folder)

    assert "0 added, 3 known already" in run(folder)


def test_folders_can_become_albums(folder: Path) -> None:
    make_user("importer")
    run(folder, "--albums")

    assert sorted(Album.objects.values_list("name", flat=True)) == ["trip", "trip/day one"]


def test_only_the_top_folder_on_wish(folder: Path) -> None:
    make_user("importer")

    assert "1 files: 1 added" in run(folder, "--flat")


def test_an_unknown_user_or_path_is_named(folder: Path) -> None:
    with pytest.raises(CommandError, match="no user nobody"):
        run(folder, user="nobody")
    make_user("importer")
    with pytest.raises(CommandError, match="/nowhere"):
        run("/nowhere")
