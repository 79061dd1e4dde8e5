"""Files become smaller without a change of pixels or metadata, or are left alone."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from gallery.imaging.guard import DeathCause, DecoderDied
from gallery.imaging.jpeg_parts import JpegParts
from gallery.imaging.optimise import LEAST_SHARE_SAVED
from gallery.imaging.optimise_guard import GuardedOptimiser, LeftAlone
from gallery.imaging.png_parts import PngParts
from tests.pictures import decoded, exif_bytes, jpeg_bytes, png_bytes, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = (320, 240)
FIRST_SEGMENT = 2
XMP = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


@pytest.fixture(scope="module")
def guarded() -> Iterator[GuardedOptimiser]:
    with GuardedOptimiser() as optimiser:
        yield optimiser


@pytest.fixture
def optimised(guarded: GuardedOptimiser, tmp_path: Path) -> Optimised:
    return Optimised(guarded, tmp_path)


class Optimised:
    """Calls the guarded optimiser on bytes."""

    def __init__(self, guarded: GuardedOptimiser, folder: Path) -> None:
        self.guarded, self.folder = guarded, folder

    def __call__(self, content: bytes) -> bytes:
        (self.folder / "old").write_bytes(content)
        self.guarded.optimise(self.folder / "old", self.folder / "new")
        return (self.folder / "new").read_bytes()

    def reason(self, content: bytes) -> str:
        with pytest.raises(LeftAlone) as left:
            self(content)
        return str(left.value)


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:FIRST_SEGMENT] + b"".join(segments) + jpeg[FIRST_SEGMENT:]


def chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def with_chunk(png: bytes, before: bytes, new: bytes) -> bytes:
    """The PNG with a further chunk before the first one of a name."""
    place = png.index(before) - 4
    return png[:place] + new + png[place:]


def raw(content: bytes) -> NDArray[Any]:
    """The samples as the decoder gives them: no turn, no colour management."""
    image = pyvips.Image.new_from_buffer(content, "", fail_on="error")
    return np.asarray(image.numpy())


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    return jpeg_bytes(scene(3, SIZE).convert(mode), **options)


def loose_png(mode: str = "RGB", **options: Any) -> bytes:
    return png_bytes(scene(3, SIZE).convert(mode), compress_level=1, **options)


def deep_png() -> bytes:
    values = np.add.outer(np.arange(240) * 200, np.arange(320) * 60).astype(np.uint16)
    image = pyvips.Image.new_from_array(values)
    return bytes(image.copy(interpretation="grey16").pngsave_buffer(compression=1, bitdepth=16))


def interlaced_png() -> bytes:
    image = pyvips.Image.new_from_buffer(loose_png(), "")
    return bytes(image.pngsave_buffer(compression=1, interlace=True))


PICTURES = {
    "baseline JPEG": jpeg(),
    "progressive JPEG": jpeg(progressive=True, quality=85),
    "grey JPEG": jpeg("L"),
    "CMYK JPEG": jpeg("CMYK"),
    "JPEG with restart intervals": jpeg(restart_marker_rows=1),
    "JPEG of all colours": jpeg(subsampling=0),
    "RGB PNG": loose_png(),
    "PNG with transparency": loose_png("RGBA"),
    "PNG with a palette": loose_png("P"),
    "16-bit PNG": deep_png(),
    "interlaced PNG": interlaced_png(),
}


@pytest.mark.parametrize("name", [name for name in PICTURES if name != "progressive JPEG"])
def test_the_smaller_file_has_the_same_samples(optimised: Optimised, name: str) -> None:
    content = PICTURES[name]

    smaller = optimised(content)

    assert len(smaller) <= len(content) * (1 - LEAST_SHARE_SAVED)
    assert np.array_equal(raw(smaller), raw(content))
    assert raw(smaller).dtype == raw(content).dtype
    assert decoded(smaller).mode == decoded(content).mode


def test_a_progressive_jpeg_keeps_its_samples_or_is_left_alone(optimised: Optimised) -> None:
    content = PICTURES["progressive JPEG"]
    try:
        assert np.array_equal(raw(optimised(content)), raw(content))
    except LeftAlone as reason:
        assert str(reason) == "The file is as small as it gets."


def test_every_segment_of_metadata_stays_byte_by_byte(optimised: Optimised) -> None:
    icc = profile()
    plain = jpeg(exif=exif_bytes(6, Model="Pinhole"), icc_profile=icc, comment=b"a word")
    content = with_segments(plain, segment(0xE1, XMP), segment(0xED, b"Photoshop 3.0\x00 and more"))

    smaller = optimised(content)

    assert JpegParts.of(smaller).metadata == JpegParts.of(content).metadata
    assert len(JpegParts.of(smaller).metadata) >= 5
    assert decoded(smaller).info["icc_profile"] == icc


def test_a_camera_jpeg_without_jfif_gets_none(optimised: Optimised) -> None:
    whole = JpegParts.of(jpeg(exif=exif_bytes(8)))
    content = whole.with_metadata(tuple(part for part in whole.metadata if part[1] != 0xE0))

    smaller = optimised(content)

    assert [part[1] for part in JpegParts.of(smaller).metadata] == [0xE1]
    assert np.array_equal(raw(smaller), raw(content))


def test_every_other_chunk_of_a_png_stays_byte_by_byte(optimised: Optimised) -> None:
    content = loose_png(icc_profile=profile(), exif=exif_bytes(3))
    content = with_chunk(content, b"IDAT", chunk(b"tEXt", b"Comment\x00before"))
    content = with_chunk(content, b"IEND", chunk(b"tEXt", b"Comment\x00behind"))
    content = with_chunk(content, b"IEND", chunk(b"prVt", b"of some program"))

    smaller = optimised(content)

    assert PngParts.of(smaller).others() == PngParts.of(content).others()
    names = [part[4:8] for part in (*PngParts.of(smaller).before, *PngParts.of(smaller).behind)]
    assert {b"iCCP", b"eXIf", b"tEXt", b"prVt"} <= set(names)
    assert names.count(b"tEXt") == 2


def animated_png() -> bytes:
    file = io.BytesIO()
    frames = [scene(seed, SIZE) for seed in (1, 2)]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:], compress_level=1)
    return file.getvalue()


LEFT = {
    "bytes behind a JPEG": (jpeg() + b"MotionPhoto", "more bytes behind"),
    "a second picture behind a JPEG": (jpeg() + jpeg(), "more bytes behind"),
    "several pictures in a JPEG": (
        with_segments(jpeg(), segment(0xE2, b"MPF\x00II*\x00")),
        "several pictures",
    ),
    "a signed JPEG": (with_segments(jpeg(), segment(0xEB, b"JP\x00\x01jumb")), "signed"),
    "a JPEG that ends early": (jpeg()[:-500], "ends early"),
    "a comment behind the scans": (jpeg()[:-2] + segment(0xFE, b"late") + b"\xff\xd9", "unusual"),
    "bytes behind a PNG": (loose_png() + b"more", "more bytes behind"),
    "an animated PNG": (animated_png(), "animated"),
    "a PNG that says where its samples lie": (
        with_chunk(loose_png(), b"IDAT", chunk(b"iDOT", bytes(28))),
        "compressed samples",
    ),
    "a signed PNG": (with_chunk(loose_png(), b"IDAT", chunk(b"caBX", b"jumb")), "signed"),
    "a PNG that ends early": (loose_png()[:-900], "ends early"),
    "a GIF": (b"GIF89a" + bytes(20), "JPEG and PNG"),
    "a PNG that is small already": (png_bytes(Image.new("1", (1, 1)), optimize=True), "as small as it gets"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_unusual_is_left_alone(optimised: Optimised, name: str) -> None:
    content, reason = LEFT[name]
    assert reason in optimised.reason(content)


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(png_bytes(scene(3, (4000, 3000)), compress_level=1))
    with GuardedOptimiser(time_limit_seconds=0.05) as hasty, pytest.raises(DecoderDied) as death:
        hasty.optimise(tmp_path / "old", tmp_path / "new")
    assert death.value.cause is DeathCause.TIME
