"""`manage.py screens FOLDER`: real files in dated folders, judged, listed, moved and moved back."""

from __future__ import annotations

import json
import os
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from dedup.compare.screen_pixels import SENT_LIMIT_MEGAPIXELS
from tests.pictures import flat
from tests.screens import desk, locked, with_message

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2026-11/2026-11-21"
SMALL = (1280, 720)


def save(folder: Path, name: str, picture: Image.Image) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, lossless=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A morning: a desk, the clock goes on, a message, the lock screen that returns, a file that is no picture."""
    root = tmp_path / "screens"
    base = desk(size=SMALL)
    # In an order of names that is not the order of times.
    save(root, f"{DAY}/z_2026-11-21_09-00-00.png", base)
    save(root, f"{DAY}/2026-11-21_09-01-00.png", desk(clock="13:00", size=SMALL))
    save(root, f"{DAY}/2026-11-21_09-02-00.png", with_message(base))
    save(root, f"{DAY}/2026-11-21_09-03-00.png", locked(size=SMALL))
    save(root, f"{DAY}/2026-11-21_09-04-00.png", desk(2, size=SMALL))
    save(root, f"{DAY}/a_2026-11-21_09-05-00.webp", locked(size=SMALL))
    (root / DAY / "notes.png").write_text("no picture")
    return root


def run(*arguments: object, **options: Any) -> dict[str, Any]:
    """The answer of the command."""
    out = StringIO()
    call_command("screens", *map(str, arguments), stdout=out, stderr=StringIO(), **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def name(time: str, before: str = "", ending: str = "png") -> str:
    return f"{DAY}/{before}2026-11-21_{time}.{ending}"


@pytest.mark.parametrize("arguments", [[], ["--full"], ["--device", "cpu"], ["--jobs", "2"]])
def test_what_is_new_is_kept_and_the_rest_says_what_it_is_like(folder: Path, arguments: list[str]) -> None:
    found = run(folder, *arguments)

    assert found["kept"] == [name("09-00-00", "z_"), name("09-03-00"), name("09-04-00")]
    duplicates = {one["file"]: one["duplicate_of"] for one in found["duplicates"]}
    assert duplicates == {
        name("09-01-00"): name("09-00-00", "z_"),
        name("09-05-00", "a_", "webp"): name("09-03-00"),
    }
    (similar,) = found["similar"]
    assert (similar["file"], similar["similar_to"]) == (name("09-02-00"), name("09-00-00", "z_"))
    assert 0.95 <= similar["ssim"] < 1
    assert similar["largest_change"][2:] > [300, 150]
    assert [one["file"] for one in found["errors"]] == [f"{DAY}/notes.png"]
    assert found["counts"] == {"kept": 3, "duplicate": 2, "similar": 1}
    assert found["timings"]["load"] > 0 and found["timings"]["compare"] > 0


@pytest.mark.parametrize("arguments", [[], ["--full"]])
def test_a_stream_of_jpegs_is_judged_as_one_of_pngs(folder: Path, arguments: list[str]) -> None:
    for path in [*folder.rglob("*_*.png"), *folder.rglob("*.webp")]:
        Image.open(path).convert("RGB").save(path.with_suffix(".jpg"), quality=75)
        path.unlink()

    assert run(folder, *arguments)["counts"] == {"kept": 3, "duplicate": 2, "similar": 1}


def test_screens_of_other_sizes_and_other_monitors_are_never_compared(tmp_path: Path) -> None:
    for place, size in enumerate([SMALL, (1280, 722)]):
        save(tmp_path, f"2026-11-21_09-0{place}-00.png", flat(size, (20, 30, 40)))
    for monitor in ("monitor1", "monitor2"):
        save(tmp_path, f"2026-11-21_09-03-00_{monitor}.png", flat(SMALL, (20, 30, 40)))
    save(tmp_path, "2026-11-21_09-04-00_monitor2.png", flat(SMALL, (20, 30, 40)))

    found = run(tmp_path)

    assert len(found["kept"]) == 4
    (twin,) = found["duplicates"]
    assert twin["duplicate_of"] == "2026-11-21_09-03-00_monitor2.png"
    assert twin["monitor"] == "monitor2"


def test_files_whose_names_say_no_time_go_by_when_they_were_written(tmp_path: Path) -> None:
    for seconds, file in [(2000, "a.png"), (1000, "b.png")]:
        save(tmp_path, file, flat(SMALL, (20, 30, 40)))
        os.utime(tmp_path / file, (seconds, seconds))

    found = run(tmp_path)

    assert found["kept"] == ["b.png"]
    assert found["duplicates"][0]["taken"].startswith("1970-01-01")


def test_the_window_says_with_how_many_each_is_compared(folder: Path) -> None:
    assert len(run(folder, "--window", "1")["duplicates"]) == 1
    for wrong in ("0", "101", "many"):
        with pytest.raises(CommandError, match="no number from 1 to 100"):
            run(folder, "--window", wrong)


def test_duplicates_and_similar_ones_are_moved_and_come_back(folder: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}

    run(folder, "--move-to", tmp_path / "same", "--move-similar-to", tmp_path / "similar")
    assert len(list(folder.rglob("*.png"))) == 4
    assert not (folder / name("09-02-00")).exists()
    for place in ("same", "similar"):
        (moves,) = (tmp_path / place).glob("*/moves.json")
        call_command("screens", undo=moves, stderr=StringIO())

    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


def test_similar_ones_that_lead_to_each_other_are_moved_for_the_one_that_stays(tmp_path: Path) -> None:
    base = desk(size=SMALL)
    for place, picture in enumerate([base, with_message(base), with_message(base, (330, 190))]):
        save(tmp_path / "in", f"2026-11-21_09-0{place}-00.png", picture)

    found = run(tmp_path / "in", "--move-similar-to", tmp_path / "out")

    assert found["similar"][1]["similar_to"] == found["similar"][0]["file"]
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["2026-11-21_09-00-00.png"]


def test_the_result_can_go_to_a_file(folder: Path, tmp_path: Path) -> None:
    call_command("screens", folder, json=tmp_path / "out.json", stderr=StringIO())

    assert json.loads((tmp_path / "out.json").read_text())["counts"]["kept"] == 3


def test_a_device_that_is_not_there_is_refused_before_anything_is_read(folder: Path) -> None:
    with pytest.raises(CommandError, match="'cuda:99' cannot be used here"):
        run(folder, "--device", "cuda:99")


def test_folders_that_cannot_be_used_are_refused_with_a_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        run(tmp_path / "nothing")
    with pytest.raises(CommandError, match="Say which folder"):
        run()
    with pytest.raises(CommandError, match="lies inside"):
        run(folder, "--move-to", folder / "duplicates")


def test_screens_larger_than_the_one_decode_are_compared_whole_too(tmp_path: Path) -> None:
    wide = desk(size=(3840, 1080))
    save(tmp_path, "2026-11-21_09-00-00.png", wide)
    save(tmp_path, "2026-11-21_09-01-00.png", with_message(wide))
    save(tmp_path, "2026-11-21_09-02-00.png", desk(clock="13:00", size=(3840, 1080)))

    half, full = run(tmp_path), run(tmp_path, "--full")

    assert half["counts"] == full["counts"] == {"kept": 1, "duplicate": 1, "similar": 1}


def test_a_screen_too_large_for_full_size_is_an_error_of_its_own(tmp_path: Path) -> None:
    save(tmp_path, "2026-11-21_09-00-00.png", flat((6000, 3600), (20, 30, 40)))

    (error,) = run(tmp_path, "--full")["errors"]

    assert f"limit is {SENT_LIMIT_MEGAPIXELS} megapixels" in error["why"]
    assert run(tmp_path)["counts"]["kept"] == 1
