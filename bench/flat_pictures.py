"""Flat pictures of equal layout and other content: charts, tables, forms, slides, receipts and colour charts.

`LAYOUTS` maps a name to a function (layout numbers, content numbers) -> RGB picture. Equal layout numbers give the same
headings, sizes, colours and lines; other content numbers give other values in it. A `Content` with `but_one` set gives
the values of its base but for one of them, as in the next version of a document.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

WORDS = [
    *("harbour", "lantern", "window", "river", "paper", "meadow", "copper", "violin", "winter", "garden"),
    *("letter", "station", "candle", "mirror", "orchard", "bridge", "thunder", "saddle", "marble", "engine"),
    *("forest", "ribbon", "kettle", "anchor", "feather", "planet", "island", "pepper", "account", "budget"),
]
INK = (34, 36, 42)
FAINT = (200, 203, 210)


class Content:
    """Values that fill a layout, one after the other; with `but_one`, the given one (counted from 0) is another."""

    def __init__(self, seed: str, but_one: int | None = None) -> None:
        self._numbers, self._other = Random(seed), Random(f"{seed}:other")
        self._but_one, self._given = but_one, 0

    def share(self) -> float:
        """A number from 0 to 1; the other one is far from it."""
        value, other = self._numbers.random(), self._other.uniform(0.25, 0.6)
        return (value + other) % 1.0 if self._is_other() else value

    def word(self) -> str:
        """A word; the other one begins otherwise."""
        value = self._numbers.choice(WORDS)
        rest = [word for word in WORDS if word[0] != value[0]]
        return self._other.choice(rest) if self._is_other() else value

    def words(self, count: int) -> str:
        """So many words, each a value of its own."""
        return " ".join(self.word() for _ in range(count))

    def amount(self) -> str:
        """A sum of money; every digit may differ."""
        value, other = self._numbers.randint(10_000, 999_999), self._other.randint(10_000, 999_999)
        return f"{(other if self._is_other() else value) / 100:,.2f}"

    def colour(self) -> Colour:
        """A strong colour."""
        hue = 360 * self.share()
        return _hsv(hue, 0.55 + 0.4 * self._numbers.random(), 0.5 + 0.45 * self._numbers.random())

    @property
    def given(self) -> int:
        """How many values were asked for."""
        return self._given

    def _is_other(self) -> bool:
        self._given += 1
        return self._but_one == self._given - 1


Layout = Callable[[Random, Content], Image.Image]


def bar_chart(layout: Random, content: Content) -> Image.Image:
    """Bars of one colour over named places, with lines and a title."""
    picture, draw = _sheet(layout, (800, 560))
    colour = _hsv(layout.uniform(0, 360), 0.7, 0.75)
    _text(draw, (60, 24), _title(layout), 26)
    bars = layout.randint(5, 11)
    step = 680 / bars
    for line in range(6):
        y = 490 - 80 * line
        draw.line((60, y, 760, y), fill=FAINT)
        _text(draw, (20, y - 8), str(20 * line), 14)
    for bar in range(bars):
        left = 70 + bar * step
        draw.rectangle((left, 490 - 390 * content.share(), left + 0.7 * step, 490), fill=colour)
        _text(draw, (left, 500), layout.choice(WORDS)[:6], 13)
    return picture


def line_chart(layout: Random, content: Content) -> Image.Image:
    """Two lines over a grid."""
    picture, draw = _sheet(layout, (840, 520))
    _text(draw, (60, 20), _title(layout), 24)
    for line in range(7):
        draw.line((60, 80 + 60 * line, 800, 80 + 60 * line), fill=FAINT)
        _text(draw, (18, 72 + 60 * line), str(60 - 10 * line), 14)
    points = layout.randint(8, 14)
    for _ in range(2):
        colour = _hsv(layout.uniform(0, 360), 0.8, 0.7)
        course = [(60 + 740 * place / (points - 1), 440 - 360 * content.share()) for place in range(points)]
        draw.line(course, fill=colour, width=4)
    return picture


def pie_chart(layout: Random, content: Content) -> Image.Image:
    """A pie of five slices with a key."""
    picture, draw = _sheet(layout, (720, 540))
    _text(draw, (40, 24), _title(layout), 26)
    colours = [_hsv(layout.uniform(0, 360), 0.6, 0.85) for _ in range(5)]
    shares = [0.15 + content.share() for _ in colours]
    start = -90.0
    for place, (colour, share) in enumerate(zip(colours, shares, strict=True)):
        end = start + 360 * share / sum(shares)
        draw.pieslice((60, 90, 460, 490), start, end, fill=colour, outline="white", width=3)
        draw.rectangle((520, 150 + 44 * place, 544, 174 + 44 * place), fill=colour)
        _text(draw, (556, 152 + 44 * place), WORDS[place * 3], 18)
        start = end
    return picture


def table(layout: Random, content: Content) -> Image.Image:
    """A table of words and sums."""
    picture, draw = _sheet(layout, (820, 620))
    _text(draw, (40, 20), _title(layout), 24)
    rows, columns = layout.randint(9, 16), layout.randint(3, 5)
    step, width = 530 / rows, 740 / columns
    draw.rectangle((40, 66, 780, 66 + step), fill=_hsv(layout.uniform(0, 360), 0.25, 0.9))
    for row in range(rows):
        y = 66 + row * step
        draw.line((40, y, 780, y), fill=FAINT)
        for column in range(columns):
            text = content.word() if column == 0 else content.amount()
            head = WORDS[(5 * column + rows) % len(WORDS)]
            _text(draw, (50 + column * width, y + 0.2 * step), head if row == 0 else text, 0.5 * step)
    return picture


def form(layout: Random, content: Content) -> Image.Image:
    """Named boxes, each filled in with words."""
    picture, draw = _sheet(layout, (620, 820))
    _text(draw, (40, 24), _title(layout), 26)
    for row in range(layout.randint(8, 12)):
        y = 80 + 58 * row
        _text(draw, (40, y), f"{layout.choice(WORDS)} {layout.choice(WORDS)}", 13)
        draw.rectangle((40, y + 18, 580, y + 46), outline=(120, 124, 132))
        _text(draw, (48, y + 22), content.words(layout.randint(1, 4)), 17)
    return picture


def slide(layout: Random, content: Content) -> Image.Image:
    """A title and points beside a coloured bar."""
    ground = _hsv(layout.uniform(0, 360), 0.5, 0.35)
    picture, draw = _sheet(layout, (960, 540))
    draw.rectangle((0, 0, 960, 96), fill=ground)
    draw.ellipse((860, 16, 924, 80), fill=_hsv(layout.uniform(0, 360), 0.7, 0.9))
    _text(draw, (44, 28), content.words(3), 38, "white")
    for point in range(layout.randint(3, 5)):
        y = 150 + 76 * point
        draw.ellipse((50, y + 10, 62, y + 22), fill=ground)
        _text(draw, (80, y), content.words(4), 26)
    _text(draw, (44, 506), _title(layout), 14, (130, 130, 136))
    return picture


def receipt(layout: Random, content: Content) -> Image.Image:
    """A long slip of things and their prices."""
    picture, draw = _sheet(layout, (360, 720))
    _text(draw, (110, 20), layout.choice(WORDS).upper(), 28)
    for row in range(layout.randint(12, 20)):
        y = 80 + 30 * row
        _text(draw, (24, y), content.word(), 18)
        _text(draw, (250, y), content.amount(), 18)
    return picture


def colour_chart(layout: Random, content: Content) -> Image.Image:
    """Patches of colour on a dark card."""
    columns, rows = layout.randint(4, 6), layout.randint(3, 4)
    picture = Image.new("RGB", (40 + 110 * columns, 70 + 110 * rows), (24, 24, 26))
    draw = ImageDraw.Draw(picture)
    for place in range(columns * rows):
        left, top = 25 + 110 * (place % columns), 25 + 110 * (place // columns)
        draw.rectangle((left, top, left + 92, top + 92), fill=content.colour())
    _text(draw, (30, 35 + 110 * rows), _title(layout), 18, (210, 210, 210))
    return picture


LAYOUTS: dict[str, Layout] = {
    "bar chart": bar_chart,
    "line chart": line_chart,
    "pie chart": pie_chart,
    "table": table,
    "form": form,
    "slide": slide,
    "receipt": receipt,
    "colour chart": colour_chart,
}


def values_of(layout: str, seed: int) -> int:
    """How many values a layout asks for."""
    content = Content(f"{layout}:{seed}")
    LAYOUTS[layout](Random(f"{layout}:{seed}"), content)
    return content.given


def drawn(layout: str, seed: int, content: Content) -> Image.Image:
    """A layout filled with content."""
    return LAYOUTS[layout](Random(f"{layout}:{seed}"), content)


def _sheet(layout: Random, size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    ground = layout.choice(((255, 255, 255), (250, 250, 246), (244, 246, 250)))
    picture = Image.new("RGB", size, ground)
    return picture, ImageDraw.Draw(picture)


def _title(layout: Random) -> str:
    return " ".join(layout.choice(WORDS) for _ in range(3)).capitalize()


def _text(
    draw: ImageDraw.ImageDraw,
    place: Sequence[float],
    text: str,
    size: float,
    fill: Colour | str = INK,
) -> None:
    draw.text((place[0], place[1]), text, font=ImageFont.load_default(size=size), fill=fill)


def _hsv(hue_degrees: float, saturation: float, value: float) -> Colour:
    def channel(shift: float) -> int:
        at = (shift + hue_degrees / 60) % 6
        return round(255 * value * (1 - saturation * max(0.0, min(at, 4 - at, 1.0))))

    return channel(5), channel(3), channel(1)
