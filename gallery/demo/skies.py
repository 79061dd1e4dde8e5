"""Skies: colours of the hour, clouds, sun and moon, stars, northern lights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from gallery.demo.canvas import (
    Colour,
    blurred,
    colour,
    disc,
    glow,
    gradient,
    lay,
    line_noise,
    mixed,
    noise,
    relief,
    smooth,
)

if TYPE_CHECKING:
    from gallery.demo.canvas import Chance, Field, Picture


@dataclass(frozen=True)
class Hour:
    """A light: the sky's colours from the top to the horizon, that of the sun, how bright the land lies in it."""

    sky: tuple[str, ...]
    sun: str
    light: float

    @property
    def colours(self) -> list[Colour]:
        return [colour(text) for text in self.sky]

    @property
    def haze(self) -> Colour:
        """What far things fade into."""
        return colour(self.sky[-1])


HOURS = {
    "day": Hour(("#2766ac", "#5a9bd6", "#a9cfea", "#dcebf3"), "#fffbe8", 1.0),
    "morning": Hour(("#3f6c9e", "#86a9c8", "#e3cfc6", "#ffe6c9"), "#fff0cf", 0.85),
    "golden": Hour(("#3b6390", "#93a7ab", "#eec587", "#ffd98c"), "#fff3c4", 0.8),
    "dusk": Hour(("#1d2750", "#5b4478", "#c9637a", "#ffae6b"), "#ffdf9e", 0.5),
    "rose": Hour(("#3a3f72", "#8a6c9c", "#e29aa6", "#ffd2b0"), "#ffe9cf", 0.6),
    "overcast": Hour(("#79868f", "#9fabb3", "#c3ccd0", "#dbe0e0"), "#f4f4ee", 0.8),
    "storm": Hour(("#232b36", "#43505e", "#76838a", "#a7aca6"), "#d9dccf", 0.5),
    "blue hour": Hour(("#0c1a3c", "#1d3a70", "#4a6ba3", "#a6a6bd"), "#f2e8d8", 0.35),
    "night": Hour(("#03060f", "#08122a", "#122349", "#253d63"), "#f6f2e4", 0.18),
}
CLOUDY = ("day", "morning", "golden", "dusk", "rose", "overcast", "storm")


def sky(
    chance: Chance, height: int, width: int, hour: Hour, *, clouds: float, sun: tuple[float, float] | None
) -> Picture:
    """A sky of this height; `clouds` from 0 to 1, the sun's place as shares of width and height."""
    picture = gradient(height, width, hour.colours)
    if sun is not None:
        lit = glow(height, width, x=sun[0] * width, y=sun[1] * height, radius=width * 0.16)
        lay(picture, (lit * 0.85).astype(np.float32), colour(hour.sun))
    if clouds:
        _add_clouds(picture, chance, hour, clouds)
    if sun is not None:
        core = disc(height, width, x=sun[0] * width, y=sun[1] * height, radius=width * 0.022)
        lay(picture, core, np.minimum(colour(hour.sun) * 1.15, 1).astype(np.float32))
    return picture


def _add_clouds(picture: Picture, chance: Chance, hour: Hour, clouds: float) -> None:
    height, width = picture.shape[:2]
    field = noise(
        chance,
        height,
        width,
        cell=height * chance.uniform(0.2, 0.5),
        wide=chance.uniform(1.6, 3.5),
        gain=0.55,
    )
    thick = smooth(field, 0.95 - 0.75 * clouds, 1.12 - 0.55 * clouds)
    shade = relief(cv2.GaussianBlur(field, (0, 0), 3).astype(np.float32), strength=9)
    bright = mixed(hour.haze, colour(hour.sun), 0.7)
    dark = mixed(hour.colours[1], hour.haze, 0.45)
    share = np.clip(0.62 + 0.6 * shade - 0.45 * (field - 0.5), 0, 1)[:, :, None]
    lay(picture, (thick * 0.92).astype(np.float32), (dark + (bright - dark) * share).astype(np.float32))


def add_moon(picture: Picture, *, x: float, y: float, radius: float) -> None:
    """A full moon with a halo; place and radius in px."""
    height, width = picture.shape[:2]
    lay(picture, glow(height, width, x=x, y=y, radius=radius * 4) * np.float32(0.6), colour("#9fb4d8"))
    lay(picture, disc(height, width, x=x, y=y, radius=radius), colour("#f7f3e6"))


def add_stars(picture: Picture, chance: Chance, *, rows: int) -> None:
    """Stars of all magnitudes in the upper `rows`, and a Milky Way across them."""
    width = picture.shape[1]
    stars = np.zeros((rows, width), np.float32)
    count = rows * width // 420
    stars[chance.integers(0, rows, count), chance.integers(0, width, count)] = chance.random(count) ** 3
    bright = count // 40
    for x, y, size in zip(
        chance.integers(0, width, bright),
        chance.integers(0, rows, bright),
        chance.uniform(0.8, 2.0, bright),
        strict=True,
    ):
        cv2.circle(stars, (int(x), int(y)), round(size), 1.0, -1, cv2.LINE_AA)
    lay(picture, _milky_way(chance, rows, width), colour("#8f8fb8"))
    picture[:rows] += cv2.GaussianBlur(stars, (0, 0), 0.8)[:, :, None] * np.float32(1.6)


def _milky_way(chance: Chance, rows: int, width: int) -> Field:
    tilt = chance.uniform(-0.9, 0.9)
    across = np.arange(width, dtype=np.float32)[None, :] - width * chance.uniform(0.3, 0.7)
    down = np.arange(rows, dtype=np.float32)[:, None] - rows * chance.uniform(0.25, 0.6)
    off = (down * np.float32(np.cos(tilt)) - across * np.float32(np.sin(tilt))) / (0.17 * rows)
    cloud = noise(chance, rows, width, cell=rows * 0.4)
    return (np.exp(-(off**2)) * cloud**2 * 0.62).astype(np.float32)


def add_aurora(picture: Picture, chance: Chance, *, rows: int) -> None:
    """Curtains of northern light."""
    width = picture.shape[1]
    down = np.arange(rows, dtype=np.float32)[:, None]
    for paint in (colour("#3df29b"), colour("#58e6c8"), colour("#a45be0")):
        edge = rows * (0.35 + 0.5 * line_noise(chance, width, cell=width * 0.45, gain=0.3))
        tall = rows * (0.2 + 0.5 * line_noise(chance, width, cell=width * 0.2))
        rays = 0.4 + 0.6 * line_noise(chance, width, cell=60, gain=0.75)
        above = (edge[None, :] - down) / tall[None, :]
        light = np.where(above > 0, np.exp(-2.2 * above), np.exp(14 * above)) * rays[None, :]
        lay(picture, (light * chance.uniform(0.4, 0.75)).astype(np.float32), paint)


def add_flakes(picture: Picture, chance: Chance) -> None:
    """Falling snow, near and far."""
    height, width = picture.shape[:2]
    flakes = np.zeros((height, width), np.float32)
    for size, count in ((1.2, 900), (2.6, 260), (6.0, 50)):
        layer = np.zeros((height, width), np.float32)
        for x, y in zip(chance.uniform(0, width, count), chance.uniform(0, height, count), strict=True):
            cv2.circle(layer, (int(x * 8), int(y * 8)), int(size * 8), 1.0, -1, cv2.LINE_AA, 3)
        flakes = np.maximum(flakes, blurred(layer, size * 0.6)).astype(np.float32)
    lay(picture, flakes * np.float32(0.85), colour("#ffffff"))
