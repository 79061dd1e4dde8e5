"""More pictures drawn from chance: cities at night, land from above, balloons, lights out of focus, stone, posters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from gallery.demo.canvas import blurred, colour, gradient, mixed, noise, relief, smooth
from gallery.demo.landscapes import add_ranges, with_water
from gallery.demo.scenes import Scene, draw_scene
from gallery.demo.skies import HOURS, sky

if TYPE_CHECKING:
    from gallery.demo.canvas import Chance, Colour, Picture
    from gallery.demo.skies import Hour

WINDOW_PX = 9


def city(chance: Chance, height: int, width: int) -> Picture:
    """A city with lit windows, at the water more often than not."""
    hour = HOURS[str(chance.choice(["dusk", "blue hour", "night", "rose"]))]
    at_water = chance.random() < 0.6
    shore = int(height * chance.uniform(0.6, 0.72)) if at_water else height
    picture = sky(chance, shore, width, hour, clouds=0.3 * chance.random(), sun=None)
    for near in (0.2, 0.55, 1.0):
        x = -width * 0.03
        while x < width:
            wide = width * chance.uniform(0.025, 0.075)
            tall = shore * (0.62 - 0.27 * near) * chance.uniform(0.45, 1.25)
            _add_house(picture, chance, (int(x), int(shore - tall)), (int(wide), int(tall)), hour, near)
            x += wide * chance.uniform(0.7, 1.5 - 0.4 * near)
    return with_water(picture, chance, height, hour) if at_water else picture


def from_above(chance: Chance, height: int, width: int) -> Picture:
    """Coasts, islands or fields of ice as they look from an aeroplane."""
    land = noise(chance, height, width, cell=height * chance.uniform(0.4, 0.8), gain=0.5)
    palettes = [
        ["#0b3556", "#14708c", "#46b3b0", "#e6d9ae", "#7f9a54", "#3f6a3a", "#6d6a58", "#efeeea"],
        ["#0a2440", "#11547a", "#2f95a8", "#d8c9a0", "#b39a63", "#8a6b45", "#6b4f3a", "#c8b8a4"],
        ["#0c2c4a", "#155a86", "#5fa9c9", "#bfe0ea", "#e9f4f8", "#f7fbfd", "#ffffff", "#dfeaf2"],
        ["#2a140f", "#5b2616", "#8f3d1d", "#bd6330", "#d99154", "#e7b684", "#c47c4e", "#8b4a2c"],
    ]
    paints = [colour(text) for text in palettes[int(chance.integers(0, len(palettes)))]]
    places = [0, 0.28, 0.44, 0.5, 0.56, 0.7, 0.86, 1]
    picture = np.stack([np.interp(land, places, [one[band] for one in paints]) for band in range(3)], -1)
    shade = 1 + 0.55 * relief(land, strength=9) * (0.25 + 0.75 * smooth(land, 0.44, 0.52))
    light = 0.9 + 0.2 * noise(chance, height, width, cell=18, gain=0.8)
    return np.asarray(picture * (shade * light)[:, :, None], np.float32)


def balloons(chance: Chance, height: int, width: int) -> Picture:
    """Hot-air balloons over a valley."""
    hour = HOURS[str(chance.choice(["day", "morning", "golden", "rose"]))]
    picture = sky(chance, height, width, hour, clouds=0.35 * chance.random(), sun=(chance.random(), 0.7))
    add_ranges(picture, chance, hour, top=0.7, count=4)
    for size in np.sort(chance.uniform(0.025, 0.13, int(chance.integers(3, 9)))):
        x, y = chance.uniform(0.08, 0.92) * width, chance.uniform(0.12, 0.62) * height
        _add_balloon(picture, chance, (float(x), float(y)), float(size * min(height, width)), hour)
    return picture


def bokeh(chance: Chance, height: int, width: int) -> Picture:
    """Lights far out of focus."""
    tones = [
        ["#ffb347", "#ff7b54", "#ffd56b", "#c0392b"], ["#4fc3f7", "#9575cd", "#f06292", "#5c6bc0"],
        ["#aed581", "#fff176", "#4db6ac", "#81c784"], ["#ffd54f", "#ffffff", "#64b5f6", "#ff8a65"],
    ][int(chance.integers(0, 4))]  # fmt: skip
    dark = mixed(colour("#07080d"), colour(tones[0]), 0.12)
    picture = gradient(height, width, [dark, mixed(dark, colour(tones[1]), 0.14), dark])
    for depth, count in ((0.02, 60), (0.045, 34), (0.08, 14)):
        layer = np.zeros_like(picture)
        for _ in range(count):
            place = (int(chance.uniform(0, width) * 8), int(chance.normal(0.55, 0.24) * height * 8))
            radius = int(min(height, width) * depth * chance.uniform(0.6, 1.3) * 8)
            tone = colour(tones[int(chance.integers(0, 4))]) * np.float32(chance.uniform(0.2, 0.8))
            single = [float(band) for band in tone]
            cv2.circle(layer, place, radius, [band * 0.7 for band in single], -1, cv2.LINE_AA, 3)
            cv2.circle(layer, place, radius, single, max(1, radius // 90), cv2.LINE_AA, 3)
        picture = (picture + blurred(layer, 1 + depth * 60) * (1 - picture)).astype(np.float32)
    dust = noise(chance, height, width, cell=220, gain=0.75)
    return (picture * (0.8 + 0.4 * dust)[:, :, None]).astype(np.float32)


def stone(chance: Chance, height: int, width: int) -> Picture:
    """The bands of a polished agate."""
    palettes = [
        ["#1d2b53", "#7e9cc7", "#f1ece0", "#b5794a", "#5a2a1c"], ["#0f3b3a", "#3f8f86", "#e8efe4", "#d3a25c"],
        ["#3b1440", "#93508f", "#f0dbe6", "#d98a7b", "#6b2c4a"], ["#20251c", "#6f7f55", "#efe9d3", "#b08a4a"],
    ]  # fmt: skip
    paints = [colour(text) for text in palettes[int(chance.integers(0, len(palettes)))]]
    broad = noise(chance, height, width, cell=height * 0.7, gain=0.35)
    fine = noise(chance, height, width, cell=height * 0.12, gain=0.55)
    bands = (broad * chance.uniform(2.5, 5) + fine * 0.25) % 1.0
    at = np.abs(2 * bands - 1)
    places = np.linspace(0, 1, len(paints))
    picture = np.stack([np.interp(at, places, [one[band] for one in paints]) for band in range(3)], -1)
    lines = 0.9 + 0.1 * np.sin(broad * 260) + 0.3 * relief(fine, strength=1.2)
    return (picture * lines[:, :, None]).astype(np.float32)


def poster(chance: Chance, side: int, scene: Scene, *, seed: int) -> Picture:
    """A paper shape on coloured paper, square, with its shadow: what the demo's model understands."""
    flat = draw_scene(scene, side, seed=seed).astype(np.float32) / np.float32(255)
    paper = flat[2, 2]
    shape = (np.abs(flat - paper).sum(axis=2) > 0.1).astype(np.float32)
    shadow = blurred(np.roll(shape, (side // 90, side // 120), (0, 1)), side / 90) * (1 - shape)
    fibres = 0.95 + 0.07 * noise(chance, side, side, cell=7, gain=0.95)
    stains = 0.93 + 0.11 * noise(chance, side, side, cell=side * 0.4)
    light = np.linspace(1.05, 0.93, side, dtype=np.float32)[:, None]
    return np.asarray(flat * (fibres * stains * light * (1 - 0.45 * shadow))[:, :, None], np.float32)


def _add_house(
    picture: Picture, chance: Chance, corner: tuple[int, int], size: tuple[int, int], hour: Hour, near: float
) -> None:
    """A block with its upper left corner there (px), with windows of which some are lit."""
    height, width = picture.shape[:2]
    left, top = max(0, corner[0]), max(0, corner[1])
    right, bottom = min(width, corner[0] + size[0]), min(height, corner[1] + size[1])
    if right - left < WINDOW_PX or bottom - top < WINDOW_PX:
        return
    tone = mixed(hour.haze, colour("#10141f"), 0.45 + 0.5 * near)
    rows, columns = (bottom - top) // WINDOW_PX + 1, (right - left) // WINDOW_PX + 1
    lit = chance.random((rows, columns)) < chance.uniform(0.15, 0.55)
    warm = np.stack([mixed(colour("#ffcf7a"), colour("#fff3d6"), share) for share in chance.random(5)])
    lamps = warm[chance.integers(0, 5, (rows, columns))] * (0.35 + 0.65 * chance.random((rows, columns, 1)))
    windows = np.where(lit[:, :, None], lamps, tone * 1.25 + 0.01)
    block = np.repeat(np.repeat(windows, WINDOW_PX, 0), WINDOW_PX, 1)[: bottom - top, : right - left]
    wall = np.ones(block.shape[:2], bool)
    inner = np.arange(block.shape[0]) % WINDOW_PX < WINDOW_PX - 4
    across = np.arange(block.shape[1]) % WINDOW_PX < WINDOW_PX - 3
    wall[np.ix_(inner, across)] = False
    block[wall] = tone
    fade = np.linspace(0.3 * (1 - near), 0.5 * (1 - near), bottom - top)[:, None, None]
    picture[top:bottom, left:right] = block + (hour.haze - block) * fade


def _add_balloon(
    picture: Picture, chance: Chance, place: tuple[float, float], size: float, hour: Hour
) -> None:
    """A striped envelope with its basket; place and size (radius) in px."""
    (x, y), (height, width) = place, picture.shape[:2]
    top, bottom = max(0, int(y - size * 1.1)), min(height, int(y + size * 2))
    left, right = max(0, int(x - size * 1.1)), min(width, int(x + size * 1.1))
    rows = (np.arange(top, bottom, dtype=np.float32)[:, None] - y) / size
    columns = (np.arange(left, right, dtype=np.float32)[None, :] - x) / size
    waist = np.where(
        rows < 0, np.sqrt(np.clip(1 - rows**2, 0, 1)), np.clip(1 - 0.62 * np.abs(rows) ** 1.6, 0, 1)
    )
    inside = np.clip((waist - np.abs(columns)) * size * 0.7, 0, 1) * ((rows > -1) & (rows < 1.12))
    stripes = np.floor(np.arcsin(np.clip(columns / np.maximum(waist, 0.05), -1, 1)) * 3.2).astype(int) % 3
    paints = np.stack(_gores(chance))
    light = 0.72 + 0.4 * np.clip(0.4 - columns * 0.6 - rows * 0.3, -0.5, 0.8)
    paint = mixed_with(paints[stripes] * light[:, :, None], hour.haze, 0.12 * (1 - size / height))
    part = picture[top:bottom, left:right]
    part += (inside[:, :, None] * (paint - part)).astype(np.float32)
    basket = (np.abs(columns) < 0.13) & (rows > 1.38) & (rows < 1.6)
    ropes = (np.abs(np.abs(columns) - 0.12) < 0.015) & (rows > 1.05) & (rows < 1.4)
    part[basket | ropes] = colour("#4a3222")


def _gores(chance: Chance) -> list[Colour]:
    tones = ["#d7263d", "#f4a259", "#f7e1a0", "#2e86ab", "#5b8e7d", "#8e5ea2", "#f6f1e7", "#1b3a5b"]
    return [colour(tones[int(place)]) for place in chance.permutation(len(tones))[:3]]


def mixed_with(picture: Picture, paint: Colour, share: float) -> Picture:
    """The picture with a share of one colour in it."""
    return (picture + (paint - picture) * np.float32(share)).astype(np.float32)
