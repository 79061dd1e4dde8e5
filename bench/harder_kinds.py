"""Kinds of change that are harder to see through than those of the first benchmark, each a function of a picture.

`KINDS` maps a name to a function (RGB picture, random numbers) -> RGB picture. The same numbers give the same change.
Save what comes back as JPEG of quality 90; `jpegq10` has been through quality 10 already.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Kind = Callable[[Image.Image, Random], Image.Image]
Colour = tuple[int, int, int]

SMALL_SHARE = 0.15
# Gaussian blur, as a share of the long side: 2 to 4 px of a 500 px photo.
BLUR_SHARES = (0.004, 0.008)
HUE_DEGREES = (20, 60)
STICKERS = (2, 5)
STICKER_SHARES = (0.10, 0.22)
# How far each corner of a print lies from that of a rectangle, as a share of its side.
PERSPECTIVE_SHARE = 0.09


def heavily_compressed(image: Image.Image, random: Random) -> Image.Image:
    """JPEG of quality 10."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=10)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def tiny(image: Image.Image, random: Random) -> Image.Image:
    """15 % of each side."""
    width, height = (max(8, round(side * SMALL_SHARE)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def blurred(image: Image.Image, random: Random) -> Image.Image:
    """Out of focus."""
    return image.filter(ImageFilter.GaussianBlur(random.uniform(*BLUR_SHARES) * max(image.size)))


def hue_shifted(image: Image.Image, random: Random) -> Image.Image:
    """Every hue turned by the same angle; lightest and darkest channel stay."""
    hue, saturation, value = image.convert("HSV").split()
    step = round(random.choice((-1, 1)) * random.uniform(*HUE_DEGREES) / 360 * 256)
    turned = hue.point([(level + step) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def with_stickers(image: Image.Image, random: Random) -> Image.Image:
    """Opaque discs with faces, stars and hearts of flat colours, anywhere on the picture."""
    result = image.copy()
    for _ in range(random.randint(*STICKERS)):
        side = round(random.uniform(*STICKER_SHARES) * min(image.size))
        sticker = random.choice((_face, _star, _heart))(side, random)
        sticker = sticker.rotate(random.uniform(-30, 30), resample=Image.Resampling.BICUBIC)
        place = random.randint(0, image.width - side), random.randint(0, image.height - side)
        result.paste(sticker, place, sticker)
    return result


def in_collage(image: Image.Image, random: Random) -> Image.Image:
    """One of four equal cells; the other three show drawn scenes."""
    width, height = image.size
    collage = Image.new("RGB", (2 * width, 2 * height), "white")
    own = random.randrange(4)
    for cell in range(4):
        shown = image if cell == own else _drawn_scene(image.size, random)
        collage.paste(shown, (cell % 2 * width, cell // 2 * height))
    return collage


def cropped_turned_mirrored(image: Image.Image, random: Random) -> Image.Image:
    """A tenth to two fifths cut off, then mirrored and turned by a quarter."""
    part = _crop(image, random.uniform(0.6, 0.9), random)
    turn = random.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270))
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT).transpose(turn)


def photographed_print(image: Image.Image, random: Random) -> Image.Image:
    """A print with a white margin on a table, seen at an angle, unevenly lit, slightly blurred and noisy."""
    width, height = image.size
    margin = round(0.04 * min(image.size))
    printed = np.asarray(image.convert("RGB"))
    printed = cv2.copyMakeBorder(
        printed, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(244, 243, 240)
    )
    table = _table(round(1.3 * width), round(1.3 * height), random)
    warp = cv2.getPerspectiveTransform(_corners(printed.shape, 0, 0), _seen_corners(image.size, random))
    size = table.shape[1], table.shape[0]
    seen = cv2.warpPerspective(printed, warp, size, flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(np.ones(printed.shape[:2], np.float32), warp, size)[..., None]
    scene = seen * inside + table * (1 - inside)
    return _shot(scene, random)


def deeply_cropped(image: Image.Image, random: Random) -> Image.Image:
    """A tenth of the area."""
    return _crop(image, 0.1, random)


KINDS: dict[str, Kind] = {
    "jpegq10": heavily_compressed,
    "resize15": tiny,
    "blur": blurred,
    "hue": hue_shifted,
    "stickers": with_stickers,
    "collage": in_collage,
    "cropturnmirror": cropped_turned_mirrored,
    "perspective": photographed_print,
    "crop90": deeply_cropped,
}


def _crop(image: Image.Image, kept_area: float, random: Random) -> Image.Image:
    width, height = (max(8, round(side * math.sqrt(kept_area))) for side in image.size)
    left, top = random.randint(0, image.width - width), random.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def _colour(random: Random) -> Colour:
    return random.randint(0, 255), random.randint(0, 255), random.randint(0, 255)


def _face(side: int, random: Random) -> Image.Image:
    sticker = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(sticker)
    draw.ellipse((1, 1, side - 2, side - 2), fill=_colour(random), outline="black")
    for eye in (0.32, 0.6):
        draw.ellipse((eye * side, 0.3 * side, (eye + 0.1) * side, 0.42 * side), fill="black")
    draw.arc(
        (0.25 * side, 0.35 * side, 0.75 * side, 0.8 * side), 20, 160, fill="black", width=max(1, side // 20)
    )
    return sticker


def _star(side: int, random: Random) -> Image.Image:
    sticker = Image.new("RGBA", (side, side))
    points = []
    for corner in range(10):
        reach = side * (0.48 if corner % 2 == 0 else 0.2)
        angle = corner * math.pi / 5
        points.append((side / 2 + reach * math.sin(angle), side / 2 - reach * math.cos(angle)))
    ImageDraw.Draw(sticker).polygon(points, fill=_colour(random), outline="white")
    return sticker


def _heart(side: int, random: Random) -> Image.Image:
    sticker = Image.new("RGBA", (side, side))
    draw, colour = ImageDraw.Draw(sticker), _colour(random)
    draw.ellipse((0.05 * side, 0.1 * side, 0.52 * side, 0.55 * side), fill=colour)
    draw.ellipse((0.48 * side, 0.1 * side, 0.95 * side, 0.55 * side), fill=colour)
    draw.polygon(
        ((0.09 * side, 0.45 * side), (0.91 * side, 0.45 * side), (side / 2, 0.95 * side)), fill=colour
    )
    return sticker


def _drawn_scene(size: tuple[int, int], random: Random) -> Image.Image:
    """Hills, discs and boxes under grain: enough detail to draw points away from the picture beside it."""
    scene = Image.new("RGB", size, _colour(random))
    draw = ImageDraw.Draw(scene)
    for _ in range(60):
        x, y = random.uniform(0, size[0]), random.uniform(0, size[1])
        reach = random.uniform(0.02, 0.2) * min(size)
        shape = random.choice((draw.ellipse, draw.rectangle))
        shape((x - reach, y - reach, x + reach, y + reach), fill=_colour(random))
    grain = np.random.default_rng(random.getrandbits(32)).normal(0, 6, (size[1], size[0], 1))
    return Image.fromarray(np.clip(np.asarray(scene) + grain, 0, 255).astype(np.uint8))


def _corners(shape: tuple[int, ...], left: float, top: float) -> NDArray[np.float32]:
    height, width = shape[:2]
    return np.array(
        [(left, top), (left + width, top), (left + width, top + height), (left, top + height)], np.float32
    )


def _seen_corners(size: tuple[int, int], random: Random) -> NDArray[np.float32]:
    width, height = size
    corners = _corners((height, width), 0.15 * width, 0.15 * height)
    for corner in corners:
        corner += [random.uniform(-1, 1) * PERSPECTIVE_SHARE * side for side in size]
    return corners


def _table(width: int, height: int, random: Random) -> NDArray[np.float32]:
    """A table top with a grain along it."""
    numbers = np.random.default_rng(random.getrandbits(32))
    lines = cv2.GaussianBlur(
        numbers.normal(0, 40, (height, width)).astype(np.float32), (0, 0), 12, sigmaY=0.8
    )
    table = np.array(_colour(random), np.float32) * 0.7 + 30 + 3 * lines[..., None]
    return np.asarray(np.clip(table, 0, 255), np.float32)


def _shot(scene: NDArray[np.float32], random: Random) -> Image.Image:
    """Light from one side, a lens, and a sensor."""
    height, width = scene.shape[:2]
    angle = random.uniform(0, 2 * math.pi)
    across = np.linspace(-1, 1, width)[None, :] * math.cos(angle)
    down = np.linspace(-1, 1, height)[:, None] * math.sin(angle)
    lit = cv2.GaussianBlur(scene, (0, 0), 0.7) * (1 + 0.1 * (across + down))[..., None]
    noise = np.random.default_rng(random.getrandbits(32)).normal(0, 3, scene.shape)
    return Image.fromarray(np.clip(lit + noise, 0, 255).astype(np.uint8))
