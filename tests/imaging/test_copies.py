"""What the whole pixels of two copies tell."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from gallery.imaging.copies import compare_copies
from gallery.imaging.guard import GuardedDecoder
from tests.pictures import jpeg_bytes, png_bytes, scene


def ignore(width: int, height: int) -> None:
    """For those who need not know the size."""


def compared(folder: Path, one: bytes, other: bytes, *, aligned: bool = True) -> dict[str, object]:
    first, second = folder / "first", folder / "second"
    first.write_bytes(one)
    second.write_bytes(other)
    return dict(compare_copies(first, second, aligned=aligned, opened=ignore))


@pytest.mark.parametrize(
    ("times", "how"),
    [
        (1.5, Image.Resampling.BICUBIC),
        (1.5, Image.Resampling.LANCZOS),
        (2, Image.Resampling.BICUBIC),
        (2, Image.Resampling.LANCZOS),
        (2, Image.Resampling.NEAREST),
    ],
)
def test_a_picture_that_is_only_enlarged_agrees(tmp_path: Path, times: float, how: Image.Resampling) -> None:
    picture = scene(1, (480, 360))
    larger = picture.resize((round(480 * times), round(360 * times)), how)
    found = compared(tmp_path, png_bytes(picture), jpeg_bytes(larger, 92))["enlarged"]
    assert isinstance(found, float)
    assert found > 0.6


def test_an_original_does_not_agree_with_its_smaller_copy(tmp_path: Path) -> None:
    picture = scene(2, (960, 720))
    smaller = picture.resize((480, 360), Image.Resampling.LANCZOS)
    found = compared(tmp_path, png_bytes(picture), png_bytes(smaller))["enlarged"]
    assert isinstance(found, float)
    assert found < 0.4


def test_pictures_of_one_size_or_not_edge_to_edge_are_not_compared(tmp_path: Path) -> None:
    picture = scene(3)
    assert compared(tmp_path, png_bytes(picture), jpeg_bytes(picture))["enlarged"] is None
    half = png_bytes(picture.resize((320, 240)))
    assert compared(tmp_path, png_bytes(picture), half, aligned=False)["enlarged"] is None


def test_the_qualities_are_those_of_the_coarsest_saves(tmp_path: Path) -> None:
    picture = scene(4)
    poor = Image.open(_file(tmp_path, jpeg_bytes(picture, 40)))
    saved = compared(tmp_path, jpeg_bytes(picture, 92), jpeg_bytes(poor, 95))["saved"]
    assert saved == [pytest.approx(92, abs=1), pytest.approx(40, abs=3)]


def test_the_sharper_one_is_told(tmp_path: Path) -> None:
    picture = scene(5)
    soft = png_bytes(picture.filter(ImageFilter.GaussianBlur(1)))
    assert compared(tmp_path, png_bytes(picture), soft)["sharper"] == pytest.approx(4, abs=3)
    assert compared(tmp_path, soft, png_bytes(picture))["sharper"] == pytest.approx(0.25, abs=0.2)


def test_letters_do_not_make_a_soft_picture_a_sharper_one(tmp_path: Path) -> None:
    soft = scene(7).filter(ImageFilter.GaussianBlur(1))
    marked = soft.copy()
    ImageDraw.Draw(marked).text((60, 200), "When it is Monday", "white", font_size=48)
    found = compared(tmp_path, jpeg_bytes(soft, 90), jpeg_bytes(marked, 95))
    assert found["overlaid"] == 1
    assert found["sharper"] == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("size", [(320, 240), (448, 336)])
def test_what_a_softer_copy_lacks_is_no_overlay(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = scene(8)
    again = picture.resize(size).resize(picture.size)
    assert compared(tmp_path, png_bytes(picture), png_bytes(again))["overlaid"] is None
    assert compared(tmp_path, png_bytes(again), png_bytes(picture))["overlaid"] is None


def test_the_guarded_child_answers_the_same_and_nothing_for_what_is_no_picture(tmp_path: Path) -> None:
    direct = compared(tmp_path, png_bytes(scene(6)), jpeg_bytes(scene(6), 50))
    with GuardedDecoder() as decoder:
        assert decoder.compare_copies(tmp_path / "first", tmp_path / "second", aligned=True) == direct
        (tmp_path / "second").write_bytes(b"no picture")
        assert decoder.compare_copies(tmp_path / "first", tmp_path / "second", aligned=True) is None


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "poor.jpg"
    path.write_bytes(content)
    return path
