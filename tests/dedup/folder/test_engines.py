"""The simple engines: each finds what it can, in the order of distances, without a table of all pairs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dedup.folder.engines import SIMPLE_ENGINES
from dedup.folder.nearest import BLOCK_ROWS, colour_distance, near_colours, near_hashes
from dedup.folder.parts import Filters
from tests.dedup.folder.folders import fill, groups, lossless, names, photo, run, smaller
from tests.pictures import flat, png_bytes, text_page

COPIES = {
    ("1-again.jpg", "1.jpg"),
    ("1-again.jpg", "1.png"),
    ("1.jpg", "1.png"),
    ("2-half.jpg", "2.jpg"),
}


def thumbnails(seed: int, count: int) -> NDArray[np.uint8]:
    """Random thumbnails, of which some are near each other."""
    random = np.random.default_rng(seed)
    base = random.integers(0, 256, (count // 2, 1200))
    moved = np.clip(base + random.integers(-4, 5, base.shape), 0, 255)
    return np.concatenate([base, moved]).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(1, 6):
        fill(folder, {f"{seed}.jpg": photo(seed)})
    return fill(folder, {"1.png": lossless(photo(1)), "2-half.jpg": smaller(2), "1-again.jpg": photo(1, 75)})


@pytest.mark.parametrize("engine", sorted(SIMPLE_ENGINES))
def test_resized_and_recompressed_copies_are_found_nearest_first(
    engine: str, pictures: Path, tmp_path: Path
) -> None:
    result = run(pictures, tmp_path / "shelf", engine=engine)

    distances = [pair.distance for pair in result.pairs]
    more = set(names(result)) - COPIES
    assert names(result).keys() >= COPIES
    assert not more or engine == "average"  # which is known to collide
    assert distances == sorted(distance or 0.0 for distance in distances)
    assert ("1.jpg", "1.png", 0.0) in [(p.low.name, p.high.name, p.distance) for p in result.pairs]


def test_three_pictures_at_no_distance_are_one_group(tmp_path: Path) -> None:
    content = photo(6)
    folder = fill(tmp_path / "pictures", {"a.jpg": content, "b.png": lossless(content), "c.jpg": content})

    result = run(folder, tmp_path / "shelf", engine="colour", distance=0.0)

    assert [sorted(group) for group in groups(result)] == [["a.jpg", "b.png", "c.jpg"]]


def test_black_and_white_are_far_apart(tmp_path: Path) -> None:
    folder = fill(
        tmp_path / "pictures",
        {
            name: png_bytes(flat((60, 60), (level,) * 3))
            for name, level in {"black": 0, "white": 255, "nearly": 254}.items()
        },
    )

    result = run(folder, tmp_path / "shelf", engine="colour")

    assert set(names(result)) == {("nearly", "white")}


def test_average_hashes_collide_on_pages_of_text_and_perceptual_ones_do_not(tmp_path: Path) -> None:
    folder = fill(tmp_path / "pictures", {f"{seed}.png": png_bytes(text_page(seed)) for seed in range(8)})

    assert run(folder, tmp_path / "shelf", engine="average", distance=10).pairs
    assert run(folder, tmp_path / "shelf", engine="perceptual").pairs == []


def test_unrelated_pictures_of_one_size_are_compared_and_not_paired(tmp_path: Path) -> None:
    folder = fill(
        tmp_path / "pictures",
        {"a.jpg": photo(7), "b.jpg": photo(8), "c.jpg": photo(7, 80), "d.jpg": smaller(7)},
    )

    result = run(folder, tmp_path / "shelf", engine="perceptual", filters=Filters(same_size=True))

    assert result.counts["compared"] == 3
    assert set(names(result)) == {("a.jpg", "c.jpg")}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([40.0, 100.0, 160.0, 4000.0]))
def test_looking_coarsely_first_loses_no_pair(seed: int, radius: float) -> None:
    table = thumbnails(seed, 40)

    found = {(i, j): distance for i, j, distance in near_colours(table, radius)}

    expected = {
        (i, j): distance
        for i in range(len(table))
        for j in range(i + 1, len(table))
        if (distance := colour_distance(table[i], table[j])) <= radius
    }
    assert found == expected


def test_hashes_are_compared_across_blocks_each_pair_once() -> None:
    random = np.random.default_rng(1)
    table = random.integers(0, 256, (2 * BLOCK_ROWS + 10, 9), dtype=np.uint8)
    table[5] = table[BLOCK_ROWS + 3] = table[-1]
    table[5, 8] ^= 0b101

    found = sorted(near_hashes(table, 3))

    last = len(table) - 1
    assert found == [(5, BLOCK_ROWS + 3, 2.0), (5, last, 2.0), (BLOCK_ROWS + 3, last, 0.0)]
