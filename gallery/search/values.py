"""What may stand behind a field's colon: readers from text to values. Pure.

A reader returns a value or raises ValueError with the end of the sentence "width: ...".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from PIL import ImageColor

Reader = Callable[[str], object]

FIRST_YEAR: Final = 1000  # years outside of these overflow when a time zone is applied
LAST_YEAR: Final = 9998
MIN_HASH_PREFIX: Final = 8  # hex digits; fewer would match many photos by chance
MAX_HASH_DIGITS: Final = 64  # of a SHA-256
MAX_AGE: Final = timedelta(days=365_000)  # a thousand years; more overflows a date

_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,9})?|\.\d{1,9})", re.ASCII)
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{0,6})?|\.\d{1,6})\s?([kmgt]?i?b?)", re.IGNORECASE | re.ASCII)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2}))?)?)?", re.ASCII)
_AGE = re.compile(r"(\d{1,9})(s|mi|min|h|d|w|mo|y)", re.IGNORECASE | re.ASCII)
_AGE_UNITS: Final = {
    "s": timedelta(seconds=1),
    "mi": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30.4375),
    "y": timedelta(days=365.25),
}
_SIZE_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
YES: Final = frozenset({"yes", "true", "on", "1"})
NO: Final = frozenset({"no", "false", "off", "0"})


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of local time without a zone: `start` included, `end` excluded."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Age:
    """An age and the unit it was given in, which is how exactly it was meant."""

    length: timedelta
    unit: timedelta


@dataclass(frozen=True, slots=True)
class Ratio:
    """Width over height."""

    value: float


@dataclass(frozen=True, slots=True)
class SimilarTo:
    """A photo's id, and by what likeness is judged: look, colour, tags or structure."""

    photo_id: int
    by: str


def _error(text: str, what: str) -> ValueError:
    return ValueError(f"'{text}' is not {what}")


def number(text: str) -> int | float:
    """A decimal number, an int where it is whole."""
    if not _NUMBER.fullmatch(text):
        raise _error(text, "a number")
    value = float(text)
    return int(value) if value.is_integer() else value


def whole_number(text: str) -> int:
    """An integer of at most 18 digits."""
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise _error(text, "a whole number")
    return int(text)


