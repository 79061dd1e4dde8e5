"""What a JPEG XL file says of its picture, read from its bits before any decoder sees it.

The container's boxes are those of ISO/IEC 18181-2, the fields of the codestream those of ISO/IEC 18181-1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CODESTREAM_SIGNATURE = b"\xff\x0a"
_CONTAINER_BYTES = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
# The header with every optional field and some extra channels takes some hundred bytes.
_HEADER_BYTES = 4096
_MOST_BOXES = 4096
_MOST_EXTRA_CHANNELS = 64

# The numbers in U32 fields: (constant,) or (least value, bits).
_Choice = tuple[int] | tuple[int, int]
_SIZE: tuple[_Choice, ...] = ((1, 9), (1, 13), (1, 18), (1, 30))
_ENUM: tuple[_Choice, ...] = ((0,), (1,), (2, 4), (18, 6))
_XY: tuple[_Choice, ...] = ((0, 19), (524288, 19), (1048576, 20), (2097152, 21))
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))

_ALPHA, _SPOT, _COLOUR_FILTER = 0, 2, 5
_GREY, _XYB = 1, 2
_CUSTOM = 2

Point = tuple[float, float]
D65: Point = (0.3127, 0.3290)
_WHITES = {1: D65, 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
SRGB_PRIMARIES: tuple[Point, ...] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_PRIMARIES = {
    1: SRGB_PRIMARIES,
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2100
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # P3
}
SRGB_TRANSFER, LINEAR_TRANSFER, BT709_TRANSFER, DCI_TRANSFER = 13, 8, 1, 17


@dataclass(frozen=True)
class JxlColour:
    """What the numbers of a picture mean: chromaticities of white, red, green and blue, and the transfer function,
    by its number in the standard, or by its exponent `gamma` (encoded = linear ** gamma) where that is not 0."""

    white: Point = D65
    primaries: tuple[Point, ...] = SRGB_PRIMARIES
    transfer: int = SRGB_TRANSFER
    gamma: float = 0.0


@dataclass(frozen=True)
class JxlHeader:
    """width, height: upright, in pixels. colour: None where an ICC profile inside the codestream says it, which
    only a decoder can read. is_transcoded: the file keeps a JPEG, to the byte."""

    width: int
    height: int
    is_animated: bool
    is_float: bool
    bits: int
    bands: int
    has_premultiplied_alpha: bool
    is_xyb: bool
    colour: JxlColour | None
    is_transcoded: bool = False
    boxes: tuple[tuple[bytes, int, int], ...] = ()


def read_jxl_header(path: Path) -> JxlHeader:
    """Return the header of the JPEG XL file at `path`. ValueError where it makes no sense."""
    with path.open("rb") as file:
        if file.read(2) == CODESTREAM_SIGNATURE:
            return _codestream_header(file.read(_HEADER_BYTES))
    boxes = tuple(_boxes(path))
    start = b""
    for kind, at, length in boxes:
        if kind in (b"jxlc", b"jxlp") and len(start) < _HEADER_BYTES:
            index_bytes = 4 if kind == b"jxlp" else 0
            start += bytes_at(path, at + index_bytes, min(length - index_bytes, _HEADER_BYTES))
    if not start.startswith(CODESTREAM_SIGNATURE):
        raise ValueError("there is no picture in its container")
    return _codestream_header(start[2:], boxes)


def bytes_at(path: Path, at: int, count: int) -> bytes:
    """`count` bytes of a file, fewer at its end."""
    with path.open("rb") as file:
        file.seek(at)
        return file.read(max(0, count))


def _boxes(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and length of the content of each box."""
    end = path.stat().st_size
    at = len(_CONTAINER_BYTES)
    for _ in range(_MOST_BOXES):
        head = bytes_at(path, at, 16)
        if len(head) < 8:
            return
        length, head_bytes = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, head_bytes = int.from_bytes(head[8:16], "big"), 16
        if length == 0:
            length = end - at
        if length < head_bytes:
            return
        yield head[4:8], at + head_bytes, min(length - head_bytes, end - at - head_bytes)
        at += length


class _Bits:
    """Fields of a codestream, from the lowest bit of each byte."""

    def __init__(self, content: bytes) -> None:
        self._number = int.from_bytes(content, "little")
        self._left = 8 * len(content)

    def take(self, count: int) -> int:
        if count > self._left:
            raise ValueError("its header is cut off")
        value = self._number & ((1 << count) - 1)
        self._number >>= count
        self._left -= count
        return value

    def flag(self) -> bool:
        return bool(self.take(1))

    def u32(self, choices: tuple[_Choice, ...]) -> int:
        choice = choices[self.take(2)]
        return choice[0] if len(choice) == 1 else choice[0] + self.take(choice[1])

    def signed(self) -> int:
        packed = self.u32(_XY)
        return packed >> 1 if packed % 2 == 0 else -((packed + 1) >> 1)


