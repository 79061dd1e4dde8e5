"""Draws the pictures that tests work on: seeded, so that the same call gives the same picture everywhere."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from PIL.ExifTags import Base

Size = tuple[int, int]
Colour = tuple[int, int, int]

WORDS = [
    *("harbour", "lantern", "window", "river", "paper", "meadow", "copper", "violin", "winter", "garden"),
    *("letter", "station", "candle", "mirror", "orchard", "bridge", "thunder", "saddle", "marble", "engine"),
    *("forest", "ribbon", "kettle", "anchor", "feather", "planet", "island", "pepper"),
]


def scene(seed: int, size: Size = (640, 480)) -> Image.Image:
    """A landscape with sky, hills, houses, trees and grain: every seed another place, rich in detail."""
    random = np.random.default_rng(seed)
    width, height = size
    picture = gradient(size, _colour(random, 120, 255), _colour(random, 120, 255))
    draw = ImageDraw.Draw(picture)
    _draw_sun(draw, random, size)
    for layer in range(4):
        _draw_hill(draw, random, size, top=0.35 + 0.15 * layer)
        for _ in range(int(random.integers(6, 14))):
            _draw_thing(draw, random, size, ground=0.4 + 0.15 * layer)
    grain = random.normal(0, 5, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


def gradient(size: Size, top: Colour, bottom: Colour) -> Image.Image:
    """A smooth change of colour from top to bottom, without any detail."""
    width, height = size
    down = np.linspace(0, 1, height)[:, None, None]
    pixels = np.array(top) * (1 - down) + np.array(bottom) * down
    return Image.fromarray(np.broadcast_to(pixels, (height, width, 3)).astype(np.uint8))


def flat(size: Size, colour: Colour) -> Image.Image:
    """One colour."""
    return Image.new("RGB", size, colour)


def noise(seed: int, size: Size) -> Image.Image:
    """Every pixel on its own: nothing compresses worse."""
    width, height = size
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def text_page(seed: int, size: Size = (600, 800), lines: int = 24) -> Image.Image:
    """A white page of dark text; another seed gives other words in the same layout."""
    random = np.random.default_rng(seed)
    width, height = size
    page = flat(size, (252, 252, 250))
    draw = ImageDraw.Draw(page)
    step = height / (lines + 2)
    font = ImageFont.load_default(size=step * 0.62)
    for line in range(lines):
        text = " ".join(random.choice(WORDS, size=9))
        draw.text((width * 0.06, step * (line + 1)), text, font=font, fill=(30, 30, 34))
    return page


def screenshot(seed: int, size: Size = (960, 600)) -> Image.Image:
    """A window with a bar, a side list and rows of text; another seed gives other content in the same layout."""
    random = np.random.default_rng(seed)
    width, height = size
    picture = flat(size, (244, 246, 248))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, height // 14), fill=(38, 84, 124))
    draw.rectangle((0, height // 14, width // 5, height), fill=(228, 232, 238))
    font = ImageFont.load_default(size=height / 40)
    for row in range(16):
        y = height // 10 + row * height // 18
        draw.text((width * 0.02, y), str(random.choice(WORDS)), font=font, fill=(60, 60, 70))
        draw.text((width * 0.24, y), " ".join(random.choice(WORDS, size=6)), font=font, fill=(30, 30, 40))
    return picture


def sticker(seed: int, size: Size = (200, 200)) -> Image.Image:
    """An RGBA picture: an opaque shape with a soft edge on a transparent ground."""
    random = np.random.default_rng(seed)
    width, height = size
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).ellipse((width // 6, height // 6, width * 5 // 6, height * 5 // 6), fill=255)
    picture = flat(size, _colour(random, 0, 255)).convert("RGBA")
    picture.putalpha(mask.filter(ImageFilter.GaussianBlur(2)))
    return picture


def jpeg_bytes(image: Image.Image, quality: int = 90, **options: Any) -> bytes:
    """`image` as a JPEG; options as Pillow's (progressive, exif, icc_profile, subsampling)."""
    return encoded(image, "JPEG", quality=quality, **options)


def png_bytes(image: Image.Image, **options: Any) -> bytes:
    """`image` as a PNG; options as Pillow's (exif, icc_profile, pnginfo)."""
    return encoded(image, "PNG", **options)


def gif_bytes(frames: Sequence[Image.Image], duration_ms: int = 100) -> bytes:
    """An animated GIF, or a still one of a single frame."""
    first, *rest = frames
    return encoded(first, "GIF", save_all=True, append_images=rest, duration=duration_ms, loop=0)


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    """`image` in any format that Pillow writes."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def decoded(content: bytes) -> Image.Image:
    """The picture in `content`, as Pillow reads it."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    """height x width x 3 (RGB), uint8."""
    return np.asarray(image.convert("RGB"))


def exif_bytes(orientation: int | None = None, **texts: str) -> bytes:
    """An EXIF block with an orientation and texts by the names of their tags, such as Make or DateTime."""
    exif = Image.Exif()
    if orientation is not None:
        exif[Base.Orientation] = orientation
    for name, text in texts.items():
        exif[Base[name]] = text
    return exif.tobytes()


def _colour(random: np.random.Generator, low: int, high: int) -> Colour:
    red, green, blue = (int(value) for value in random.integers(low, high, 3))
    return red, green, blue


def _draw_sun(draw: ImageDraw.ImageDraw, random: np.random.Generator, size: Size) -> None:
    x, y, radius = random.uniform(0.1, 0.9) * size[0], random.uniform(0.05, 0.3) * size[1], 0.06 * size[0]
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(random, 180, 256))


def _draw_hill(draw: ImageDraw.ImageDraw, random: np.random.Generator, size: Size, *, top: float) -> None:
    width, height = size
    across = np.linspace(0, 1, 60)
    waves = np.zeros_like(across)
    for _ in range(4):
        rate, start = random.uniform(0.5, 5), random.uniform()
        waves += random.uniform(0.01, 0.06) * np.sin(2 * np.pi * (rate * across + start))
    line = [(float(x * width), float((top + y) * height)) for x, y in zip(across, waves, strict=True)]
    draw.polygon([(0, height), *line, (width, height)], fill=_colour(random, 20, 190))


def _draw_thing(draw: ImageDraw.ImageDraw, random: np.random.Generator, size: Size, *, ground: float) -> None:
    """A house with windows, or a tree."""
    width, height = size
    x, y = random.uniform(0, 0.95) * width, (ground + random.uniform(-0.05, 0.1)) * height
    wide, tall = random.uniform(0.03, 0.1) * width, random.uniform(0.05, 0.16) * height
    if random.uniform() < 0.5:
        draw.line((x, y, x, y - tall), fill=_colour(random, 30, 90), width=max(1, width // 160))
        draw.ellipse(
            (x - wide / 2, y - tall * 1.5, x + wide / 2, y - tall / 2), fill=_colour(random, 10, 160)
        )
        return
    draw.rectangle((x, y - tall, x + wide, y), fill=_colour(random, 60, 230), outline=(20, 20, 20))
    draw.polygon(
        [(x, y - tall), (x + wide / 2, y - tall * 1.4), (x + wide, y - tall)], fill=_colour(random, 60, 200)
    )
    for column in range(3):
        left = x + wide * (0.12 + 0.3 * column)
        draw.rectangle(
            (left, y - tall * 0.7, left + wide * 0.15, y - tall * 0.4), fill=_colour(random, 0, 256)
        )
