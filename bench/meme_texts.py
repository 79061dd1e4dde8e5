"""Texts laid over a picture as memes have them: each a function (RGB picture, random numbers) -> RGB picture."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageFont

from bench.flat_pictures import WORDS

Style = Callable[[Image.Image, Random], Image.Image]

# Heights of letters, as a share of the picture's height.
OUTLINED_SHARES = (0.07, 0.12)
INSIDE_SHARES = (0.045, 0.08)
BOX_SHARES = (0.05, 0.075)
BAR_SHARES = (0.12, 0.2)


def outlined(image: Image.Image, random: Random) -> Image.Image:
    """White capitals with a black outline at the top and at the bottom."""
    result = image.copy()
    draw = ImageDraw.Draw(result)
    size = random.uniform(*OUTLINED_SHARES) * image.height
    for y, anchor in ((0.02, "ma"), (0.97, "md")):
        text = _fitting(image.width, size, _words(random, 2, 5).upper())
        place = image.width / 2, y * image.height
        _write(draw, place, text, size, "white", outline="black", anchor=anchor)
    return result


def on_bar(image: Image.Image, random: Random) -> Image.Image:
    """Black letters on a white bar over the top."""
    result = image.copy()
    draw = ImageDraw.Draw(result)
    height = random.uniform(*BAR_SHARES) * image.height
    draw.rectangle((0, 0, image.width, height), fill="white")
    size = 0.42 * height
    text = _fitting(image.width, size, _words(random, 3, 6))
    _write(draw, (image.width / 2, height / 2), text, size, "black", anchor="mm")
    return result


def inside(image: Image.Image, random: Random) -> Image.Image:
    """Black letters somewhere in the picture, in one to three lines."""
    result = image.copy()
    draw = ImageDraw.Draw(result)
    size = random.uniform(*INSIDE_SHARES) * image.height
    place = random.uniform(0.05, 0.4) * image.width, random.uniform(0.1, 0.7) * image.height
    for line in range(random.randint(1, 3)):
        text = _fitting(image.width - place[0], size, _words(random, 1, 3))
        _write(draw, (place[0], place[1] + 1.2 * size * line), text, size, "black")
    return result


def boxes(image: Image.Image, random: Random) -> Image.Image:
    """Two to four short texts over the picture, plain, outlined or on white boxes."""
    result = image.copy()
    draw = ImageDraw.Draw(result)
    size = random.uniform(*BOX_SHARES) * image.height
    look = random.choice(("plain", "outlined", "boxed"))
    for _ in range(random.randint(2, 4)):
        text = _fitting(0.6 * image.width, size, _words(random, 1, 3))
        place = random.uniform(0.03, 0.5) * image.width, random.uniform(0.03, 0.85) * image.height
        if look == "boxed":
            draw.rectangle(draw.textbbox(place, text, font=_font(size)), fill="white")
        outline = "black" if look == "outlined" else None
        _write(draw, place, text, size, "white" if outline else "black", outline=outline)
    return result


STYLES: dict[str, Style] = {"outlined": outlined, "bar": on_bar, "inside": inside, "boxes": boxes}


def _words(random: Random, fewest: int, most: int) -> str:
    return " ".join(random.choice(WORDS) for _ in range(random.randint(fewest, most)))


def _font(size: float) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=max(8.0, size))


def _fitting(width: float, size: float, text: str) -> str:
    """So many of the words, at least one, as go into the width."""
    words = text.split()
    while len(words) > 1 and _font(size).getlength(" ".join(words)) > 0.94 * width:
        words.pop()
    return " ".join(words)


def _write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: float,
    fill: str,
    *,
    outline: str | None = None,
    anchor: str = "la",
) -> None:
    """Outlined letters are bold, as those of memes are."""
    stroke = round(0.07 * size) if outline else 0
    draw.text(
        place, text, font=_font(size), fill=fill, anchor=anchor, stroke_width=stroke, stroke_fill=outline
    )
