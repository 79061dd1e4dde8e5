"""What drawn landscapes are made of: noise, gradients, ridges, glow, and developing them like a photo.

A picture in the making is float32 (height, width, 3), sRGB from 0 to 1; a field is float32 (height, width).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

Field = NDArray[np.float32]
Picture = NDArray[np.float32]
Chance = np.random.Generator
Colour = NDArray[np.float32]

GRAIN = 0.009
"""Deviation of the noise of a sensor in good light, as a share of white."""
FINEST_CELL_PX = 1.5


def colour(text: str) -> Colour:
    """A colour written as "#rrggbb"."""
    return np.array([int(text[place : place + 2], 16) / 255 for place in (1, 3, 5)], np.float32)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two, `share` of the way to the other."""
    return (one + (other - one) * share).astype(np.float32)


def noise(
    chance: Chance, height: int, width: int, *, cell: float, gain: float = 0.5, wide: float = 1.0
) -> Field:
    """Fractal noise from 0 to 1: the coarsest spots are `cell` px high and `wide` times as broad."""
    rows, columns = round(height / cell) + 2, round(width / cell / wide) + 2
    field = chance.random((rows, columns), np.float32)
    strength = 1.0
    while max(height / field.shape[0], width / field.shape[1]) > FINEST_CELL_PX:
        strength *= gain
        shape = min(field.shape[1] * 2, width), min(field.shape[0] * 2, height)
        field = cv2.resize(field, shape, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        field += strength * chance.random(field.shape, np.float32)
    field = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    low, high = np.percentile(field[::8, ::8], (1, 99))
    return np.asarray(np.clip((field - low) / max(high - low, 1e-6), 0, 1), np.float32)


def line_noise(chance: Chance, width: int, *, cell: float, gain: float = 0.5) -> Field:
    """Fractal noise along a line, from 0 to 1."""
    total, strength, at = np.zeros(width), 1.0, np.arange(width)
    while cell >= 2:
        knots = np.arange(-1, width / cell + 2) * cell
        total += strength * np.interp(at, knots, chance.random(len(knots)))
        cell, strength = cell / 2, strength * gain
    spread = total.max() - total.min()
    return np.asarray((total - total.min()) / max(spread, 1e-6), np.float32)


def smooth(field: NDArray[np.floating[Any]], low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, and a soft step between."""
    share = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def gradient(height: int, width: int, colours: Sequence[Colour]) -> Picture:
    """Colours from the top to the bottom."""
    places = np.linspace(0, 1, len(colours))
    at = np.linspace(0, 1, max(height, 1))
    column = np.stack([np.interp(at, places, [one[band] for one in colours]) for band in range(3)], -1)
    return np.repeat(column[:, None, :].astype(np.float32), width, axis=1)


def lay(picture: Picture, mask: Field, paint: NDArray[np.float32], *, top: int = 0) -> None:
    """Cover the rows from `top` on, as far as the mask says, with a colour or with a picture of the mask's size."""
    part = picture[top : top + mask.shape[0]]
    part += mask[: part.shape[0], :, None] * (paint - part)


def below(line: Field, height: int, *, soft: float = 1.2) -> Field:
    """The mask of all that lies below a line of heights (px from the top)."""
    rows = np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(np.clip((rows - line[None, :]) / soft, 0, 1), np.float32)


def glow(height: int, width: int, *, x: float, y: float, radius: float) -> Field:
    """Light that falls off from 1 around a point (px)."""
    rows = (np.arange(height, dtype=np.float32)[:, None] - y) / radius
    columns = (np.arange(width, dtype=np.float32)[None, :] - x) / radius
    return np.exp(-np.sqrt(rows**2 + columns**2 + 0.01)).astype(np.float32)


def disc(height: int, width: int, *, x: float, y: float, radius: float) -> Field:
    """A filled circle with a smooth edge."""
    rows = np.arange(height, dtype=np.float32)[:, None] - y
    columns = np.arange(width, dtype=np.float32)[None, :] - x
    return np.clip(radius - np.sqrt(rows**2 + columns**2) + 0.5, 0, 1).astype(np.float32)


def relief(field: Field, *, strength: float) -> Field:
    """Light and shade (about 0) on a surface of these heights, lit from the upper left."""
    across = cv2.Sobel(field, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(field, cv2.CV_32F, 0, 1, ksize=3)
    return np.clip(-(across + 0.6 * down) * strength, -1, 1).astype(np.float32)


def ground(chance: Chance, height: int, width: int, *, cell: float, wide: float = 1.0) -> Field:
    """Noise that lies flat before the viewer: fine at the top, where the horizon is, and coarse at the bottom."""
    tile = noise(chance, 1024, 1024, cell=cell, wide=wide)
    near = np.linspace(0.03, 1, height, dtype=np.float32)[:, None]
    away = np.float32(900.0) / (near + np.float32(0.12))
    across = (np.arange(width, dtype=np.float32)[None, :] - width / 2) / (near * 1.6 + np.float32(0.1))
    sampled: Any = cv2.remap(
        tile,
        np.ascontiguousarray(across + np.float32(4096.0)),
        np.ascontiguousarray(np.broadcast_to(away, across.shape)),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(0.5 + (sampled - 0.5) * smooth(near, 0.03, 0.3), np.float32)


def blurred(picture: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """The picture out of focus."""
    return cv2.GaussianBlur(picture, (0, 0), deviation).astype(np.float32)


def develop(picture: Picture, chance: Chance) -> NDArray[np.uint8]:
    """A finished photo, uint8: dark corners, a film's curve, grain."""
    height, width = picture.shape[:2]
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    lit = np.clip(picture, 0, 1) * (1 - 0.13 * (rows**2 + columns**2))[:, :, None]
    curved = lit + np.float32(0.16) * lit * (1 - lit) * (2 * lit - 1)
    curved += np.float32(GRAIN) * chance.standard_normal((height, width, 1), np.float32)
    return np.asarray(np.clip(curved, 0, 1) * 255 + 0.5, np.uint8)


def encoded(picture: NDArray[np.uint8], *, kind: str = "JPEG", quality: int = 84, exif: bytes = b"") -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    extra: dict[str, Any] = {"exif": exif} if exif else {}
    Image.fromarray(picture).save(file, kind, quality=quality, **extra)
    return file.getvalue()
