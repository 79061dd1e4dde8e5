"""Writes a minimal DNG (Adobe DNG 1.4), as a camera would: a JPEG preview, EXIF, and the sensor's data."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.pictures import jpeg_bytes

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SRATIONAL = 1, 2, 3, 4, 5, 10
_FORMATS = {_BYTE: "B", _ASCII: "B", _SHORT: "H", _LONG: "I"}
# From XYZ under D65 to linear sRGB: the sensor of this camera sees the colours of sRGB.
_XYZ_TO_SRGB = (
    3.2404542,
    -1.5371385,
    -0.4985314,
    -0.9692660,
    1.8760108,
    0.0415560,
    0.0556434,
    -0.2040259,
    1.0572252,
)

Value = Sequence[int] | Sequence[float] | bytes


@dataclass
class _File:
    """A growing TIFF: directories refer to what was put before them."""

    order: str
    content: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.content += (b"II*\0" if self.order == "<" else b"MM\0*") + bytes(4)

    def put(self, blob: bytes) -> int:
        self.content += bytes(len(self.content) % 2)
        at = len(self.content)
        self.content += blob
        return at

    def _packed(self, kind: int, value: Value) -> bytes:
        if kind in (_RATIONAL, _SRATIONAL):
            letter = "I" if kind == _RATIONAL else "i"
            return b"".join(
                struct.pack(f"{self.order}2{letter}", round(part * 10**6), 10**6) for part in value
            )
        return struct.pack(f"{self.order}{len(value)}{_FORMATS[kind]}", *value)

    def directory(self, tags: dict[int, tuple[int, Value]]) -> int:
        entries = []
        for tag, (kind, value) in sorted(tags.items()):
            packed = self._packed(kind, value)
            count = len(value)
            field_ = (
                packed.ljust(4, b"\0")
                if len(packed) <= 4
                else struct.pack(f"{self.order}I", self.put(packed))
            )
            entries.append(struct.pack(f"{self.order}HHI", tag, kind, count) + field_)
        return self.put(struct.pack(f"{self.order}H", len(entries)) + b"".join(entries) + bytes(4))


def dng_bytes(
    scene: Image.Image,
    *,
    preview: Image.Image | None = None,
    preview_exif: bytes = b"",
    orientation: int = 1,
    order: str = "<",
    make: bytes = b"Likeness",
    software: bytes = b"tests",
    claimed_size: tuple[int, int] | None = None,
) -> bytes:
    """`scene` as the sensor sees it through an RGGB filter, 16 bits, with `preview` as the embedded JPEG. The
    directories come last. `claimed_size` is a lie about the size of the sensor."""
    file = _File(order)
    width, height = claimed_size or scene.size
    data = file.put(mosaic(scene).astype(f"{order}u2").tobytes())
    raw = file.directory({
        0x00FE: (_LONG, [0]), 0x0100: (_LONG, [width]), 0x0101: (_LONG, [height]), 0x0102: (_SHORT, [16]),
        0x0103: (_SHORT, [1]), 0x0106: (_SHORT, [32803]), 0x0111: (_LONG, [data]), 0x0115: (_SHORT, [1]),
        0x0116: (_LONG, [height]), 0x0117: (_LONG, [width * height * 2]), 0x011C: (_SHORT, [1]),
        0x828D: (_SHORT, [2, 2]), 0x828E: (_BYTE, [0, 1, 1, 2]), 0xC61A: (_SHORT, [0]), 0xC61D: (_SHORT, [65535]),
    })  # fmt: skip
    exif = file.directory({0x9003: (_ASCII, b"2024:05:06 07:08:09\0"), 0xA434: (_ASCII, b"Pinhole 24 mm\0")})
    first: dict[int, tuple[int, Value]] = {
        0x010F: (_ASCII, make + b"\0"), 0x0110: (_ASCII, b"Obscura One\0"), 0x0112: (_SHORT, [orientation]),
        0x0131: (_ASCII, software + b"\0"), 0x014A: (_LONG, [raw]), 0x8769: (_LONG, [exif]),
        0xC612: (_BYTE, [1, 4, 0, 0]), 0xC614: (_ASCII, b"Likeness Obscura One\0"),
        0xC621: (_SRATIONAL, _XYZ_TO_SRGB), 0xC628: (_RATIONAL, [1.0, 1.0, 1.0]), 0xC65A: (_SHORT, [21]),
    }  # fmt: skip
    if preview is not None:
        jpeg = jpeg_bytes(preview, exif=preview_exif)
        at = file.put(jpeg)
        first |= {
            0x00FE: (_LONG, [1]), 0x0100: (_LONG, [preview.width]), 0x0101: (_LONG, [preview.height]),
            0x0102: (_SHORT, [8, 8, 8]), 0x0103: (_SHORT, [7]), 0x0106: (_SHORT, [6]), 0x0111: (_LONG, [at]),
            0x0115: (_SHORT, [3]), 0x0116: (_LONG, [preview.height]), 0x0117: (_LONG, [len(jpeg)]),
        }  # fmt: skip
    start = file.directory(first)
    file.content[4:8] = struct.pack(f"{order}I", start)
    return bytes(file.content)


def mosaic(scene: Image.Image) -> NDArray[np.uint16]:
    """One linear 16-bit number for each place, under a red, green or blue filter."""
    light = (np.asarray(scene.convert("RGB")) / 255.0) ** 2.2
    rows, columns = np.arange(light.shape[0])[:, None], np.arange(light.shape[1])[None]
    colour = (rows % 2) + (columns % 2)  # 0 red, 1 green, 2 blue
    return np.round(np.take_along_axis(light, colour[:, :, None], axis=2)[:, :, 0] * 65535).astype(np.uint16)
