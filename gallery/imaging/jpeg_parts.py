"""The segments of a JPEG (ITU T.81, annex B): what codes the picture, and what is said about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from gallery.imaging.unusual import LeftAlone

_START = b"\xff\xd8"
_END_OF_IMAGE = 0xD9
_START_OF_SCAN = 0xDA
_COMMENT = 0xFE
_FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive, all with Huffman codes."""
_CODING = _FRAMES | {0xC4, 0xDB, 0xDD}
"""Beside frames the tables of codes and of quantisation, and the restart interval."""
_EIGHT_BITS = 8
# In a scan a marker is 0xFF before anything but a stuffed zero, a restart marker and a fill byte.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SIGNED = 0xEB
"""APP11 holds JUMBF boxes: a signature over the bytes of the file (C2PA) or a second layer (JPEG XT)."""
_PICTURE_LIST = b"MPF\x00"
"""APP2 of a file that holds several pictures, found by their distance from here (CIPA DC-007)."""


@dataclass(frozen=True)
class JpegParts:
    """A JPEG taken apart: metadata (APPn and COM segments, in order), tables and frame, and the scans to the end.

    frame: the payload of the frame segment: precision, size, components.
    """

    metadata: tuple[bytes, ...]
    coding: bytes
    frame: bytes
    scans: bytes

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Take a JPEG apart. Raises LeftAlone for one that is broken or unusual."""
        if not content.startswith(_START):
            raise LeftAlone("The JPEG does not begin as one.")
        metadata: list[bytes] = []
        coding: list[bytes] = []
        frame = b""
        place = len(_START)
        while (marker := _marker_at(content, place)) != _START_OF_SCAN:
            segment = _segment_at(content, place)
            (metadata if _is_metadata(marker) else coding).append(segment)
            _require_usual(marker, segment)
            if marker in _FRAMES:
                frame = segment[4:]
            place += len(segment)
        _require_plain_scans(content, place)
        return cls(tuple(metadata), b"".join(coding), frame, content[place:])

    def with_metadata(self, metadata: tuple[bytes, ...]) -> bytes:
        """The whole file, with these segments of metadata instead of its own."""
        return _START + b"".join(metadata) + self.coding + self.scans


def _is_metadata(marker: int) -> bool:
    return 0xE0 <= marker <= 0xEF or marker == _COMMENT


def _marker_at(content: bytes, place: int) -> int:
    if len(content) < place + 4 or content[place] != 0xFF:
        raise LeftAlone("The JPEG is broken or ends early.")
    return content[place + 1]


def _segment_at(content: bytes, place: int) -> bytes:
    end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    if end < place + 4 or end > len(content):
        raise LeftAlone("The JPEG is broken or ends early.")
    return content[place:end]


def _require_usual(marker: int, segment: bytes) -> None:
    """Raises LeftAlone for segments whose meaning a change of the scans could break."""
    if not _is_metadata(marker) and marker not in _CODING:
        raise LeftAlone("The JPEG is coded in an unusual way.")
    if marker in _FRAMES and segment[4:5] != bytes([_EIGHT_BITS]):
        raise LeftAlone("The JPEG has more than 8 bits a sample.")
    if marker == _SIGNED:
        raise LeftAlone("The JPEG is signed or has a second layer.")
    if segment[4:8] == _PICTURE_LIST:
        raise LeftAlone("The JPEG holds several pictures.")


def _require_plain_scans(content: bytes, place: int) -> None:
    """Raises LeftAlone unless from `place` there are scans and tables alone, then the end of image and of the file."""
    while True:
        place += len(_segment_at(content, place))
        found = _NEXT_MARKER.search(content, place)
        if found is None:
            raise LeftAlone("The JPEG ends early.")
        place, marker = found.start(), content[found.start() + 1]
        if marker == _END_OF_IMAGE:
            if place + 2 != len(content):
                raise LeftAlone("The JPEG has more bytes behind its picture.")
            return
        if marker not in {_START_OF_SCAN, *_CODING}:
            raise LeftAlone("The JPEG is coded in an unusual way.")
