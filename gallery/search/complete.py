"""Completing a query while it is typed: what stands at the caret and what could stand there. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    TagFinder = Callable[[str], Sequence[dict[str, object]]]

FIELD_HINTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "tag": ("a tag, never a description", ()),
    "like": ('a description: like:"a dog on a beach"', ()),
    "similar": ("photos like the one with this number", ()),
    "text": ("words in title, description, file name", ()),
    "width": ("pixels: width:>1920", (">1920", ">3840", "<800")),
    "height": ("pixels: height:1080", (">1080", ">2160", "<600")),
    "mpixels": ("millions of pixels", (">12", "<1")),
    "ratio": ("width to height", ("16:9", "4:3", "3:2", "1:1", "9:16")),
    "filesize": ("size of the file", (">10M", ">2M", "<200k")),
    "date": ("when it was taken: date:2024-06", ()),
    "age": ("how long ago: age:<2w", ("<1d", "<1w", "<1mo", "<1y")),
    "rating": ("stars", ("5", ">=4", ">=3", "0")),
    "favourite": ("marked with a heart", ("yes", "no")),
    "tagcount": ("how many tags", ("0", ">5")),
    "type": ("kind of file", ("jpeg", "png", "gif", "webp", "tiff", "avif", "heic")),
    "is": ("shape or state", ("portrait", "landscape", "square", "private", "public", "animated", "damaged")),
    "has": ("what it has", ("location", "duplicates", "tags", "title")),
    "album": ("in this album", ()),
    "user": ("uploaded by", ()),
    "camera": ("camera name", ()),
    "colour": (
        "#ff8800, or a name",
        ("red", "orange", "yellow", "green", "teal", "blue", "purple", "black", "white"),
    ),
    "dupes": ("how many copies", (">0", "show")),
    "order": ("sorting", ("newest", "oldest", "taken", "size", "width", "rating", "random", "relevance")),
}
"""Field -> what it asks for, and values worth offering."""

MAX_SUGGESTIONS = 12
BEFORE_TOKEN = re.compile(r"[\s,(){}~]")
NEEDS_QUOTES = re.compile(r'[\s,(){}~"&|]|^[-!]|:')


class Suggestion(TypedDict):
    """Put `insert` in place of text[start:end]; `label` and `detail` are shown."""

    label: str
    detail: str
    start: int
    end: int
    insert: str


@dataclass(frozen=True)
class Token:
    """The operand at the caret, without its sign: text[start:end]."""

    text: str
    start: int
    end: int


def token_at(text: str, caret: int) -> Token:
    """The operand that ends at or holds the caret; an open quote reaches to the caret with all it holds."""
    quote = open_quote(text[:caret])
    if quote is not None:
        return Token(text[quote + 1 : caret], quote, caret)
    start = caret
    while start > 0 and not BEFORE_TOKEN.match(text[start - 1]):
        start -= 1
    while start < caret and text[start] in "-!":
        start += 1
    end = caret
    while end < len(text) and not BEFORE_TOKEN.match(text[end]):
        end += 1
    return Token(text[start:end], start, end)


def open_quote(text: str) -> int | None:
    """Where a quote that is not closed begins."""
    opened: int | None = None
    for match in re.finditer(r'\\.|"', text):
        if match.group() == '"':
            opened = match.start() if opened is None else None
    return opened


def quoted(name: str) -> str:
    """A name as a query writes it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if NEEDS_QUOTES.search(name) else name


def complete(text: str, caret: int, find_tags: TagFinder) -> list[Suggestion]:
    """Suggestions for the operand at `caret` (0..len(text)); `find_tags` gives tags by their start."""
    token = token_at(text, caret)
    field, colon, value = token.text.partition(":")
    if colon and field.lower() in FIELD_HINTS:
        return values_of(field.lower(), value, token, find_tags)
    tags = [suggestion(token, str(tag["name"]), counted(tag["count"])) for tag in find_tags(token.text)]
    return [*tags, *fields_beginning(token)][:MAX_SUGGESTIONS]


def values_of(field: str, value: str, token: Token, find_tags: TagFinder) -> list[Suggestion]:
    """Values of a field that begin with what is typed after its colon."""
    at = Token(token.text, token.start + len(field) + 1, token.end)
    if field == "tag":
        return [suggestion(at, str(tag["name"]), counted(tag["count"])) for tag in find_tags(value)]
    offered = FIELD_HINTS[field][1]
    return [
        {"label": one, "detail": FIELD_HINTS[field][0], "start": at.start, "end": at.end, "insert": f"{one} "}
        for one in offered
        if one.lower().startswith(value.lower()) and one != value
    ]


def fields_beginning(token: Token) -> list[Suggestion]:
    """Fields whose name begins with the token; none for an empty one, so that the list stays short."""
    start = token.text.lower()
    return [
        {"label": f"{name}:", "detail": hint, "start": token.start, "end": token.end, "insert": f"{name}:"}
        for name, (hint, _) in FIELD_HINTS.items()
        if start and name.startswith(start)
    ]


def suggestion(token: Token, name: str, detail: str) -> Suggestion:
    """A tag in place of the token, with a space after it, ready for the next word."""
    return {
        "label": name.replace("_", " "),
        "detail": detail,
        "start": token.start,
        "end": token.end,
        "insert": f"{quoted(name)} ",
    }


def counted(count: object) -> str:
    """A number of photos in words."""
    return "1 photo" if count == 1 else f"{count} photos"
