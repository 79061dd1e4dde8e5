"""Draws what a monitor shows: a desk with a bar and a clock, windows, messages, a lock screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.pictures import WORDS, gradient

if TYPE_CHECKING:
    from tests.pictures import Size

FULL_HD = (1920, 1080)
BAR_PX = 40


def desk(window: int = 1, clock: str = "12:59", size: Size = FULL_HD) -> Image.Image:
    """A desk with one window of text (another number: another window) and a clock at the right of the bar below."""
    width, height = size
    picture = gradient(size, (40, 70, 110), (90, 130, 150))
    draw = ImageDraw.Draw(picture)
    _draw_window(draw, window, (width // 12, height // 12, width * 3 // 4, height * 5 // 6))
    draw.rectangle((0, height - BAR_PX, width, height), fill=(30, 32, 38))
    font = ImageFont.load_default(size=15)
    draw.text((width - 110, height - BAR_PX + 2), clock, font=font, fill=(240, 240, 240))
    draw.text((width - 110, height - BAR_PX + 20), "21/11/2026", font=font, fill=(240, 240, 240))
    return picture


def locked(clock: str = "13:05", size: Size = FULL_HD) -> Image.Image:
    """A lock screen."""
    picture = gradient(size, (10, 10, 30), (60, 20, 60))
    draw = ImageDraw.Draw(picture)
    draw.text(
        (size[0] // 2 - 90, size[1] // 3), clock, font=ImageFont.load_default(size=72), fill=(255, 255, 255)
    )
    return picture


def with_message(screen: Image.Image, box: Size = (320, 160)) -> Image.Image:
    """The screen with a message that popped up above the clock."""
    picture = screen.copy()
    draw = ImageDraw.Draw(picture)
    right, bottom = screen.width - 16, screen.height - BAR_PX - 16
    draw.rectangle((right - box[0], bottom - box[1], right, bottom), fill=(248, 248, 250))
    font = ImageFont.load_default(size=18)
    draw.text(
        (right - box[0] + 16, bottom - box[1] + 16), "New letter from Ada", font=font, fill=(20, 20, 20)
    )
    return picture


def with_pointer(screen: Image.Image, place: Size) -> Image.Image:
    """The screen with the mouse pointer at a place."""
    picture = screen.copy()
    left, top = place
    shape = [(left, top), (left, top + 22), (left + 6, top + 16), (left + 15, top + 15)]
    ImageDraw.Draw(picture).polygon(shape, fill=(255, 255, 255), outline=(0, 0, 0))
    return picture


def with_line(screen: Image.Image, text: str = "one more line of text in the window") -> Image.Image:
    """The screen after somebody wrote a line into its window."""
    picture = screen.copy()
    font = ImageFont.load_default(size=18)
    place = (screen.width // 10, screen.height * 3 // 4)
    ImageDraw.Draw(picture).text(place, text, font=font, fill=(20, 20, 24))
    return picture


def _draw_window(draw: ImageDraw.ImageDraw, seed: int, box: tuple[int, int, int, int]) -> None:
    random = np.random.default_rng(seed)
    left, top, right, bottom = box
    draw.rectangle(box, fill=(250, 250, 248))
    draw.rectangle(
        (left, top, right, top + 32), fill=tuple(int(level) for level in random.integers(40, 200, 3))
    )
    font = ImageFont.load_default(size=18)
    for y in range(top + 50, (top + 2 * bottom) // 3, 28):
        draw.text((left + 24, y), " ".join(random.choice(WORDS, size=14)), font=font, fill=(20, 20, 24))
