"""The similarity of what two pictures both show."""

from pathlib import Path

import numpy as np
import pytest

from dedup.compare.overlap import Canvas
from dedup.folder.two import compare_files, overlap_similarity
from tests.dedup.folder.folders import SIZE, fill, photo, smaller
from tests.pictures import jpeg_bytes, pixels, scene


def canvas(seed: int, other: int, shared: float) -> Canvas:
    """Two pictures of which a part of the rows (0..1), from the top, belongs to both."""
    low, high = pixels(scene(seed, SIZE)), pixels(scene(other, SIZE))
    valid = np.zeros(low.shape[:2], np.bool_)
    valid[: round(shared * len(valid))] = True
    same = np.where(valid[..., None], low, high)
    return Canvas(low, same, valid, shared, shared, np.eye(2, 3), np.eye(2, 3))


def test_what_only_one_of_them_shows_does_not_count() -> None:
    assert overlap_similarity(canvas(1, 2, 0.5)) == pytest.approx(1.0)


def test_what_differs_counts_by_its_share_of_what_both_show() -> None:
    whole = canvas(1, 2, 0.5)
    all_shared = Canvas(whole.low, whole.high, np.ones_like(whole.valid), 1, 1, np.eye(2, 3), np.eye(2, 3))
    changed = overlap_similarity(all_shared)
    assert changed is not None
    assert changed < 0.8


def test_without_anything_in_common_there_is_none() -> None:
    assert overlap_similarity(canvas(1, 2, 0.0)) is None


def test_pictures_of_half_the_size_have_the_same_verdicts(tmp_path: Path) -> None:
    """Comparing at half the size tells the same."""
    half = SIZE[0] // 2, SIZE[1] // 2
    fill(tmp_path, {"a.jpg": photo(3), "b.jpg": photo(3, 60), "c.jpg": photo(4)})
    fill(
        tmp_path,
        {
            f"half-{name}": jpeg_bytes(scene(seed, SIZE).resize(half), quality)
            for name, seed, quality in (("a.jpg", 3, 90), ("b.jpg", 3, 60), ("c.jpg", 4, 90))
        },
    )

    for one, other in (("a.jpg", "b.jpg"), ("a.jpg", "c.jpg")):
        whole = compare_files(tmp_path / one, tmp_path / other)
        small = compare_files(tmp_path / f"half-{one}", tmp_path / f"half-{other}")
        assert (whole.verdict is None) == (small.verdict is None)
        if whole.verdict is not None and small.verdict is not None:
            assert whole.verdict.kind == small.verdict.kind


def test_the_same_picture_is_as_similar_at_half_the_size(tmp_path: Path) -> None:
    fill(tmp_path, {"a.jpg": photo(5), "b.jpg": smaller(5), "c.jpg": photo(6)})

    found = compare_files(tmp_path / "a.jpg", tmp_path / "b.jpg")
    other = compare_files(tmp_path / "a.jpg", tmp_path / "c.jpg")

    assert found.half_similarity is not None and found.half_similarity > 0.9
    assert other.half_similarity is not None and other.half_similarity < 0.6
