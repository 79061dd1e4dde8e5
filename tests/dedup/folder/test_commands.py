"""`manage.py duplicates`, as a person starts it: in a process of its own, without database and Redis."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dedup.folder.folders import SIZE, fill
from tests.pictures import jpeg_bytes, scene

Ended = Callable[..., subprocess.CompletedProcess[str]]
ENDED_BY_PERSON = 130


def test_a_bare_folder_is_looked_at_without_database_and_redis(
    manage: Ended, copies: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"

    ended = manage("duplicates", copies, "--json", out)

    found = json.loads(out.read_text())
    assert ended.returncode == 0, ended.stderr
    assert [(pair["a"], pair["b"], pair["kind"]) for pair in found["pairs"]] == [
        ("a.jpg", "sub/c.png", "identical-pixels"),
        ("a.jpg", "b.jpg", "same-picture"),
        ("b.jpg", "sub/c.png", "same-picture"),
    ]
    assert all(pair["why"] and 0 < pair["confidence"] <= 1 for pair in found["pairs"])
    assert [sorted(group["members"]) for group in found["groups"]] == [["a.jpg", "b.jpg", "sub/c.png"]]
    assert found["groups"][0]["keeper"] in {"a.jpg", "sub/c.png"}
    assert found["errors"] == []
    assert found["timings"].keys() >= {"loading", "candidates", "comparing", "total"}
    assert "decoded 4 of 4" in ended.stderr
    assert "loading" in ended.stdout
    assert not (tmp_path / "data" / "postgres").exists()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_moving_asks_first_and_no_answer_changes_nothing(manage: Ended, copies: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    size = sum((copies / name).stat().st_size for name in ("b.jpg", "sub/c.png"))

    ended = manage("duplicates", copies, "--json", tmp_path / "o", "--move-to", away, typed="\n")

    kept = json.loads((tmp_path / "o").read_text())["groups"][0]["keeper"]
    if kept != "a.jpg":
        size += (copies / "a.jpg").stat().st_size - (copies / kept).stat().st_size
    assert f"Move 2 files ({size} bytes) of 1 groups" in ended.stdout
    assert "Nothing was moved" in ended.stdout
    assert list(away.iterdir()) == []
    assert (copies / "sub/c.png").exists()


def test_moving_and_undoing(manage: Ended, copies: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    moved = manage("duplicates", copies, "--json", tmp_path / "o", "--move-to", away, "--yes")

    keeper = json.loads((tmp_path / "o").read_text())["groups"][0]["keeper"]
    left = {path.relative_to(copies).as_posix() for path in copies.rglob("*") if path.is_file()}
    assert "2 files were moved" in moved.stdout
    assert left == {keeper, "other.jpg"}

    back = manage("duplicates", "--undo", next(away.glob("*/moves.json")))

    assert "2 files were moved back" in back.stdout
    assert all((copies / name).exists() for name in ("a.jpg", "b.jpg", "sub/c.png"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(
    start: Callable[..., subprocess.Popen[str]], copies: Path, tmp_path: Path, number: signal.Signals
) -> None:
    pictures = {seed: jpeg_bytes(scene(seed, SIZE)) for seed in range(10, 40)}
    # So many that all are not yet decoded when a busy machine comes to tell; most never are.
    more = {f"{seed}-{n}.jpg": content + bytes([n]) for seed, content in pictures.items() for n in range(20)}
    fill(copies, more)
    out = tmp_path / "out.json"
    out.write_text("an earlier result")
    with start("duplicates", copies, "--json", out, "--jobs", "2") as process:
        assert process.stderr is not None
        while "decoded" not in (line := process.stderr.readline()):
            assert line, "it ended before anything was decoded"
        process.send_signal(number)
        rest = process.stderr.read()

    assert process.returncode == ENDED_BY_PERSON, rest
    assert out.read_text() == "an earlier result"
    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out.json", "pictures", "temporary"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "--json", "o.json"], "There is no folder"),
        (["."], "Say which folder"),
        ([".", "--json", "nowhere/o.json"], "cannot be written"),
        ([".", "--json", "dedup", "--engine", "average"], "cannot be written"),
        ([".", "--json", "o.json", "--distance", "3"], "simple engines"),
        ([".", "--json", "o.json", "--kinds", "twins"], "does not name kinds"),
        ([".", "--json", "o.json", "--jobs", "0"], "no number from 1 on"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(manage: Ended, words: list[str], said: str) -> None:
    ended = manage("duplicates", *words)

    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_cache_that_is_none_is_said_to_be_unusable(manage: Ended, copies: Path, tmp_path: Path) -> None:
    cache = fill(tmp_path / "cache", {"likeness-duplicates.sqlite": b"no database at all" * 100})

    ended = manage("duplicates", copies, "--json", tmp_path / "o", "--cache", cache)

    assert ended.returncode == 1
    assert "cannot be used" in ended.stderr
