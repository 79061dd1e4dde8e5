"""The quick way of decoding JPEGs gives what the patient one gives, and leaves what is at fault to it."""

from pathlib import Path

import numpy as np
import pytest
import pyvips

from gallery.imaging.decode import open_picture
from gallery.imaging.jpeg import Unsound, decode_sound, shrink_for
from tests.imaging.files import in_file
from tests.pictures import jpeg_bytes, scene


def test_the_scale_is_the_smallest_power_of_two_that_holds_the_side() -> None:
    assert [shrink_for(side, 1440) for side in (1000, 2879, 2880, 5759, 5760, 11520, 60000)] == [
        1, 1, 2, 2, 4, 8, 8,
    ]  # fmt: skip


@pytest.mark.parametrize(("size", "shrink"), [((1200, 900), 1), ((3001, 2003), 2), ((6000, 37), 4)])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_pixels_equal_those_of_libvips(
    tmp_path: Path, size: tuple[int, int], shrink: int, options: dict[str, int]
) -> None:
    path = in_file(tmp_path, jpeg_bytes(scene(1, size), **options))
    quick = decode_sound(path, *size, shrink=shrink)
    patient = pyvips.Image.jpegload(str(path), shrink=shrink).numpy()
    assert quick.shape == patient.shape
    assert np.abs(quick.astype(int) - patient.astype(int)).mean() < 0.5


@pytest.mark.parametrize("kept_share", [0.1, 0.5, 0.99])
def test_a_cut_file_is_not_sound(tmp_path: Path, kept_share: float) -> None:
    content = jpeg_bytes(scene(2, (640, 480)))
    path = in_file(tmp_path, content[: int(len(content) * kept_share)])
    with pytest.raises(Unsound):
        decode_sound(path, 640, 480, shrink=1)


def test_grey_comes_as_three_equal_bands(tmp_path: Path) -> None:
    picture = open_picture(in_file(tmp_path, jpeg_bytes(scene(3, (320, 240)).convert("L"))))
    rgb = picture.rgb(320)
    assert rgb.shape == (240, 320, 3)
    assert np.array_equal(rgb[:, :, 0], rgb[:, :, 2])


def test_cmyk_takes_the_patient_way(tmp_path: Path) -> None:
    path = in_file(tmp_path, jpeg_bytes(scene(3, (320, 240)).convert("CMYK")))
    assert open_picture(path).rgb(320).shape == (240, 320, 3)
