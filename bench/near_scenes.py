"""Drawn scenes in several styles, of which another moment can be drawn: what a thing did changes its description.

A scene is a backdrop (sky, hills, houses, trees) with things on it, each described by where and how it stands. The same
description gives the same picture. Styles differ in whether edges are smooth, faces shaded, surfaces textured, and
whether grain lies over everything, under the things, or nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Pixels = NDArray[np.float32]

SMOOTH_EDGES_PX = 3
GRAIN_GREY = (2.0, 6.0)
SHADOW = 0.62
# A coarse and a fine wave of what surfaces are made of, as shares of their side.
TEXTURE_SHARES = (0.12, 0.02)
TEXTURE_STRENGTH = 0.18


class Part(NamedTuple):
    """A form of a thing in shares of its box, and which colour it has; what opens is as high as the thing is open."""

    form: Literal["ellipse", "polygon"]
    points: tuple[float, ...]
    colour: int
    opens: bool = False


SHAPES: dict[str, tuple[Part, ...]] = {
    "ball": (Part("ellipse", (0.05, 0.05, 0.95, 0.95), 0),),
    "box": (
        Part("polygon", (0.1, 0.2, 0.9, 0.2, 0.9, 0.95, 0.1, 0.95), 0),
        Part("polygon", (0.1, 0.2, 0.25, 0.05, 0.98, 0.05, 0.9, 0.2), 1),
    ),
    "person": (
        Part("polygon", (0.36, 0.6, 0.48, 0.6, 0.46, 0.98, 0.34, 0.98), 2),
        Part("polygon", (0.52, 0.6, 0.64, 0.6, 0.68, 0.98, 0.56, 0.98), 2),
        Part("polygon", (0.34, 0.26, 0.66, 0.26, 0.62, 0.64, 0.38, 0.64), 0),
        Part("polygon", (0.66, 0.28, 0.86, 0.5, 0.82, 0.55, 0.62, 0.38), 0),
        Part("polygon", (0.34, 0.28, 0.2, 0.56, 0.26, 0.58, 0.38, 0.38), 0),
        Part("ellipse", (0.4, 0.04, 0.6, 0.27), 1),
    ),
    "car": (
        Part("polygon", (0, 0.5, 0.25, 0.5, 0.4, 0.32, 0.7, 0.32, 0.82, 0.5, 0.98, 0.6, 0.98, 0.76, 0, 0.76), 0),
        Part("polygon", (0.32, 0.5, 0.4, 0.36, 0.52, 0.36, 0.52, 0.5), 1),
        Part("ellipse", (0.14, 0.66, 0.34, 0.86), 2),
        Part("ellipse", (0.66, 0.66, 0.86, 0.86), 2),
    ),
    "bird": (
        Part("ellipse", (0.3, 0.4, 0.75, 0.62), 0),
        Part("ellipse", (0.66, 0.3, 0.84, 0.48), 0),
        Part("polygon", (0.84, 0.37, 0.98, 0.41, 0.84, 0.44), 1),
        Part("polygon", (0.36, 0.46, 0.62, 0.46, 0.3, 0.1), 2),
        Part("polygon", (0.32, 0.48, 0.04, 0.42, 0.06, 0.58), 2),
    ),
    "face": (
        Part("ellipse", (0.1, 0.05, 0.9, 0.97), 0),
        Part("polygon", (0.1, 0.35, 0.2, 0.08, 0.5, 0.0, 0.8, 0.08, 0.9, 0.35, 0.5, 0.22), 2),
        Part("ellipse", (0.26, 0.36, 0.43, 0.48), 1, True),
        Part("ellipse", (0.57, 0.36, 0.74, 0.48), 1, True),
        Part("ellipse", (0.34, 0.64, 0.66, 0.84), 1, True),
        Part("polygon", (0.5, 0.46, 0.56, 0.6, 0.45, 0.6), 2),
    ),
    "tree": (
        Part("polygon", (0.44, 0.5, 0.56, 0.5, 0.58, 0.98, 0.42, 0.98), 2),
        Part("ellipse", (0.1, 0.02, 0.9, 0.62), 0),
        Part("ellipse", (0.25, 0.1, 0.6, 0.4), 1),
    ),
}  # fmt: skip
# A turned ball looks as before.
TURNABLE = ("person", "car", "bird", "face", "box")


@dataclass(frozen=True)
class Thing:
    """What stands in a scene: the centre in shares of the sides, the height as a share of the lesser side."""

    shape: str
    x: float
    y: float
    size: float
    colours: tuple[Colour, Colour, Colour]
    degrees: float = 0.0
    open: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class Style:
    """How a scene is drawn."""

    smooth_edges: bool
    shaded: bool
    textured: bool
    grain: Literal["none", "under", "over"]
    shadows: bool


@dataclass(frozen=True)
class Scene:
    """All that a moment shows. `sun` is its centre in shares of the sides."""

    seed: int
    size: tuple[int, int]
    style: Style
    things: tuple[Thing, ...]
    sun: tuple[float, float]

    def with_thing(self, place: int, thing: Thing | None) -> Scene:
        """The scene with another thing at a place of the list, or without it."""
        things = list(self.things)
        things[place : place + 1] = [] if thing is None else [thing]
        return replace(self, things=tuple(things))


def scene_of(seed: int) -> Scene:
    """A scene with three to six things, in a style and a size that the seed chooses."""
    numbers = np.random.default_rng((seed, 1))
    width = int(numbers.integers(480, 960))
    smooth, shaded, textured, shadows = (bool(one) for one in numbers.random(4) < (0.7, 0.6, 0.5, 0.5))
    grain: tuple[Literal["none", "under", "over"], ...] = ("none", "under", "over", "over")
    style = Style(smooth, shaded, textured, grain[int(numbers.integers(4))], shadows)
    things = tuple(thing_of(numbers) for _ in range(int(numbers.integers(3, 7))))
    sun = float(numbers.uniform(0.1, 0.9)), float(numbers.uniform(0.06, 0.2))
    return Scene(seed, (width, round(width * numbers.uniform(0.62, 0.8))), style, things, sun)


def thing_of(numbers: np.random.Generator, shape: str | None = None) -> Thing:
    """Something that stands, lies or flies anywhere in the lower three quarters of a scene."""
    return Thing(
        shape=shape or str(numbers.choice(sorted(SHAPES))),
        x=float(numbers.uniform(0.1, 0.9)),
        y=float(numbers.uniform(0.35, 0.88)),
        size=float(numbers.uniform(0.07, 0.3)),
        colours=(_colour(numbers), _colour(numbers), _colour(numbers)),
        seed=int(numbers.integers(1 << 30)),
    )


def drawn(scene: Scene) -> Image.Image:
    """The scene as a picture."""
    grain = _grain(scene)
    picture = _backdrop(scene.seed, scene.size, scene.style)
    _draw_sun(picture, scene)
    if scene.style.grain == "under":
        picture += grain
    for thing in sorted(scene.things, key=lambda one: one.y):
        if scene.style.shadows:
            _cast_shadow(picture, thing, scene)
        _paste(picture, thing, scene.style)
    if scene.style.grain == "over":
        picture += grain
    return Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))


@lru_cache(maxsize=4)
def _backdrop_of(seed: int, size: tuple[int, int], style: Style) -> Pixels:
    numbers = np.random.default_rng((seed, 2))
    width, height = size
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    top, bottom = (np.array(_colour(numbers, 110), np.float32) for _ in range(2))
    sky = np.broadcast_to(top * (1 - down) + bottom * down, (height, width, 3))
    picture = np.array(sky if style.shaded else np.broadcast_to(top, sky.shape), np.float32)
    for layer in range(4):
        _draw_hill(picture, numbers, style, 0.3 + 0.16 * layer)
        for _ in range(int(numbers.integers(3, 9))):
            _draw_house(picture, numbers, style, 0.36 + 0.16 * layer)
    return picture


def _backdrop(seed: int, size: tuple[int, int], style: Style) -> Pixels:
    return _backdrop_of(seed, size, style).copy()


def _draw_hill(picture: Pixels, numbers: np.random.Generator, style: Style, top: float) -> None:
    height, width = picture.shape[:2]
    across = np.arange(width) / width
    waves = sum(
        numbers.uniform(0.01, 0.05) * np.sin(2 * np.pi * (across * turns + numbers.random()))
        for turns in (1, 2.3, 5)
    )
    edge = ((top + waves) * height)[None, :]
    steep = 1.0 if style.smooth_edges else 1e-3
    cover = np.clip((np.arange(height)[:, None] - edge) / steep, 0, 1)[..., None].astype(np.float32)
    ground = np.broadcast_to(np.array(_colour(numbers, 30, 200), np.float32), picture.shape)
    if style.textured:
        ground = ground * _texture(int(numbers.integers(1 << 30)), (height, width))[..., None]
    picture += cover * (ground - picture)


def _draw_house(picture: Pixels, numbers: np.random.Generator, style: Style, ground: float) -> None:
    house = Thing(
        shape=str(numbers.choice(("box", "tree", "ball"))),
        x=float(numbers.random()),
        y=ground + float(numbers.uniform(-0.03, 0.1)),
        size=float(numbers.uniform(0.05, 0.2)),
        colours=(_colour(numbers), _colour(numbers), _colour(numbers)),
        seed=int(numbers.integers(1 << 30)),
    )
    _paste(picture, house, style)


def _draw_sun(picture: Pixels, scene: Scene) -> None:
    sun = Thing("ball", *scene.sun, 0.11, ((250, 236, 170),) * 3)
    _paste(picture, sun, replace(scene.style, textured=False, shaded=False))


def _cast_shadow(picture: Pixels, thing: Thing, scene: Scene) -> None:
    """Darken the ground on the side away from the sun."""
    height, width = picture.shape[:2]
    side = thing.size * min(width, height)
    layer = Image.new("L", (width, height))
    centre = thing.x * width + (thing.x - scene.sun[0]) * side, thing.y * height + 0.48 * side
    reach = 0.6 * side, 0.12 * side
    box = [centre[axis] + sign * reach[axis] for sign in (-1, 1) for axis in (0, 1)]
    ImageDraw.Draw(layer).ellipse(box, fill=255)
    if scene.style.smooth_edges:
        layer = layer.filter(ImageFilter.GaussianBlur(0.03 * side + 1))
    picture *= 1 - (1 - SHADOW) * np.asarray(layer, np.float32)[..., None] / 255


def _paste(picture: Pixels, thing: Thing, style: Style) -> None:
    height, width = picture.shape[:2]
    sprite, cover = _sprite(thing, style, max(6, round(thing.size * min(width, height))))
    side = cover.shape[0]
    left, top = round(thing.x * width - side / 2), round(thing.y * height - side / 2)
    begin = max(0, -top), max(0, -left)
    end = min(side, height - top), min(side, width - left)
    if end[0] <= begin[0] or end[1] <= begin[1]:
        return
    inner = np.s_[begin[0] : end[0], begin[1] : end[1]]
    place = picture[top + begin[0] : top + end[0], left + begin[1] : left + end[1]]
    place += cover[inner][..., None] * (sprite[inner] - place)


def _sprite(thing: Thing, style: Style, side: int) -> tuple[Pixels, Pixels]:
    """The px of a thing (side, side, 3) and how far it covers what is behind (side, side), 0 to 1."""
    fine = side * (SMOOTH_EDGES_PX if style.smooth_edges else 1)
    layer = Image.new("RGBA", (fine, fine), (*thing.colours[0], 0))
    draw = ImageDraw.Draw(layer)
    for part in SHAPES[thing.shape]:
        points = [point * fine for point in _opened(part, thing.open)]
        (draw.ellipse if part.form == "ellipse" else draw.polygon)(
            points, fill=(*thing.colours[part.colour], 255)
        )
    if thing.degrees:
        how = Image.Resampling.BICUBIC if style.smooth_edges else Image.Resampling.NEAREST
        layer = layer.rotate(thing.degrees, resample=how)
    pixels = np.asarray(layer.resize((side, side), Image.Resampling.BOX), np.float32)
    colours = np.array(pixels[..., :3])
    if style.shaded:
        down, across = np.mgrid[0:side, 0:side].astype(np.float32) / side
        colours *= (1.25 - 0.35 * across - 0.35 * down)[..., None]
    if style.textured:
        colours *= _texture(thing.seed, (side, side))[..., None]
    return np.clip(colours, 0, 255), np.asarray(pixels[..., 3] / 255, np.float32)


def _opened(part: Part, share: float) -> tuple[float, ...]:
    if not part.opens:
        return part.points
    left, top, right, bottom = part.points
    middle, half = (top + bottom) / 2, max(0.06, share) * (bottom - top) / 2
    return left, middle - half, right, middle + half


def _texture(seed: int, shape: tuple[int, int]) -> Pixels:
    """Factors around 1, made of a coarse and a fine wave."""
    numbers = np.random.default_rng((seed, 3))
    factors = np.ones(shape, np.float32)
    for share in TEXTURE_SHARES:
        cells = max(2, round(1 / share))
        coarse = numbers.normal(0, TEXTURE_STRENGTH / 2, (cells, cells)).astype(np.float32)
        factors += cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return factors


def _grain(scene: Scene) -> Pixels:
    numbers = np.random.default_rng((scene.seed, 4))
    width, height = scene.size
    strength = numbers.uniform(*GRAIN_GREY)
    return numbers.normal(0, strength, (height, width, 1)).astype(np.float32)


def _colour(numbers: np.random.Generator, low: int = 10, high: int = 246) -> Colour:
    red, green, blue = (int(one) for one in numbers.integers(low, high, 3))
    return red, green, blue
