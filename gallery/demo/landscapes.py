"""Landscapes drawn from chance: mountains, sea, dunes, forest, flowers, snow, night. Each function makes a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from gallery.demo.canvas import (
    below,
    blurred,
    colour,
    gradient,
    ground,
    lay,
    line_noise,
    mixed,
    noise,
    relief,
    smooth,
)
from gallery.demo.skies import CLOUDY, HOURS, Hour, add_aurora, add_flakes, add_moon, add_stars, sky

if TYPE_CHECKING:
    from gallery.demo.canvas import Chance, Colour, Field, Picture


def mountains(chance: Chance, height: int, width: int) -> Picture:
    """Ranges behind ranges in the haze, the last one wooded."""
    hour = HOURS[str(chance.choice(["day", "morning", "golden", "dusk", "rose", "blue hour", "overcast"]))]
    picture = _open_sky(chance, height, width, hour, share=chance.uniform(0.6, 0.8))
    add_ranges(picture, chance, hour, top=chance.uniform(0.3, 0.5), count=int(chance.integers(4, 7)))
    _add_firs(picture, chance, hour, line=_line(chance, width, height * 0.9, height * 0.09), tall=0.12)
    return picture


def lake(chance: Chance, height: int, width: int) -> Picture:
    """Mountains and their image in a lake."""
    hour = HOURS[str(chance.choice(["day", "morning", "golden", "rose", "dusk", "blue hour"]))]
    shore = int(height * chance.uniform(0.52, 0.66))
    upper = _open_sky(chance, shore, width, hour, share=1.0)
    add_ranges(upper, chance, hour, top=chance.uniform(0.3, 0.5), count=3, snow=bool(chance.random() < 0.5))
    _add_firs(upper, chance, hour, line=_line(chance, width, shore * 0.985, shore * 0.05), tall=0.1)
    return with_water(upper, chance, height, hour)


def sea(chance: Chance, height: int, width: int) -> Picture:
    """The open sea, with the sun above it or clouds; sometimes islands or a sail."""
    hour = HOURS[str(chance.choice(["day", "golden", "dusk", "rose", "storm", "morning"]))]
    horizon = int(height * chance.uniform(0.4, 0.66))
    upper = _open_sky(chance, horizon, width, hour, share=1.0, low_sun=True)
    if chance.random() < 0.5:
        line = _line(chance, width, horizon * 1.02, horizon * 0.12, cell=0.35)
        lay(upper, below(line, horizon), mixed(hour.haze, colour("#2b3a45"), 0.35 + 0.4 * chance.random()))
    picture = with_water(upper, chance, height, hour)
    for _ in range(int(chance.integers(0, 3))):
        _add_sail(picture, chance, horizon)
    return picture


def dunes(chance: Chance, height: int, width: int) -> Picture:
    """Sand dunes with a sunlit and a dark side and ripples."""
    hour = HOURS[str(chance.choice(["day", "golden", "dusk", "rose"]))]
    sand, dark = colour(str(chance.choice(["#e3b074", "#d98f55", "#e8c99a", "#c9784a"]))), colour("#5a3524")
    picture = _open_sky(chance, height, width, hour, share=0.5)
    count = int(chance.integers(4, 7))
    for place in range(count):
        near = (place + 1) / count
        line = _line(
            chance, width, height * (0.36 + 0.5 * near), height * (0.05 + 0.2 * near), cell=0.8, gain=0.2
        )
        crest = _line(chance, width, width * 0.02, width * 0.3 * near, cell=0.5, gain=0.3)
        rows = np.arange(height, dtype=np.float32)[:, None]
        depth = (rows - line[None, :]) / (height * 0.5)
        slope = cv2.GaussianBlur(np.gradient(line)[None, :], (0, 0), width * 0.02)
        side = smooth(depth * 3 + slope * 1.6 + crest[None, :] / width, -0.35, 0.4)
        ripples = 0.06 * near * np.sin(rows * 0.5 / near + 9 * noise(chance, height, width, cell=height / 3))
        lit = mixed(mixed(hour.haze, sand, 0.4 + 0.6 * near), dark, 0.25 * (1 - hour.light))
        shade = mixed(mixed(hour.haze, dark, 0.25 + 0.55 * near), sand, 0.2)
        paint = lit + (shade - lit) * np.clip(side + ripples, 0, 1)[:, :, None]
        lay(picture, below(line, height), paint.astype(np.float32))
    return picture


def forest(chance: Chance, height: int, width: int) -> Picture:
    """Trunks in the mist, with leaves of a season."""
    season = str(chance.choice(["summer", "autumn", "spring"]))
    leaves = {
        "summer": ["#24401f", "#3c6b2a", "#6d9a3c"],
        "autumn": ["#7a2f16", "#c4661f", "#e6ab3a"],
        "spring": ["#4d7a34", "#8fbc55", "#d3e08a"],
    }[season]
    mist = mixed(colour(leaves[2]), colour("#f3efdd"), 0.7)
    picture = gradient(height, width, [mist, mixed(mist, colour(leaves[2]), 0.25), mist])
    for depth in np.linspace(0.08, 1, 6):
        _add_trunks(picture, chance, mist, float(depth))
        field = noise(chance, height, width, cell=height * (0.08 + 0.16 * depth), gain=0.72)
        rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        edge = 0.44 + 0.25 * rows + 0.9 * smooth(rows, 0.25 + 0.2 * (1 - depth), 0.75)
        mask = smooth(field - edge + 0.12 * depth, 0, 0.09) * (0.45 + 0.5 * depth)
        tone = colour(leaves[int(chance.integers(0, 3))])
        light = 0.7 + 0.6 * noise(chance, height, width, cell=height * 0.05, gain=0.8)[:, :, None]
        paint = mixed(mist, tone, 0.2 + 0.75 * float(depth)) * light
        lay(picture, mask.astype(np.float32), paint.astype(np.float32))
    _add_floor(picture, chance, mixed(colour(leaves[0]), colour("#2a2016"), 0.4), colour(leaves[2]))
    return picture


def flowers(chance: Chance, height: int, width: int) -> Picture:
    """A field of flowers under a wide sky."""
    hour = HOURS[str(chance.choice(["day", "morning", "golden", "rose", "dusk"]))]
    horizon = int(height * chance.uniform(0.3, 0.5))
    picture = _open_sky(chance, height, width, hour, share=horizon / height)
    add_ranges(picture, chance, hour, top=horizon / height - 0.12, count=2, bottom=horizon / height)
    green = mixed(colour("#3d6b2a"), colour("#7d9a3a"), chance.random())
    _add_meadow(picture, chance, horizon, green, hour)
    kinds = [
        ("#e2332f", "#ff7a5c"), ("#8d5fc4", "#c9a5ee"), ("#f2c531", "#ffe98a"), ("#f3f1ea", "#ffffff"),
        ("#e56a9c", "#ffb3cf"), ("#4a6fd0", "#9db8f5"),
    ]  # fmt: skip
    chosen = [kinds[int(place)] for place in chance.permutation(len(kinds))[: int(chance.integers(1, 4))]]
    _add_blossoms(picture, chance, horizon, chosen, hour)
    return picture


def snow(chance: Chance, height: int, width: int) -> Picture:
    """Snowy mountains and firs, now and then while it snows."""
    hour = HOURS[str(chance.choice(["day", "morning", "rose", "overcast", "blue hour"]))]
    picture = _open_sky(chance, height, width, hour, share=0.6)
    add_ranges(picture, chance, hour, top=chance.uniform(0.24, 0.4), count=3, snow=True, bottom=0.8)
    line = _line(chance, width, height * 0.72, height * 0.06)
    _add_firs(picture, chance, hour, line=line, tall=0.16, snowy=True)
    white = mixed(colour("#f4f8fc"), hour.colours[1], 0.35 * (1.15 - hour.light))
    drift = _line(chance, width, height * 0.78, height * 0.07, cell=0.7, gain=0.3)
    field = ground(chance, height - int(drift.min()), width, cell=300)
    shade = (0.94 + 0.35 * relief(field, strength=4))[:, :, None]
    top = int(drift.min())
    lay(picture, below(drift - top, height - top, soft=3), (white * shade).astype(np.float32), top=top)
    if chance.random() < 0.4:
        add_flakes(picture, chance)
    return picture


def starry_night(chance: Chance, height: int, width: int) -> Picture:
    """Stars above dark hills; northern lights or the moon."""
    hour = HOURS["night"]
    picture = gradient(height, width, hour.colours)
    rows = int(height * 0.85)
    add_stars(picture, chance, rows=rows)
    light = chance.random()
    if light < 0.45:
        add_aurora(picture, chance, rows=int(height * 0.75))
    elif light < 0.7:
        x, y = chance.uniform(0.2, 0.8) * width, chance.uniform(0.15, 0.4) * height
        add_moon(picture, x=x, y=y, radius=height * 0.035)
    add_ranges(picture, chance, hour, top=chance.uniform(0.6, 0.75), count=3)
    _add_firs(picture, chance, hour, line=_line(chance, width, height * 0.96, height * 0.06), tall=0.13)
    if chance.random() < 0.4:
        return with_water(picture[: int(height * 0.985)], chance, int(height * 1.4), hour)[-height:]
    return picture


def add_ranges(
    picture: Picture,
    chance: Chance,
    hour: Hour,
    *,
    top: float,
    count: int,
    snow: bool = False,
    bottom: float = 1.0,
) -> None:
    """Ranges of mountains from the far to the near; `top` and `bottom` as shares of the height."""
    height, width = picture.shape[:2]
    rock = colour(str(chance.choice(["#26313a", "#2d3a2c", "#3b322c", "#2a2f45"])))
    for place in range(count):
        near = (place + 1) / count
        middle = height * (top + (bottom - top) * place / count * 0.9)
        line = _line(chance, width, middle, height * (bottom - top) * 0.42, cell=0.5 - 0.25 * near, gain=0.48)
        first = max(0, int(line.min()) - 2)
        tone = mixed(hour.haze, rock * np.float32(0.4 + 0.6 * hour.light), 0.22 + 0.68 * near)
        paint = _rock(chance, height - first, width, tone, hour, near)
        if snow:
            _add_snow(paint, chance, line - first, hour, reach=height * 0.2 * (1.15 - near))
        fade = np.linspace(0, 0.5 * (1 - near) + 0.08, height - first, dtype=np.float32)[:, None]
        lay(paint, np.broadcast_to(fade, paint.shape[:2]), hour.haze)
        lay(picture, below(line - first, height - first), paint, top=first)


def with_water(upper: Picture, chance: Chance, height: int, hour: Hour) -> Picture:
    """The picture above and, below it down to `height`, its image in moving water."""
    shore, width = upper.shape[:2]
    rows = height - shore
    waves = ground(chance, rows, width, cell=40, wide=5) - np.float32(0.5)
    down = np.arange(rows, dtype=np.float32)[:, None]
    near = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    source = shore - 1 - down * shore / max(rows, 1) * 0.9 + waves * (6 + 90 * near)
    columns = np.arange(width, dtype=np.float32)[None, :] + waves * (4 + 30 * near)
    image = cv2.remap(
        upper,
        columns.astype(np.float32),
        np.clip(source, 0, shore - 1).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    ).astype(np.float32)
    deep = mixed(hour.colours[0], colour("#0c2a33"), 0.6)
    share = (0.18 + 0.42 * near + 0.25 * waves).astype(np.float32)
    lay(image, np.clip(np.broadcast_to(share, (rows, width)), 0, 1).astype(np.float32), deep)
    image *= (1 + 0.5 * relief(waves, strength=1.2) * (0.4 + near))[:, :, None]
    return np.concatenate([upper, image]).astype(np.float32)


def _open_sky(
    chance: Chance, height: int, width: int, hour: Hour, *, share: float, low_sun: bool = False
) -> Picture:
    """The sky down to a share of the height, and its haze below."""
    rows = int(height * share)
    name = next(name for name, one in HOURS.items() if one is hour)
    clouds = chance.uniform(0.25, 0.9) if name in CLOUDY and chance.random() < 0.75 else 0.0
    hidden = name in ("overcast", "storm", "blue hour") or chance.random() < 0.3
    low = 0.86 if low_sun else chance.uniform(0.3, 0.8)
    sun = None if hidden else (chance.uniform(0.15, 0.85), low)
    upper = sky(chance, rows, width, hour, clouds=clouds, sun=sun)
    return np.concatenate([upper, gradient(height - rows, width, [hour.haze, hour.haze])]).astype(np.float32)


def _line(
    chance: Chance, width: int, middle: float, spread: float, *, cell: float = 0.3, gain: float = 0.5
) -> Field:
    """Heights (px from the top) of a line of hills around `middle`."""
    field = line_noise(chance, width, cell=width * cell, gain=gain)
    return (middle + spread * (0.5 - field)).astype(np.float32)


def _rock(chance: Chance, height: int, width: int, tone: Colour, hour: Hour, near: float) -> Picture:
    folds = noise(chance, height, width, cell=90 + 120 * near, gain=0.62, wide=0.8)
    light = relief(cv2.GaussianBlur(folds, (0, 0), 1.2).astype(np.float32), strength=3.5)
    sunny = mixed(tone, colour(hour.sun), 0.25 * hour.light)
    share = np.clip(0.35 + (0.3 + 0.5 * near) * light, 0, 1)[:, :, None]
    return np.asarray(tone * np.float32(0.82) + (sunny - tone * np.float32(0.82)) * share, np.float32)


def _add_snow(paint: Picture, chance: Chance, line: Field, hour: Hour, *, reach: float) -> None:
    height, width = paint.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None]
    patches = noise(chance, height, width, cell=70, gain=0.7)
    high = (rows - line.min()) / max(reach, 1)
    mask = smooth(patches + 0.75 - 0.75 * high, 0.45, 0.62)
    white = mixed(colour("#fbfdff"), hour.haze, 0.25)
    shade = 0.86 + 0.3 * relief(patches, strength=1.5)
    lay(paint, mask * np.float32(0.92), (white * shade[:, :, None]).astype(np.float32))


def _add_firs(
    picture: Picture, chance: Chance, hour: Hour, *, line: Field, tall: float, snowy: bool = False
) -> None:
    """A row of firs that stand on a line, dark against what lies behind."""
    height, width = picture.shape[:2]
    tone = mixed(colour("#0d1a16"), hour.haze, 0.12)
    mask = np.zeros((height, width), np.uint8)
    for x in np.sort(chance.uniform(-0.02, 1.02, int(width / (height * tall) * 7))) * width:
        foot = float(line[int(np.clip(x, 0, width - 1))]) + height * 0.02
        size = height * tall * chance.uniform(0.35, 1.0)
        cv2.fillPoly(mask, [_fir(chance, float(x), foot, size)], 255, cv2.LINE_AA, 3)
    mask = np.maximum(mask, (below(line, height) * 255).astype(np.uint8))
    share = (mask / np.float32(255)).astype(np.float32)
    light = 0.7 + 0.9 * noise(chance, height, width, cell=14, gain=0.8)[:, :, None]
    paint = (tone * light).astype(np.float32)
    lay(picture, share, paint)
    if snowy:
        dust = smooth(noise(chance, height, width, cell=9, gain=0.9), 0.55, 0.7) * share
        lay(picture, dust * np.float32(0.55), mixed(colour("#f4f8fc"), hour.haze, 0.3))


def _fir(chance: Chance, x: float, foot: float, size: float) -> np.ndarray:
    """The outline of a fir in eighths of a pixel."""
    tiers = 9
    points: list[tuple[float, float]] = [(x, foot - size)]
    left: list[tuple[float, float]] = []
    for tier in range(1, tiers + 1):
        y = foot - size * (1 - tier / tiers)
        reach = size * 0.21 * tier / tiers * chance.uniform(0.75, 1.15)
        points += [(x + reach, y), (x + reach * 0.45, y - size * 0.015)]
        left += [(x - reach, y), (x - reach * 0.45, y - size * 0.015)]
    return (np.array(points + left[::-1]) * 8).astype(np.int32)


def _add_sail(picture: Picture, chance: Chance, horizon: int) -> None:
    height, width = picture.shape[:2]
    size = height * chance.uniform(0.03, 0.08)
    x, y = chance.uniform(0.1, 0.9) * width, horizon + size * chance.uniform(0.1, 0.5)
    mask = np.zeros((height, width), np.uint8)
    hull = [
        (x - size * 0.5, y - size * 0.1),
        (x + size * 0.5, y - size * 0.1),
        (x + size * 0.34, y + size * 0.08),
    ]
    cv2.fillPoly(
        mask, [(np.array([*hull, (x - size * 0.36, y + size * 0.08)]) * 8).astype(np.int32)], 255, 16, 3
    )
    lay(picture, (mask / np.float32(255)).astype(np.float32), colour("#3a2a24"))
    mask[:] = 0
    sails = [
        [(x, y - size * 1.3), (x, y - size * 0.15), (x + size * 0.45, y - size * 0.15)],
        [
            (x - size * 0.06, y - size * 1.1),
            (x - size * 0.06, y - size * 0.15),
            (x - size * 0.4, y - size * 0.15),
        ],
    ]
    cv2.fillPoly(mask, [(np.array(sail) * 8).astype(np.int32) for sail in sails], 255, 16, 3)
    lay(picture, (mask / np.float32(255)).astype(np.float32), colour("#f6f0e4"))


def _add_trunks(picture: Picture, chance: Chance, mist: Colour, depth: float) -> None:
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    for x in chance.uniform(-0.02, 1.02, int(26 - 18 * depth)) * width:
        thick = width * (0.004 + 0.022 * depth) * chance.uniform(0.6, 1.4)
        lean = chance.uniform(-0.04, 0.04) * height
        foot = height * (0.72 + 0.25 * depth)
        corners = [(x + lean - thick * 0.35, -5), (x + lean + thick * 0.35, -5), (x + thick * 0.5, foot)]
        points = [*corners, (x - thick * 0.5, foot)]
        cv2.fillPoly(mask, [(np.array(points) * 8).astype(np.int32)], 255, cv2.LINE_AA, 3)
    bark = mixed(mist, colour("#20170f"), 0.18 + 0.75 * depth)
    light = 0.75 + 0.5 * noise(chance, height, width, cell=60, wide=0.12, gain=0.7)[:, :, None]
    lay(picture, (mask / np.float32(255)).astype(np.float32), (bark * light).astype(np.float32))


def _add_floor(picture: Picture, chance: Chance, dark: Colour, light: Colour) -> None:
    height, width = picture.shape[:2]
    top = int(height * 0.74)
    field = ground(chance, height - top, width, cell=60)
    paint = dark + (light * np.float32(0.8) - dark) * smooth(field, 0.35, 0.9)[:, :, None]
    fade = smooth(np.linspace(0, 1, height - top, dtype=np.float32)[:, None], 0, 0.35)
    lay(picture, np.broadcast_to(fade, field.shape).astype(np.float32), paint.astype(np.float32), top=top)


def _add_meadow(picture: Picture, chance: Chance, horizon: int, green: Colour, hour: Hour) -> None:
    height, width = picture.shape[:2]
    rows = height - horizon
    field = ground(chance, rows, width, cell=36, wide=0.6)
    blades = noise(chance, rows, width, cell=24, wide=0.2, gain=0.8)
    near = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    light = (0.55 + 0.5 * field + 0.35 * (blades - 0.5) * near) * (0.55 + 0.45 * hour.light)
    haze = (0.55 * np.exp(-5 * near)).astype(np.float32)
    paint = (green * light[:, :, None]).astype(np.float32)
    lay(paint, np.broadcast_to(haze, field.shape).astype(np.float32), hour.haze)
    picture[horizon:] = paint


def _add_blossoms(
    picture: Picture, chance: Chance, horizon: int, kinds: list[tuple[str, str]], hour: Hour
) -> None:
    height, width = picture.shape[:2]
    count = 5200
    near = np.sort(chance.random(count) ** 1.25)
    for share, x in zip(near, chance.uniform(-0.03, 1.03, count), strict=True):
        y = horizon + share * (height - horizon) * 1.03
        size = height * (0.0012 + 0.019 * share**1.5) * chance.uniform(0.7, 1.3)
        dark, bright = kinds[int((x * 7 + share * 9 + chance.normal(0, 0.6)) % len(kinds))]
        light = 0.5 + 0.5 * hour.light
        tone = mixed(colour(dark), colour(bright), chance.random()) * np.float32(light)
        tone = mixed(tone, hour.haze, 0.45 * float(np.exp(-5 * share)))
        place = (int(x * width * 8), int(y * 8))
        axes = (max(4, int(size * 8)), max(3, int(size * 8 * chance.uniform(0.55, 0.9))))
        _blossom(picture, place, axes, tone, petals=size > 6)
    low = int(height * 0.86)
    picture[low:] = blurred(picture[low:], height * 0.004)


def _blossom(
    picture: Picture, place: tuple[int, int], axes: tuple[int, int], tone: Colour, *, petals: bool
) -> None:
    """One flower; place and axes in eighths of a pixel."""
    paint = [float(band) for band in tone]
    if not petals:
        cv2.ellipse(picture, place, axes, 0, 0, 360, paint, -1, cv2.LINE_AA, 3)
        return
    for turn in range(5):
        angle = turn * 2 * np.pi / 5 + place[0]
        leaf = (
            int(place[0] + np.cos(angle) * axes[0] * 0.6),
            int(place[1] + np.sin(angle) * axes[1] * 0.6),
        )
        lit = [band * (0.85 + 0.07 * turn) for band in paint]
        cv2.ellipse(picture, leaf, (axes[0] // 2, axes[1] // 2), 0, 0, 360, lit, -1, cv2.LINE_AA, 3)
    cv2.ellipse(
        picture, place, (axes[0] // 4, axes[1] // 4), 0, 0, 360, [0.95, 0.8, 0.25], -1, cv2.LINE_AA, 3
    )
