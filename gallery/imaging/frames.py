"""Messages between the guard and its child: msgpack behind a length of 4 bytes, little-endian.

Never pickle: what comes from the child may have been written by a hostile file that took it over.
"""

from typing import Any, BinaryIO

import msgpack

# Three previews and a fingerprint take 2 MB; more than this is nonsense from a broken child.
FRAME_LIMIT_BYTES = 64 * 2**20
LENGTH_BYTES = 4

Message = dict[str, Any]


class BadFrame(Exception):
    """What arrived is not a message."""


def packed(message: Message) -> bytes:
    """Return `message` as one frame."""
    body: bytes = msgpack.packb(message, use_bin_type=True)
    return len(body).to_bytes(LENGTH_BYTES, "little") + body


def body_length(prefix: bytes) -> int:
    """Return how many bytes follow a frame's `prefix`. Raises BadFrame above the limit."""
    length = int.from_bytes(prefix, "little")
    if length > FRAME_LIMIT_BYTES:
        raise BadFrame(f"a message of {length} bytes")
    return length


def unpacked(body: bytes) -> Message:
    """Return the message in a frame's `body`. Raises BadFrame."""
    try:
        message = msgpack.unpackb(body, raw=False)
    except ValueError as error:  # msgpack's own errors and UnicodeDecodeError are all ValueErrors
        raise BadFrame("a message that cannot be read") from error
    if not isinstance(message, dict):
        raise BadFrame("a message that is no mapping")
    return message


def read_frame(stream: BinaryIO) -> Message | None:
    """Read the next message of a blocking stream, None at its end. Raises BadFrame."""
    prefix = stream.read(LENGTH_BYTES)
    if len(prefix) < LENGTH_BYTES:
        return None
    length = body_length(prefix)
    body = stream.read(length)
    return unpacked(body) if len(body) == length else None
