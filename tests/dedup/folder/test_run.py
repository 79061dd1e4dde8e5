"""What a run over a folder finds, and what it leaves alone."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dedup.compare.kinds import Kind
from dedup.folder import likeness
from dedup.folder.parts import Filters, Scope
from dedup.folder.run import Options, find_duplicates
from dedup.folder.shelf import Shelf
from gallery.imaging.guard import GuardedDecoder
from tests.compare.drawing import another_moment, cropped
from tests.dedup.folder.folders import SIZE, fill, groups, lossless, names, photo, run, smaller
from tests.pictures import exif_bytes, jpeg_bytes, png_bytes, scene


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    return made


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


def test_one_picture_in_other_containers_and_with_other_metadata_is_one_group(
    folder: Path, shelf: Path
) -> None:
    original = photo(1)
    tagged = jpeg_bytes(scene(1, SIZE), 90, exif=exif_bytes(Make="Camera"))
    fill(folder, {"a.jpg": original, "b.jpg": tagged, "c.png": lossless(original), "d.jpg": original})
    fill(folder, {"other.jpg": photo(2)})

    result = run(folder, shelf)

    pairs = [(a, b) for a in "abc" for b in "bcd" if a < b]
    full = {"a": "a.jpg", "b": "b.jpg", "c": "c.png", "d": "d.jpg"}
    assert names(result) == {(full[a], full[b]): "identical-pixels" for a, b in pairs}
    assert [sorted(group) for group in groups(result)] == [sorted(full.values())]


def test_one_changed_pixel_is_never_identical(folder: Path, shelf: Path) -> None:
    whole = scene(3, SIZE).convert("RGB")
    changed = whole.copy()
    red, green, blue = np.asarray(whole)[100, 100].tolist()
    changed.putpixel((100, 100), (red ^ 1, green, blue))
    fill(folder, {"a.png": png_bytes(whole), "b.png": png_bytes(changed)})

    assert names(run(folder, shelf)) == {("a.png", "b.png"): "same-picture"}


def test_what_cannot_be_read_is_an_error_and_equal_to_nothing(folder: Path, shelf: Path) -> None:
    cut = photo(4)[:3000]
    fill(folder, {"a.jpg": cut, "b.jpg": cut, "c.jpg": b"no picture at all", "d.jpg": b""})

    result = run(folder, shelf)

    assert (result.pairs, result.groups) == ([], [])
    assert [problem.file for problem in result.problems] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert "damaged" in result.problems[0].why
    assert "text" in result.problems[2].why


def test_a_file_is_what_its_content_says(folder: Path, shelf: Path) -> None:
    picture = scene(5, SIZE)
    fill(folder, {"really-png.jpg": png_bytes(picture), "without-suffix": jpeg_bytes(picture, 80)})

    assert names(run(folder, shelf)) == {("really-png.jpg", "without-suffix"): "same-picture"}


def test_hidden_files_and_links_are_passed_over(folder: Path, shelf: Path) -> None:
    fill(folder, {"a.jpg": photo(6), ".gitkeep": b"", ".hidden.jpg": photo(6), ".thumbs/a.jpg": photo(6)})
    (folder / "link.jpg").symlink_to(folder / "a.jpg")

    result = run(folder, shelf)

    assert (result.counts["files"], result.pairs, result.problems) == (1, [], [])


def test_a_name_that_is_no_text_is_an_error_and_the_others_go_on(folder: Path, shelf: Path) -> None:
    fill(folder, {"a.jpg": photo(6), "b.jpg": photo(6)})
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(photo(6))

    result = run(folder, shelf)

    assert [problem.file for problem in result.problems] == ["caf\udce9.jpg"]
    assert json.dumps(result.to_json()).isascii()
    assert len(result.pairs) == 1


def test_folders_below_are_looked_at_unless_told_otherwise(folder: Path, shelf: Path) -> None:
    fill(folder, {"a.jpg": photo(7), "deep/er/b.jpg": photo(7)})

    assert groups(run(folder, shelf)) == [["a.jpg", "deep/er/b.jpg"]]
    assert run(folder, shelf, recursive=False).counts["files"] == 1


def test_pairs_across_folders_are_found_only_when_all_are_compared_together(
    folder: Path, shelf: Path
) -> None:
    fill(folder, {"one/a.jpg": photo(8), "one/b.jpg": smaller(8), "two/a.jpg": photo(8), "top.jpg": photo(8)})

    apart = run(folder, shelf, filters=Filters(scope=Scope.FOLDER))
    together = run(folder, shelf)

    assert set(names(apart)) == {("one/a.jpg", "one/b.jpg")}
    assert len(together.pairs) == 6


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(same_size=True), {("a.jpg", "b.jpg"), ("c.jpg", "d.jpg")}),
        (Filters(same_file_size=True), set()),
    ],
)
def test_prefilters_leave_out_what_differs_in_size_and_keep_all_groups(
    folder: Path, shelf: Path, filters: Filters, found: set[tuple[str, str]]
) -> None:
    fill(folder, {"a.jpg": photo(9), "b.jpg": photo(9, 70), "c.jpg": photo(10), "d.jpg": photo(10, 70)})
    fill(folder, {"half.jpg": smaller(9)})

    assert set(names(run(folder, shelf, filters=filters))) == found


def test_a_copy_with_another_dpi_tag_is_missed_by_file_size_and_found_by_its_pixels(
    folder: Path, shelf: Path
) -> None:
    fill(folder, {"a.jpg": photo(11), "b.jpg": photo(11, dpi=(300, 300), comment=b"scanned")})

    assert names(run(folder, shelf, filters=Filters(same_file_size=True))) == {}
    assert names(run(folder, shelf)) == {("a.jpg", "b.jpg"): "identical-pixels"}


def test_shots_of_another_moment_are_pairs_and_never_a_group(folder: Path, shelf: Path) -> None:
    one, other = another_moment(12)
    fill(folder, {"a.jpg": jpeg_bytes(one), "b.jpg": jpeg_bytes(other)})

    result = run(folder, shelf)

    assert names(result) == {("a.jpg", "b.jpg"): "near-shot"}
    assert result.groups == []


def test_kinds_that_are_left_out_are_neither_listed_nor_grouped(folder: Path, shelf: Path) -> None:
    crop = jpeg_bytes(cropped(scene(13, SIZE), 0.1, 0.1, 0.8, 0.8))
    fill(folder, {"a.jpg": photo(13), "b.jpg": crop, "c.jpg": photo(13)})

    everything = run(folder, shelf)
    without_bytes = run(folder, shelf, kinds=frozenset(Kind) - {Kind.IDENTICAL_PIXELS})
    only_bytes = run(folder, shelf, kinds=frozenset({Kind.IDENTICAL_PIXELS}))

    assert set(names(everything).values()) == {"identical-pixels", "crop"}
    assert names(without_bytes) == {("a.jpg", "b.jpg"): "crop"}
    assert groups(only_bytes) == [["a.jpg", "c.jpg"]]


def test_the_keeper_is_the_one_with_most_detail_and_says_so(folder: Path, shelf: Path) -> None:
    fill(folder, {"a-small.jpg": smaller(14), "b-large.jpg": photo(14), "c-tiny.jpg": smaller(14, 0.4)})

    result = run(folder, shelf)

    assert groups(result) == [["b-large.jpg", "a-small.jpg", "c-tiny.jpg"]]
    assert "most detail" in result.groups[0].why[0]


def test_one_and_several_processes_find_the_same(folder: Path, shelf: Path) -> None:
    for seed in range(20, 24):
        fill(folder, {f"{seed}.jpg": photo(seed), f"{seed}-half.jpg": smaller(seed), f"{seed}.png": b"no"})

    alone, in_company = run(folder, shelf, jobs=1), run(folder, shelf.with_name("other"), jobs=2)

    assert len(alone.pairs) == 4
    assert [alone.to_json()[part] for part in ("pairs", "groups", "errors")] == [
        in_company.to_json()[part] for part in ("pairs", "groups", "errors")
    ]


def test_the_second_run_with_a_cache_decodes_only_what_is_new(
    folder: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, {"a.jpg": photo(15), "b.jpg": smaller(15), "c.jpg": b"no picture"})
    first = run(folder, shelf)
    decoded_files: list[str] = []
    analyse = GuardedDecoder.analyse

    def counted(self: GuardedDecoder, path: Path, *rest: object) -> object:
        decoded_files.append(path.name)
        return analyse(self, path, *rest)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(GuardedDecoder, "analyse", counted)
    fill(folder, {"moved/a.jpg": photo(15), "new.jpg": photo(16)})
    second = run(folder, shelf)

    assert decoded_files == ["new.jpg"]
    assert set(names(first)) < set(names(second))
    assert second.problems == first.problems


def test_a_file_that_changed_is_read_anew(folder: Path, shelf: Path) -> None:
    fill(folder, {"a.jpg": photo(17), "b.jpg": photo(17)})
    assert len(run(folder, shelf).pairs) == 1

    fill(folder, {"b.jpg": photo(18)})

    assert run(folder, shelf).pairs == []


def test_a_file_that_takes_too_much_memory_harms_no_other(folder: Path, shelf: Path) -> None:
    bomb = png_bytes(Image.new("L", (30_000, 20_000)))
    fill(folder, {"a.jpg": photo(19), "b.png": bomb, "c.jpg": photo(19, 80)})

    result = run(folder, shelf)

    assert names(result) == {("a.jpg", "c.jpg"): "same-picture"}
    assert [problem.file for problem in result.problems] == ["b.png"]


def test_of_very_many_equal_files_only_the_first_has_the_pairs(folder: Path, shelf: Path) -> None:
    content = photo(25)
    fill(folder, {f"{number:02}.jpg": content for number in range(40)})

    result = run(folder, shelf)

    assert len(result.pairs) == 39
    assert [len(group) for group in groups(result)] == [40]


def test_progress_counts_to_all_pairs_once_these_are_known_and_by_pictures_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "SORTED_PAIRS", 2)
    monkeypatch.setattr(likeness, "CHUNK_PAIRS", 1)
    folder = fill(tmp_path / "in", {f"{quality}.jpg": photo(1, quality) for quality in (60, 70, 80, 90)})
    steps: list[tuple[str, int, int]] = []
    with Shelf(tmp_path / "shelf") as shelf:
        result = find_duplicates(Options(folder), shelf, lambda *step: steps.append(step))

    compared = [step for step in steps if step[0].startswith("compared")]
    assert compared[-1] == ("compared", 6, 6)
    assert result.counts["compared"] == 6
    assert compared[0] == ("compared 1 pairs; looked up", 3, 4)
    assert all(done <= total for _, done, total in steps)
