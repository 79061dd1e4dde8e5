"""Drawn scenes with captions: a coloured shape, somewhere on a coloured background.

All there is can be listed, so a model can learn it in seconds and be examined on scenes it never saw.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

COLOURS = {
    "red": (214, 39, 40),
    "green": (44, 140, 44),
    "blue": (31, 80, 200),
    "yellow": (245, 208, 40),
    "purple": (130, 60, 170),
    "white": (245, 245, 245),
    "black": (20, 20, 20),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
PARTS = ("shape", "colour", "background")
# Where the shape's middle may lie, as shares of width and height: the middle and near the corners.
PLACES = ((0.5, 0.5), (0.28, 0.28), (0.72, 0.28), (0.28, 0.72), (0.72, 0.72))
# Drawn this many times larger and then shrunk, for smooth edges.
OVERSAMPLING = 4


@dataclass(frozen=True)
class Scene:
    """What a scene shows: one of SHAPES and the names of two of COLOURS."""

    shape: str
    colour: str
    background: str

    @property
    def caption(self) -> str:
        """The whole scene in words, such as "a red circle on a blue background"."""
        return self.described_by(PARTS)

    def described_by(self, parts: Collection[str]) -> str:
        """The scene in words that tell only `parts` of it (at least one of PARTS)."""
        what = [self.colour] if "colour" in parts else []
        what += [self.shape] if "shape" in parts else []
        phrases = [f"a {' '.join(what)}"] if "shape" in parts else what
        phrases += [f"on a {self.background} background"] if "background" in parts else []
        return " ".join(phrases)


def all_scenes() -> list[Scene]:
    """Every scene there is, in a fixed order."""
    return [
        Scene(shape, colour, background)
        for shape, colour, background in itertools.product(SHAPES, COLOURS, COLOURS)
        if colour != background
    ]


def draw_scene(scene: Scene, side_px: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Draw a scene as sRGB, uint8 (side_px, side_px, 3).

    `seed` places, sizes and tints it: drawings that differ in it alone have the same caption.
    """
    chance = random.Random(seed)  # noqa: S311 - drawing, no secret
    canvas_px = side_px * OVERSAMPLING
    image = Image.new("RGB", (canvas_px, canvas_px), _tinted(COLOURS[scene.background], chance))
    x, y = (share + chance.uniform(-0.03, 0.03) for share in chance.choice(PLACES))
    radius = chance.uniform(0.20, 0.25)
    _draw_shape(
        ImageDraw.Draw(image),
        scene.shape,
        (x * canvas_px, y * canvas_px),
        radius * canvas_px,
        _tinted(COLOURS[scene.colour], chance),
    )
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BOX))


def _tinted(colour: tuple[int, int, int], chance: random.Random) -> tuple[int, int, int]:
    red, green, blue = (max(0, min(255, channel + chance.randint(-12, 12))) for channel in colour)
    return red, green, blue


def _draw_shape(
    draw: ImageDraw.ImageDraw,
    shape: str,
    middle: tuple[float, float],
    radius: float,
    colour: tuple[int, int, int],
) -> None:
    x, y = middle
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape == "circle":
        draw.ellipse(box, fill=colour)
    elif shape == "ring":
        draw.ellipse(box, outline=colour, width=round(radius * 0.4))
    elif shape == "cross":
        arm = radius * 0.35
        draw.rectangle((x - radius, y - arm, x + radius, y + arm), fill=colour)
        draw.rectangle((x - arm, y - radius, x + arm, y + radius), fill=colour)
    else:
        draw.polygon(_corners(shape, middle, radius), fill=colour)


def _corners(shape: str, middle: tuple[float, float], radius: float) -> list[tuple[float, float]]:
    """The corners of a square, triangle or five-pointed star, on circles around the middle."""
    count, first_angle, inner = {
        "square": (4, math.pi / 4, 1.0),
        "triangle": (3, -math.pi / 2, 1.0),
        "star": (10, -math.pi / 2, 0.4),
    }[shape]
    angles = [first_angle + 2 * math.pi * index / count for index in range(count)]
    radii = [radius * (inner if index % 2 else 1.0) for index in range(count)]
    return [
        (middle[0] + r * math.cos(angle), middle[1] + r * math.sin(angle))
        for r, angle in zip(radii, angles, strict=True)
    ]
