"""Copies as they come about: smaller, saved again, cropped, written on, recoloured, turned, in a screenshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gallery.demo.canvas import GRAIN, encoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gallery.demo.canvas import Chance

    Pixels = NDArray[np.uint8]
    Change = Callable[[Pixels, Chance], Pixels]

CAPTIONS = ("Wish you were here", "Happy holidays!", "See you next year", "Greetings from the road")


@dataclass(frozen=True)
class Variant:
    """A kind of copy: what its file is called after the original's stem, how it is made and saved."""

    name: str
    change: Change
    kind: str = "JPEG"
    quality: int = 82
    keeps_exif: bool = False


def scaled(pixels: Pixels, share: float) -> Pixels:
    """The picture at another size."""
    height, width = pixels.shape[:2]
    size = max(1, round(width * share)), max(1, round(height * share))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _smaller(pixels: Pixels, chance: Chance) -> Pixels:
    return scaled(pixels, chance.uniform(0.4, 0.7))


def _same(pixels: Pixels, chance: Chance) -> Pixels:
    return pixels


def _cropped(pixels: Pixels, chance: Chance) -> Pixels:
    height, width = pixels.shape[:2]
    share = chance.uniform(0.62, 0.85)
    top, left = (int(chance.uniform(0, 1 - share) * side) for side in (height, width))
    return pixels[top : top + int(share * height), left : left + int(share * width)]


def _captioned(pixels: Pixels, chance: Chance) -> Pixels:
    image = Image.fromarray(pixels)
    text = CAPTIONS[int(chance.integers(0, len(CAPTIONS)))]
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(image.width // 16)
    place = (image.width // 2, int(image.height * chance.choice([0.12, 0.88])))
    draw.text(place, text, "white", font, "mm", stroke_width=image.width // 400 + 1, stroke_fill="black")
    return np.asarray(image)


def _recoloured(pixels: Pixels, chance: Chance) -> Pixels:
    warm = np.array([1.12, 1.0, 0.82]) if chance.random() < 0.5 else np.array([0.86, 1.0, 1.14])
    bright = np.clip(pixels / 255 * warm * 1.05, 0, 1) ** 0.9
    return np.asarray(bright * 255, np.uint8)


def _grey(pixels: Pixels, chance: Chance) -> Pixels:
    grey = (pixels @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _turned(pixels: Pixels, chance: Chance) -> Pixels:
    return np.ascontiguousarray(np.rot90(pixels, int(chance.choice([1, 3]))))


def _mirrored(pixels: Pixels, chance: Chance) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


def _framed(pixels: Pixels, chance: Chance) -> Pixels:
    rim = pixels.shape[1] // 18
    paper = int(chance.choice([12, 250]))
    return np.pad(pixels, ((rim, rim), (rim, rim), (0, 0)), constant_values=paper)


def _screenshot(pixels: Pixels, chance: Chance) -> Pixels:
    """The picture as it was shown on a page of a phone."""
    screen = Image.new("RGB", (1080, 1920), "#f4f4f6")
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 1080, 150), fill="#2d4a63")
    draw.text((60, 84), "Postcards", "white", ImageFont.load_default(52), "lm")
    draw.text(
        (1020, 84),
        f"{chance.integers(8, 22)}:{chance.integers(10, 59)}",
        "white",
        ImageFont.load_default(40),
        "rm",
    )
    shown = Image.fromarray(scaled(pixels, 1080 / pixels.shape[1]))
    shown = shown.crop((0, 0, 1080, min(shown.height, 1300)))
    screen.paste(shown, (0, 260))
    y = 260 + shown.height
    draw.text((60, 205), "Today's picture", "#222222", ImageFont.load_default(44), "lm")
    for line in range(3):
        draw.rounded_rectangle(
            (60, y + 60 + line * 56, 960 - line * 150, y + 84 + line * 56), 12, fill="#c9ccd2"
        )
    return np.asarray(screen)


def another_shot(pixels: Pixels, chance: Chance) -> Pixels:
    """What a second press of the button gives: seen from a step aside, with another noise."""
    height, width = pixels.shape[:2]
    knots = chance.uniform(-1, 1, (2, 6, 8)).astype(np.float32) * np.float32(width * 0.012)
    bend = [cv2.resize(knot, (width, height), interpolation=cv2.INTER_CUBIC) for knot in knots]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    zoom = np.float32(chance.uniform(0.9, 0.95))
    moved = cv2.remap(
        pixels,
        (columns * zoom + bend[0] + width * chance.uniform(0.02, 0.06)).astype(np.float32),
        (rows * zoom + bend[1] + height * chance.uniform(0.02, 0.05)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    grain = chance.standard_normal((height, width, 1)) * GRAIN * 255
    return np.clip(moved * chance.uniform(0.93, 1.06) + grain, 0, 255).astype(np.uint8)


VARIANTS = {
    "smaller": Variant("{stem}-small.jpg", _smaller, quality=80, keeps_exif=True),
    "saved again": Variant("{stem} (1).jpg", _same, quality=58, keeps_exif=True),
    "other format": Variant("{stem}.webp", _same, kind="WEBP", quality=80, keeps_exif=True),
    "cropped": Variant("{stem}_crop.jpg", _cropped, quality=86, keeps_exif=True),
    "captioned": Variant("{stem}_card.jpg", _captioned, quality=85),
    "recoloured": Variant("{stem}_edited.jpg", _recoloured, quality=88, keeps_exif=True),
    "grey": Variant("{stem}_bw.jpg", _grey, quality=86, keeps_exif=True),
    "turned": Variant("{stem}_rotated.jpg", _turned, quality=86, keeps_exif=True),
    "mirrored": Variant("{stem}_mirror.jpg", _mirrored, quality=86, keeps_exif=True),
    "framed": Variant("{stem}_frame.jpg", _framed, quality=86, keeps_exif=True),
    "screenshot": Variant("Screenshot_{stem}.png", _screenshot, kind="PNG"),
}


def save_variant(pixels: Pixels, name: str, chance: Chance, exif: bytes) -> bytes:
    """The file of a copy of this kind (a key of VARIANTS)."""
    variant = VARIANTS[name]
    return encoded(
        variant.change(pixels, chance),
        kind=variant.kind,
        quality=variant.quality,
        exif=exif if variant.keeps_exif else b"",
    )
