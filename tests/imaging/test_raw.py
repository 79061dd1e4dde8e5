"""Camera RAW: told from TIFF, shown by the preview inside, measured by the sensor."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.imaging import metadata
from gallery.imaging.pixels import pixels_equal
from gallery.imaging.sniff import PictureFormat, Refused, sniff_file
from tests.imaging.files import mean_difference, opened
from tests.pictures import encoded, flat, pixels, scene
from tests.raws import dng_bytes

SENSOR = (1600, 1200)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_preview_inside_stands_for_the_sensors_picture(tmp_path: Path, order: str) -> None:
    preview = scene(2, (1440, 1080))
    picture = opened(tmp_path, dng_bytes(scene(1, SENSOR), preview=preview, order=order))
    assert picture.sniffed.media_type == "image/x-adobe-dng"
    assert (picture.width, picture.height) == SENSOR
    assert not picture.damaged and picture.warnings == []
    assert mean_difference(picture.rgb(1440), pixels(preview)) < 6


@pytest.mark.parametrize("preview_size", [None, (160, 120)])
def test_without_a_large_preview_the_sensors_data_are_developed(
    tmp_path: Path, preview_size: tuple[int, int] | None
) -> None:
    shot = scene(1, SENSOR)
    preview = flat(preview_size, (9, 9, 9)) if preview_size else None
    picture = opened(tmp_path, dng_bytes(shot, preview=preview))
    assert (picture.width, picture.height) == SENSOR
    half = np.asarray(shot.resize((800, 600), Image.Resampling.BOX))
    assert mean_difference(picture.rgb(1440), half) < 12


def test_a_small_preview_is_better_than_nothing_where_the_sensor_is_beyond_the_limit(tmp_path: Path) -> None:
    preview = scene(2, (160, 120))
    shot = scene(1, (320, 240))
    picture = opened(tmp_path, dng_bytes(shot, preview=preview, claimed_size=(9000, 6000)))
    assert (picture.width, picture.height) == (9000, 6000)
    assert mean_difference(picture.rgb(160), pixels(preview)) < 12
    with pytest.raises(Refused, match="the limit is 50 megapixels for a camera RAW without a large preview"):
        opened(tmp_path, dng_bytes(shot, claimed_size=(9000, 6000)))
    with pytest.raises(Refused, match="the limit is 400 megapixels"):
        opened(tmp_path, dng_bytes(shot, preview=preview, claimed_size=(30000, 20000)))


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
@pytest.mark.parametrize("with_preview", [True, False])
def test_the_orientation_in_the_raw_file_turns_its_picture(
    tmp_path: Path, orientation: int, turns: int, with_preview: bool
) -> None:
    shot = scene(3, SENSOR)
    content = dng_bytes(shot, preview=shot if with_preview else None, orientation=orientation)
    picture = opened(tmp_path, content)
    assert (picture.width, picture.height) == (SENSOR if turns % 2 == 0 else SENSOR[::-1])
    long_side = 1440 if with_preview else 800
    size = (long_side, long_side * 3 // 4)
    expected = np.rot90(np.asarray(shot.resize(size, Image.Resampling.BOX)), turns)
    assert mean_difference(picture.rgb(1440), expected) < 12


def test_a_preview_that_the_camera_turned_is_not_turned_again(tmp_path: Path) -> None:
    shot = scene(3, SENSOR)
    turned = shot.transpose(Image.Transpose.ROTATE_270)
    picture = opened(tmp_path, dng_bytes(shot, preview=turned, orientation=6))
    assert (picture.width, picture.height) == (1200, 1600)
    assert mean_difference(picture.rgb(720), pixels(turned.resize((540, 720), Image.Resampling.BOX))) < 12


def test_what_the_camera_wrote_is_read_from_the_raw_file(tmp_path: Path) -> None:
    found = metadata.compute(opened(tmp_path, dng_bytes(scene(1, SENSOR), preview=scene(1, SENSOR))))
    assert (found["camera"], found["lens"]) == ("Likeness Obscura One", "Pinhole 24 mm")
    assert found["taken_at"] == "2024-05-06T07:08:09"
    near_the_start = dng_bytes(scene(1, (320, 240)))
    early = metadata.compute(opened(tmp_path, near_the_start))
    assert (early["camera"], early["taken_at"]) == (found["camera"], found["taken_at"])


def test_a_cut_raw_file_is_damaged_or_refused_but_never_ready(tmp_path: Path) -> None:
    content = dng_bytes(scene(1, SENSOR), preview=scene(1, SENSOR))
    for length in (100, len(content) // 2, len(content) - 300):
        try:
            assert opened(tmp_path, content[:length]).damaged
        except Refused as refusal:
            assert "cannot be decoded" in refusal.reason


@pytest.mark.parametrize("preview_size", [(160, 120), (1440, 1080)])
def test_a_raw_file_without_all_of_its_sensors_data_is_damaged_and_shows_its_preview(
    tmp_path: Path, preview_size: tuple[int, int]
) -> None:
    preview = scene(2, preview_size)
    picture = opened(tmp_path, dng_bytes(scene(1, (640, 480)), preview=preview, claimed_size=SENSOR))
    assert picture.damaged
    assert picture.warnings[0].startswith("The picture is damaged")
    assert mean_difference(picture.rgb(preview.width), pixels(preview)) < 12


def test_shots_of_the_same_numbers_are_equal_and_no_other_kind_of_file_is(tmp_path: Path) -> None:
    shot, changed = scene(1, (640, 480)), scene(1, (640, 480))
    changed.putpixel((100, 100), (1, 2, 3))
    files = {
        "a.dng": dng_bytes(shot, preview=shot),
        "rated.dng": dng_bytes(shot, preview=shot, software=b"another"),
        "other.dng": dng_bytes(changed, preview=shot),
        "turned.dng": dng_bytes(shot, preview=shot, orientation=3),
        "preview.jpg": encoded(shot, "JPEG"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    def equal(name: str) -> bool:
        return pixels_equal(tmp_path / "a.dng", tmp_path / name, opened=lambda *_: None)

    assert [name for name in files if equal(name)] == ["a.dng", "rated.dng"]


def test_a_directory_at_the_end_of_the_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "late.dng"
    path.write_bytes(dng_bytes(scene(1, (320, 240))))
    assert sniff_file(path).format is PictureFormat.RAW