def byte_size(text: str) -> int:
    """Bytes: `2M` is 2,000,000 and `2MiB` is 2,097,152."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise _error(text, "a file size such as 500k or 2MiB")
    amount, unit = match[1], match[2].lower()
    base = 1024 if "i" in unit else 1000
    power: int = _SIZE_POWERS[unit.rstrip("b").rstrip("i")]
    return round(float(amount) * float(base**power))


def ratio(text: str) -> Ratio:
    """`16:9`, `16/9` or a decimal number above 0."""
    width, _, height = text.replace("/", ":").partition(":")
    try:
        value = float(number(width)) / (float(number(height)) if height else 1.0)
    except (ValueError, ZeroDivisionError):
        raise _error(text, "a ratio such as 16:9") from None
    if value <= 0:
        raise _error(text, "a ratio such as 16:9")
    return Ratio(value)


def period(text: str) -> Period:
    """A year, month, day or minute as the stretch of time it covers."""
    match = _DATE.fullmatch(text)
    if not match:
        raise _error(text, "a date such as 2024-06")
    year, month, day, hour, minute = (None if part is None else int(part) for part in match.groups())
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        raise _error(text, f"a date between {FIRST_YEAR} and {LAST_YEAR}")
    try:
        start = datetime(year, month or 1, day or 1, hour or 0, minute or 0)
    except ValueError:
        raise _error(text, "a date that exists") from None
    return Period(start, _end_of_period(start, month=month, day=day, minute=minute))


def _end_of_period(start: datetime, *, month: int | None, day: int | None, minute: int | None) -> datetime:
    if month is None:
        return start.replace(year=start.year + 1)
    if day is None:
        return (start + timedelta(days=32)).replace(day=1)
    return start + (timedelta(days=1) if minute is None else timedelta(minutes=1))


def age(text: str) -> Age:
    """`30s 5mi 3h 2d 2w 6mo 1y`."""
    match = _AGE.fullmatch(text)
    if not match:
        raise _error(text, "an age such as 2w (s mi h d w mo y)")
    unit = _AGE_UNITS[match[2].lower()]
    if int(match[1]) > MAX_AGE / unit:
        raise _error(text, "an age of less than a thousand years")
    return Age(int(match[1]) * unit, unit)


def yes_no(text: str) -> bool:
    lowered = text.lower()
    if lowered not in YES | NO:
        raise _error(text, "yes or no")
    return lowered in YES


def rating(text: str) -> int | float | bool | str:
    """Stars, yes or no, or one of the letters g s q e, under which other galleries keep how safe a picture is."""
    lowered = text.lower()
    if lowered in {"g", "s", "q", "e"}:
        return lowered
    if lowered in {"yes", "no"}:
        return lowered == "yes"
    try:
        return number(text)
    except ValueError:
        raise _error(text, "a rating from 0 to 5") from None


def name(text: str) -> str:
    """Any text that says something."""
    if not text.strip():
        raise _error(text, "a name")
    return text.strip()


def tag_name(text: str) -> str:
    """Text with more in it than blanks and underscores."""
    if not text.replace("_", " ").strip():
        raise _error(text, "a tag's name")
    return text


def choice(options: Iterable[str] | Callable[[], Iterable[str]], what: str) -> Reader:
    """A reader for one of a few words, without case; `options` may be asked late, since others add to them."""

    def read(text: str) -> str:
        known = sorted(options() if callable(options) else options)
        if text.lower() not in known:
            raise ValueError(f"'{text}' is not {what}; known are {', '.join(known)}")
        return text.lower()

    return read


def hash_prefix(text: str) -> str:
    """The first 8 or more hex digits of a checksum."""
    lowered = text.lower()
    if not re.fullmatch(r"[0-9a-f]+", lowered) or not MIN_HASH_PREFIX <= len(lowered) <= MAX_HASH_DIGITS:
        raise _error(text, f"at least {MIN_HASH_PREFIX} digits of a checksum (0-9, a-f)")
    return lowered


def colour(text: str) -> tuple[int, int, int]:
    """A colour as sRGB bytes: `#ff8800`, `#f80` or a name of CSS such as `teal`."""
    lowered = text.lower().replace(" ", "")
    if re.fullmatch(r"#?(?:[0-9a-f]{3}|[0-9a-f]{6})", lowered) and lowered not in ImageColor.colormap:
        lowered = "#" + lowered.lstrip("#")
    elif lowered not in ImageColor.colormap:
        raise _error(text, "a colour such as #ff8800 or teal")
    red, green, blue = ImageColor.getrgb(lowered)[:3]
    return red, green, blue


SIMILARITIES: Final = ("look", "colour", "tags", "structure")


def similar_to(text: str) -> SimilarTo:
    """`123` or `123@colour`."""
    photo_id, _, by = text.partition("@")
    by = by.lower().replace("color", "colour") or "look"
    if not re.fullmatch(r"\d{1,18}", photo_id, re.ASCII) or by not in SIMILARITIES:
        raise _error(text, f"a photo's number, with @{', @'.join(SIMILARITIES)} or nothing behind it")
    return SimilarTo(int(photo_id), by)


ORDERS: Final = {
    "newest": "newest", "date": "newest", "taken": "taken", "uploaded": "uploaded", "id": "id",
    "size": "filesize", "filesize": "filesize", "width": "width", "height": "height",
    "mpixels": "mpixels", "ratio": "ratio", "rating": "rating", "score": "rating", "tagcount": "tagcount",
    "random": "random", "relevance": "relevance", "oldest": "oldest", "unusual": "unusual",
}  # fmt: skip
MAX_SEED_LENGTH: Final = 64


def order(text: str) -> str:
    """An order as `name`, `name_asc`, `name_desc` (a colon may stand for the underscore) or `random:seed`."""
    lowered = text.lower()
    base, _, rest = lowered.replace(":", "_", 1).partition("_")
    if base == "random":
        return f"random:{rest[:MAX_SEED_LENGTH]}" if rest else "random"
    if base not in ORDERS or rest not in {"", "asc", "desc"}:
        raise ValueError(f"'{text}' is not an order; known are {', '.join(ORDERS)}")
    return f"{base}_{rest}" if rest else base
