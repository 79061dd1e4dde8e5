"""Moving copies away and back: nothing is deleted, nothing replaced."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from dedup.folder.finding import FoundFile, find_files
from dedup.folder.moves import LIST_NAME, Move, MovesError, carry_out, check_target, undo, write_list

NOW = datetime(2026, 5, 1, 12, 30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    (made / "deep").mkdir(parents=True)
    for name in ("a", "b", "deep/c"):
        (made / name).write_bytes(name.encode())
    return made


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def moves(folder: Path) -> list[Move]:
    """All but the first file go."""
    first, *others = find_files(folder, recursive=True)[0]
    return [Move(other, first) for other in others]


def start(folder: Path, target: Path, planned: list[Move]) -> Path:
    check_target(folder, target)
    return write_list(folder, target, planned, NOW)


def test_all_but_the_keeper_are_moved_and_come_back(folder: Path, tmp_path: Path) -> None:
    before = everything(folder)
    planned = moves(folder)
    move_list = start(folder, tmp_path / "away", planned)
    assert everything(folder) == before

    assert carry_out(planned, move_list).count == 2
    assert everything(folder) == {"a": b"a"}
    assert everything(move_list.parent).keys() == {LIST_NAME, "b", "deep/c"}

    assert undo(move_list).count == 2
    assert everything(folder) == before
    assert undo(move_list).count == 0


def test_the_list_names_every_move_before_the_first_one(folder: Path, tmp_path: Path) -> None:
    move_list = start(folder, tmp_path / "away", moves(folder))

    content = json.loads(move_list.read_text())

    assert content["moves"] == [
        {"file": "b", "bytes": 1, "kept": "a"},
        {"file": "deep/c", "bytes": 6, "kept": "a"},
    ]
    assert content["folder"] == str(folder)


def test_what_changed_since_it_was_compared_stays(folder: Path, tmp_path: Path) -> None:
    planned = moves(folder)
    (folder / "b").write_bytes(b"new")

    moved = carry_out(planned, start(folder, tmp_path / "away", planned))

    assert (moved.count, [problem.file for problem in moved.problems]) == (1, ["b"])
    assert (folder / "b").read_bytes() == b"new"


def test_nothing_goes_when_its_keeper_is_gone(folder: Path, tmp_path: Path) -> None:
    planned = moves(folder)
    (folder / "a").unlink()

    moved = carry_out(planned, start(folder, tmp_path / "away", planned))

    assert moved.count == 0
    assert "a" in moved.problems[0].why
    assert everything(folder).keys() == {"b", "deep/c"}


def test_a_file_that_took_the_old_place_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    planned = moves(folder)
    move_list = start(folder, tmp_path / "away", planned)
    carry_out(planned, move_list)
    (folder / "b").write_bytes(b"someone else's")

    back = undo(move_list)

    assert (back.count, [problem.file for problem in back.problems]) == (1, ["b"])
    assert (folder / "b").read_bytes() == b"someone else's"
    assert (move_list.parent / "b").read_bytes() == b"b"


def test_a_folder_inside_is_refused(folder: Path) -> None:
    with pytest.raises(MovesError, match="outside"):
        check_target(folder, folder / "dedup")


def test_a_target_that_is_a_file_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(MovesError, match="cannot be used"):
        check_target(folder, tmp_path / "file")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd"])
def test_a_list_that_leads_out_of_the_folder_moves_nothing(folder: Path, tmp_path: Path, name: str) -> None:
    move_list = tmp_path / LIST_NAME
    move_list.write_text(json.dumps({"folder": str(folder), "moves": [{"file": "b"}, {"file": name}]}))
    (tmp_path / "b").write_bytes(b"")

    with pytest.raises(MovesError, match="outside"):
        undo(move_list)
    assert (tmp_path / "b").exists()


@pytest.mark.parametrize("content", ["", "[]", '{"folder": 1, "moves": []}', '{"moves": []}'])
def test_what_is_no_list_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "list").write_text(content)

    with pytest.raises(MovesError, match="no list of moves"):
        undo(tmp_path / "list")


def test_a_file_is_unchanged_only_with_its_size_and_time(folder: Path) -> None:
    file = find_files(folder, recursive=False)[0][0]
    assert file.is_unchanged()
    assert not FoundFile(file.name, file.path, file.size, file.modified_ns + 1).is_unchanged()
