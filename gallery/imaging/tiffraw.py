"""Tells camera RAW that is built like a TIFF from a true TIFF, by the tags in its directories."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

# (at, count) -> the bytes there, fewer or none where the file, or what is known of it, ends.
Reader = Callable[[int, int], bytes]

_NEW_SUBFILE_TYPE, _PHOTOMETRIC, _MAKE = 0x00FE, 0x0106, 0x010F
_SUB_IFDS, _DNG_VERSION = 0x014A, 0xC612
_REDUCED_RESOLUTION = 1
# PhotometricInterpretation of sensor data (Adobe DNG 1.7): a colour filter array, and LinearRaw.
_RAW_PHOTOMETRICS = (32803, 34892)
_SHORT, _LONG = 3, 4
_ENTRY_BYTES = 12
# Real directories have some 60 entries and 5 sub-directories.
_MOST_ENTRIES = 512
_MOST_SUB_IFDS = 8

_MAKERS = (
    (b"NIKON", "nef"),
    (b"SONY", "arw"),
    (b"PENTAX", "pef"),
    (b"RICOH", "pef"),
    (b"SAMSUNG", "srw"),
    (b"HASSELBLAD", "3fr"),
    (b"PHASE ONE", "iiq"),
    (b"OLYMPUS", "orf"),
)


@dataclass(frozen=True)
class _Entry:
    """A directory's entry: how many values, and the bytes of the value or of its offset."""

    kind: int
    count: int
    field: bytes


class _Tiff:
    """The directories of a classic TIFF (TIFF 6.0, section 2)."""

    def __init__(self, read: Reader, *, little_endian: bool) -> None:
        self.read = read
        self._little = little_endian

    def number(self, content: bytes) -> int:
        return int.from_bytes(content, "little" if self._little else "big")

    def directory(self, at: int) -> dict[int, _Entry]:
        count = min(self.number(self.read(at, 2)), _MOST_ENTRIES)
        return dict(self._entries(self.read(at + 2, count * _ENTRY_BYTES)))

    def _entries(self, table: bytes) -> Iterator[tuple[int, _Entry]]:
        for at in range(0, len(table) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            tag, kind = self.number(table[at : at + 2]), self.number(table[at + 2 : at + 4])
            yield tag, _Entry(kind, self.number(table[at + 4 : at + 8]), table[at + 8 : at + _ENTRY_BYTES])

    def value(self, entry: _Entry | None) -> int | None:
        """The single small number of an entry."""
        if entry is None:
            return None
        return self.number(entry.field[:2] if entry.kind == _SHORT else entry.field)

    def offsets(self, entry: _Entry) -> list[int]:
        """The file offsets that an entry lists, as far as they can be read."""
        if entry.count == 1:
            return [self.number(entry.field)]
        listed = self.read(self.number(entry.field), 4 * min(entry.count, _MOST_SUB_IFDS))
        return [self.number(listed[at : at + 4]) for at in range(0, len(listed) - 3, 4)]

    def text(self, entry: _Entry | None) -> bytes:
        if entry is None or entry.count <= 4:
            return b""
        return self.read(self.number(entry.field), min(entry.count, 32))


def tiff_raw_kind(read: Reader) -> str | None:
    """Return the usual extension of the camera RAW format, "raw" for one of no known maker, or None for a true TIFF
    or no TIFF at all."""
    head = read(0, 12)
    if head[:4] not in (b"II*\x00", b"MM\x00*"):
        return None
    if head[8:10] == b"CR":
        return "cr2"
    if head[8:12] == b"IIII":
        return "iiq"
    tiff = _Tiff(read, little_endian=head[:2] == b"II")
    tags = tiff.directory(tiff.number(head[4:8]))
    if _DNG_VERSION in tags:
        return "dng"
    return _kind_by_maker(tiff.text(tags.get(_MAKE))) if _holds_sensor_data(tiff, tags) else None


def _holds_sensor_data(tiff: _Tiff, tags: dict[int, _Entry]) -> bool:
    """Sensor data in the first directory (PEF), or beside a camera's preview in a sub-directory (NEF, ARW): an
    ordinary TIFF has neither."""
    if tiff.value(tags.get(_PHOTOMETRIC)) in _RAW_PHOTOMETRICS:
        return True
    listed = tags.get(_SUB_IFDS)
    if listed is None or _MAKE not in tags:
        return False
    if tiff.value(tags.get(_NEW_SUBFILE_TYPE)) == _REDUCED_RESOLUTION:
        return True
    below = (tiff.directory(at) for at in tiff.offsets(listed))
    return any(tiff.value(each.get(_PHOTOMETRIC)) in _RAW_PHOTOMETRICS for each in below)


def _kind_by_maker(make: bytes) -> str:
    return next((kind for maker, kind in _MAKERS if make.upper().startswith(maker)), "raw")