def _codestream_header(content: bytes, boxes: tuple[tuple[bytes, int, int], ...] = ()) -> JxlHeader:
    bits = _Bits(content)
    width, height = _size(bits, _SIZE, least=1)
    facts = {"is_transcoded": any(kind == b"jbrd" for kind, *_ in boxes), "boxes": boxes}
    if bits.flag():  # every field has its usual value
        return JxlHeader(width, height, False, False, 8, 3, False, True, JxlColour(), **facts)  # type: ignore[arg-type]
    orientation, is_animated = _extra_fields(bits) if bits.flag() else (1, False)
    is_float, depth = _bit_depth(bits)
    bits.flag()  # 16 bits suffice for the decoder's buffers
    channels = bits.u32(((0,), (1,), (2, 4), (1, 12)))
    if channels > _MOST_EXTRA_CHANNELS:
        raise ValueError("it has more channels than a picture can need")
    alphas = [premultiplied for _ in range(channels) if (premultiplied := _extra_channel(bits)) is not None]
    is_xyb = bits.flag()
    is_grey, colour = _colour(bits)
    turned = orientation >= 5
    return JxlHeader(
        width=height if turned else width,
        height=width if turned else height,
        is_animated=is_animated,
        is_float=is_float,
        bits=depth,
        bands=(1 if is_grey else 3) + bool(alphas),
        has_premultiplied_alpha=any(alphas),
        is_xyb=is_xyb,
        colour=colour,
        **facts,  # type: ignore[arg-type]
    )


def _size(bits: _Bits, choices: tuple[_Choice, ...], *, least: int) -> tuple[int, int]:
    """A SizeHeader: the height, and the width by itself or by a ratio."""
    is_small = bits.flag()

    def number() -> int:
        return 8 * (least + bits.take(5)) if is_small else bits.u32(choices)

    height = number()
    ratio = bits.take(3)
    if ratio == 0:
        return number(), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _extra_fields(bits: _Bits) -> tuple[int, bool]:
    """Orientation (as in EXIF), and whether it is an animation."""
    orientation = 1 + bits.take(3)
    if bits.flag():
        _size(bits, _SIZE, least=1)
    if bits.flag():
        _skip_preview_size(bits)
    is_animated = bits.flag()
    if is_animated:
        bits.u32(((100,), (1000,), (1, 10), (1, 30)))
        bits.u32(((1,), (1001,), (1, 8), (1, 10)))
        bits.u32(((0,), (0, 3), (0, 16), (0, 32)))
        bits.flag()
    return orientation, is_animated


def _skip_preview_size(bits: _Bits) -> None:
    is_small = bits.flag()
    choices: tuple[_Choice, ...] = (
        ((16,), (32,), (1, 5), (33, 9)) if is_small else ((1, 6), (65, 8), (321, 10), (1345, 12))
    )
    bits.u32(choices)
    if bits.take(3) == 0:
        bits.u32(choices)


def _bit_depth(bits: _Bits) -> tuple[bool, int]:
    is_float = bits.flag()
    if not is_float:
        return False, bits.u32(((8,), (10,), (12,), (1, 6)))
    depth = bits.u32(((32,), (16,), (24,), (1, 6)))
    bits.take(4)
    return True, depth


def _extra_channel(bits: _Bits) -> bool | None:
    """For an alpha channel, whether the colours were multiplied by it; None for any other kind."""
    if bits.flag():
        return False  # an alpha channel with every usual value
    kind = bits.u32(_ENUM)
    _bit_depth(bits)
    bits.u32(((0,), (3,), (4,), (1, 3)))
    bits.take(8 * bits.u32(((0,), (0, 4), (16, 5), (48, 10))))  # its name
    if kind == _ALPHA:
        return bits.flag()
    if kind == _SPOT:
        bits.take(4 * 16)
    if kind == _COLOUR_FILTER:
        bits.u32(((1,), (0, 2), (3, 4), (19, 8)))
    return None


def _colour(bits: _Bits) -> tuple[bool, JxlColour | None]:
    """Whether it is grey, and what its numbers mean."""
    if bits.flag():
        return False, JxlColour()
    has_profile = bits.flag()
    space = bits.u32(_ENUM)
    if has_profile:
        return space == _GREY, None
    if space == _XYB:
        return False, JxlColour()
    white = bits.u32(_ENUM)
    white_at = _point(bits) if white == _CUSTOM else _WHITES.get(white, D65)
    primaries = SRGB_PRIMARIES
    if space != _GREY:
        known = bits.u32(_ENUM)
        primaries = (
            tuple(_point(bits) for _ in range(3))
            if known == _CUSTOM
            else _PRIMARIES.get(known, SRGB_PRIMARIES)
        )
    gamma = bits.take(24) / 1e7 if bits.flag() else 0.0
    transfer = SRGB_TRANSFER if gamma else bits.u32(_ENUM)
    return space == _GREY, JxlColour(white_at, primaries, transfer, gamma)


def _point(bits: _Bits) -> Point:
    return bits.signed() / 1e6, bits.signed() / 1e6
