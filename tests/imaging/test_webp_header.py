"""The size of a WebP is known before its decoder reserves memory."""

from pathlib import Path

import pytest

from gallery.imaging.webp_header import webp_size
from tests.pictures import encoded, exif_bytes, flat, sticker


@pytest.mark.parametrize("size", [(1, 1), (300, 200), (37, 4000)])
def test_the_size_in_each_kind_of_header_is_read(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = flat(size, (9, 200, 30))
    path = tmp_path / "picture.webp"
    for content in (
        encoded(picture, "WEBP"),
        encoded(picture, "WEBP", lossless=True),
        encoded(picture, "WEBP", exif=exif_bytes(1)),
        encoded(sticker(1, size), "WEBP", lossless=True),
    ):
        path.write_bytes(content)
        assert webp_size(path) == size


@pytest.mark.parametrize("length", [0, 12, 19])
def test_a_cut_header_claims_nothing(tmp_path: Path, length: int) -> None:
    path = tmp_path / "picture.webp"
    path.write_bytes(encoded(flat((40, 30), (1, 2, 3)), "WEBP")[:length])
    assert webp_size(path) == (0, 0)
