"""How coarsely a picture was saved as a JPEG."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.imaging.compression import quality_of_file, quality_of_pixels
from tests.pictures import decoded, flat, jpeg_bytes, png_bytes, scene


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(decoded(content).convert("L"))


def test_the_quality_of_a_jpeg_is_read_from_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    for quality in (10, 25, 40, 50, 60, 75, 85, 92, 98):
        path.write_bytes(jpeg_bytes(scene(1, (64, 48)), quality=quality))
        found = quality_of_file(path)
        assert found is not None
        assert abs(found - quality) <= 2


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xdb\x00", b"\xff\xd8\xff\xdb\x00\x43\x00ab"]
)
def test_a_file_without_whole_tables_has_no_quality(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    assert quality_of_file(path) is None


@pytest.mark.parametrize("quality", [30, 50, 70])
def test_pixels_show_how_coarsely_they_were_saved_before(quality: int) -> None:
    poor = decoded(jpeg_bytes(scene(3), quality))
    for again in (png_bytes(poor), jpeg_bytes(poor, 95)):
        found = quality_of_pixels(pixels(again))
        assert found is not None
        assert abs(found - quality) <= 3


def test_a_crop_still_shows_it() -> None:
    poor = decoded(jpeg_bytes(scene(4), 30)).crop((13, 21, 500, 400))
    found = quality_of_pixels(pixels(png_bytes(poor)))
    assert found is not None
    assert abs(found - 30) <= 3


def test_what_was_never_saved_coarsely_shows_nothing() -> None:
    for image in (
        scene(5),
        decoded(jpeg_bytes(scene(6), 95)),
        flat((300, 200), (9, 90, 200)),
        flat((3, 2), (0, 0, 0)),
    ):
        assert quality_of_pixels(np.asarray(image.convert("L"))) is None


def test_scaling_wipes_it_out() -> None:
    poor = decoded(jpeg_bytes(scene(7), 40)).resize((500, 375), Image.Resampling.LANCZOS)
    assert quality_of_pixels(np.asarray(poor.convert("L"))) is None
