"""Makes an ICC profile (ICC.1:2010) from chromaticities and a curve, for formats that name their colours by numbers
instead of carrying a profile."""

import struct
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

# The white of the profile connection space, D50 (ICC.1:2010, 7.2.16).
_D50 = np.array([0.9642, 1.0, 0.8249])
# From XYZ to the responses of the eye's cones (Lam, Bradford).
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class Curve:
    """From a number to light: ((1 - offset) * x + offset) ** gamma from `break_at` on, slope * x below."""

    gamma: float
    offset: float = 0.0
    slope: float = 0.0
    break_at: float = 0.0

    @classmethod
    def srgb(cls) -> Self:
        """IEC 61966-2-1."""
        return cls(gamma=2.4, offset=0.055 / 1.055, slope=1 / 12.92, break_at=0.04045)


def rgb_profile(white: Point, primaries: tuple[Point, ...], curve: Curve) -> bytes:
    """Return the profile of an RGB space. ValueError where its chromaticities make none."""
    colourants = _adapted_colourants(white, primaries)
    tags = {
        b"desc": _text("RGB"),
        b"cprt": _text("No copyright"),
        b"wtpt": _xyz(_D50),
        **{name: _xyz(colourants[:, at]) for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _parametric(curve)),
    }
    return _packed(tags)


def _adapted_colourants(white: Point, primaries: tuple[Point, ...]) -> NDArray[np.float64]:
    """The XYZ of red, green and blue as columns, seen under D50."""
    try:
        directions = np.stack([_of_unit_y(point) for point in primaries], axis=1)
        lights = np.linalg.solve(directions, _of_unit_y(white))
        cones = (_BRADFORD @ _D50) / (_BRADFORD @ _of_unit_y(white))
    except (ZeroDivisionError, np.linalg.LinAlgError):
        raise ValueError("its primary colours make no colour space") from None
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
    colourants: NDArray[np.float64] = adaptation @ (directions * lights)
    if not np.isfinite(colourants).all() or np.abs(colourants).max() > 4:
        raise ValueError("its primary colours make no colour space")
    return colourants


def _of_unit_y(point: Point) -> NDArray[np.float64]:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _fixed(*numbers: float) -> bytes:
    """s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _parametric(curve: Curve) -> bytes:
    """parametricCurveType 3 (ICC.1:2010, 10.16)."""
    numbers = _fixed(curve.gamma, 1 - curve.offset, curve.offset, curve.slope, curve.break_at)
    return b"para\0\0\0\0\0\3\0\0" + numbers


def _packed(tags: dict[bytes, bytes]) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += padded
    header = struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + _fixed(*_D50)
    return header.ljust(128, b"\0") + table + body
