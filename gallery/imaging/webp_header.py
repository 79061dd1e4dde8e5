"""The size that a WebP claims. libwebp reserves memory for all of it before it tells."""

from pathlib import Path

_HEAD_BYTES = 30
# Behind "RIFF", a length, "WEBP", the name of the first chunk and its length (WebP Container Specification).
_CHUNK_NAME, _CHUNK_BODY = 12, 20
_14_BITS = 0x3FFF


def webp_size(path: Path) -> tuple[int, int]:
    """Return the width and the height in the header of the WebP at `path`; (0, 0) where there are none."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).ljust(_HEAD_BYTES, b"\0")
    kind, body = head[_CHUNK_NAME : _CHUNK_NAME + 4], head[_CHUNK_BODY:]
    if kind == b"VP8X":
        return 1 + _number(body[4:7]), 1 + _number(body[7:10])
    if kind == b"VP8L":
        packed = _number(body[1:5])
        return 1 + (packed & _14_BITS), 1 + (packed >> 14 & _14_BITS)
    if kind == b"VP8 ":
        return _number(body[6:8]) & _14_BITS, _number(body[8:10]) & _14_BITS
    return 0, 0


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")
