"""Files that are cut off behind what a decoder needs for the first picture."""

import struct
from pathlib import Path

import pytest

from gallery.imaging.decode import open_picture
from gallery.imaging.endings import ends_early
from gallery.imaging.sniff import PictureFormat
from tests.pictures import encoded, gif_bytes, scene

FRAMES = [scene(seed, (60, 40)) for seed in range(4)]


def apng() -> bytes:
    return encoded(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:])


@pytest.mark.parametrize("content", [gif_bytes(FRAMES), apng()], ids=["gif", "apng"])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.9])
def test_an_animation_that_lacks_later_frames_is_damaged(
    tmp_path: Path, content: bytes, share: float
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content[: int(len(content) * share)])
    picture = open_picture(path)
    assert picture.damaged
    assert picture.rgb(60).any()
    path.write_bytes(content)
    assert not open_picture(path).damaged


@pytest.mark.parametrize("content", [gif_bytes(FRAMES)[:-1], gif_bytes(FRAMES[:1]) + bytes(40)])
def test_a_gif_without_its_last_byte_or_with_more_behind_it_is_whole(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content)
    assert not open_picture(path).damaged


def heic(*boxes: tuple[bytes, int]) -> bytes:
    return b"".join(struct.pack(">I4s", length + 8, kind) + bytes(length) for kind, length in boxes)


@pytest.mark.parametrize(
    ("cut", "early"), [(0, False), (1, True), (400, True)], ids=["whole", "one byte less", "half"]
)
def test_a_heic_whose_picture_data_are_cut_is_told(tmp_path: Path, cut: int, early: bool) -> None:
    path = tmp_path / "picture.heic"
    content = heic((b"ftyp", 16), (b"meta", 200), (b"mdat", 800))
    path.write_bytes(content[: len(content) - cut])
    assert ends_early(path, PictureFormat.HEIC) is early


def test_what_a_phone_appends_to_a_heic_is_no_cut(tmp_path: Path) -> None:
    path = tmp_path / "picture.heic"
    path.write_bytes(heic((b"ftyp", 16), (b"mdat", 800)) + b"\x00\x01\x00\x00SEFH" + bytes(50))
    assert not ends_early(path, PictureFormat.HEIC)
