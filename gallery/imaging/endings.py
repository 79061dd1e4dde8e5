"""Whether a file ends before its last part, where decoders are content with the parts that are there."""

import mmap
from pathlib import Path

from gallery.imaging.sniff import PictureFormat

_MOST_BOXES = 4096
_MOST_CHUNKS = 1_000_000
# Boxes of an ISO media file that hold pictures or say where they are; trailing data of phones may look like others.
_NEEDED_BOXES = (b"meta", b"mdat", b"moov")
_GIF_HEAD_BYTES, _GIF_FRAME_HEAD_BYTES = 13, 10
_EXTENSION, _FRAME = 0x21, 0x2C


def ends_early(path: Path, picture_format: PictureFormat) -> bool:
    """Tell whether the file at `path` is cut off: a box of a HEIC or AVIF, a later frame of a GIF or of an APNG."""
    checks = {
        PictureFormat.HEIC: _boxes_end_early,
        PictureFormat.AVIF: _boxes_end_early,
        PictureFormat.GIF: _frames_end_early,
        PictureFormat.PNG: _animation_ends_early,
    }
    if picture_format not in checks:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return checks[picture_format](content)


def _boxes_end_early(content: mmap.mmap) -> bool:
    """ISO/IEC 14496-12: length, name, content."""
    at = 0
    for _ in range(_MOST_BOXES):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if length == 1:
            length = int.from_bytes(content[at + 8 : at + 16], "big")
        if length < 8:  # 0: to the end of the file
            return False
        at += length
        if at > len(content):
            return kind in _NEEDED_BOXES
    return False


def _animation_ends_early(content: mmap.mmap) -> bool:
    """An APNG without its end chunk. In a still PNG, the pixels tell."""
    at, is_animated = 8, False
    for _ in range(_MOST_CHUNKS):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        is_animated = is_animated or kind == b"acTL"
        if kind == b"IEND" or (kind == b"IDAT" and not is_animated):
            return False
        at += length + 12
        if at > len(content) or not kind:
            return is_animated
    return False


def _frames_end_early(content: mmap.mmap) -> bool:
    """GIF89a: extensions and frames, each a head and blocks of up to 255 bytes. Many files lack the last byte."""
    try:
        at = _GIF_HEAD_BYTES + _table_bytes(content[10])
        while at < len(content) and content[at] in (_EXTENSION, _FRAME):
            head = (
                2 if content[at] == _EXTENSION else _GIF_FRAME_HEAD_BYTES + _table_bytes(content[at + 9]) + 1
            )
            at += head
            while (length := content[at]) > 0:
                at += 1 + length
            at += 1
    except IndexError:
        return True
    return False


def _table_bytes(flags: int) -> int:
    """The length of a colour table, 0 without one."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
