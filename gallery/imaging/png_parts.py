"""The chunks of a PNG (W3C PNG, third edition, 5): its samples, and everything else."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Self

from gallery.imaging.unusual import LeftAlone

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = b"IDAT"
_END = b"IEND"
_FRAME_BYTES = 12
"""Length, name and check sum of a chunk."""
_INTERLACE_PLACE = 8 + 12
_HEADER_BYTES = 8 + 13 + 4
_ABOUT_SAMPLES = (b"IHDR", b"PLTE", b"tRNS")
_UNUSUAL = {
    b"acTL": "The PNG is animated.",
    b"fcTL": "The PNG is animated.",
    b"fdAT": "The PNG is animated.",
    b"iDOT": "The PNG says where parts of its compressed samples lie.",
    b"CgBI": "The PNG is of a kind that only some devices read.",
    b"caBX": "The PNG is signed.",
}


@dataclass(frozen=True)
class PngParts:
    """A PNG taken apart: the chunks before its samples and behind them as they are, and the compressed samples."""

    before: tuple[bytes, ...]
    samples: bytes
    behind: tuple[bytes, ...]

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Take a PNG apart. Raises LeftAlone for one that is broken or unusual."""
        chunks = _chunks_of(content)
        places = [place for place, chunk in enumerate(chunks) if _name(chunk) == _SAMPLES]
        if not places or _name(chunks[0]) != b"IHDR" or len(chunks[0]) != _HEADER_BYTES:
            raise LeftAlone("The PNG has no samples, or no header before them.")
        first, end = places[0], places[-1] + 1
        if len(places) != end - first:
            raise LeftAlone("The PNG has other chunks among its samples.")
        samples = b"".join(chunk[8:-4] for chunk in chunks[first:end])
        return cls(tuple(chunks[:first]), samples, tuple(chunks[end:]))

    @property
    def is_interlaced(self) -> bool:
        """What the last byte of the header says."""
        return self.before[0][_INTERLACE_PLACE] != 0

    def others(self) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """All chunks but the samples."""
        return self.before, self.behind

    def kinds_of_samples(self) -> list[bytes]:
        """The chunks that say what the samples mean."""
        return [chunk for chunk in self.before if _name(chunk) in _ABOUT_SAMPLES]

    def with_samples(self, samples: bytes) -> bytes:
        """The whole file with these compressed samples instead of its own."""
        return b"".join((_SIGNATURE, *self.before, _chunk(_SAMPLES, samples), *self.behind))


def _name(chunk: bytes) -> bytes:
    return chunk[4:8]


def _chunks_of(content: bytes) -> list[bytes]:
    if not content.startswith(_SIGNATURE):
        raise LeftAlone("The PNG does not begin as one.")
    chunks: list[bytes] = []
    place = len(_SIGNATURE)
    while not chunks or _name(chunks[-1]) != _END:
        end = place + _FRAME_BYTES + int.from_bytes(content[place : place + 4], "big")
        if end > len(content):
            raise LeftAlone("The PNG ends early.")
        chunks.append(content[place:end])
        if reason := _UNUSUAL.get(_name(chunks[-1])):
            raise LeftAlone(reason)
        place = end
    if place != len(content):
        raise LeftAlone("The PNG has more bytes behind its picture.")
    return chunks


def _chunk(name: bytes, payload: bytes) -> bytes:
    check = zlib.crc32(name + payload).to_bytes(4, "big")
    return len(payload).to_bytes(4, "big") + name + payload + check
