"""Completing a query while it is typed: what stands at the caret and what could stand there. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from gallery.search.syntax import CHOICES, FIELDS, FieldSyntax

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Finder = Callable[[str, str], Sequence["FoundName"]]

NAMES_FOUND = {"tag": "tag", "unaliased": "tag", "album": "album"}
"""Fields whose values are names in the library -> what kind of name the finder is asked for."""

MAX_SUGGESTIONS = 12
BEFORE_TOKEN = re.compile(r"[\s,(){}~]")
NEEDS_QUOTES = re.compile(r'[\s,(){}~"&|]|^[-!]|:')


@dataclass(frozen=True)
class FoundName:
    """A tag or an album, and how many photos it has."""

    name: str
    count: int


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


def complete(text: str, caret: int, find: Finder) -> list[Suggestion]:
    """Suggestions for the operand at `caret` (0..len(text)); `find` gives names by kind and start."""
    token = token_at(text, caret)
    name, colon, value = token.text.partition(":")
    field = FIELDS.get(name.lower())
    if colon and field:
        return values_of(field, value, Token(token.text, token.start + len(name) + 1, token.end), find)
    tags = [suggestion(token, found) for found in find("tag", token.text)]
    return [*tags, *fields_beginning(token)][:MAX_SUGGESTIONS]


def values_of(field: FieldSyntax, value: str, at: Token, find: Finder) -> list[Suggestion]:
    """Values of a field that begin with what is typed after its colon; `at` is where they go."""
    if kind := NAMES_FOUND.get(field.key):
        return [suggestion(at, found) for found in find(kind, value)]
    start = value.lower()
    offered = [*field.examples, *sorted(CHOICES.get(field.key, ()))]
    return [
        {"label": one, "detail": field.hint, "start": at.start, "end": at.end, "insert": f"{one} "}
        for one in offered
        if one.lower().startswith(start) and one != value
    ]


def fields_beginning(token: Token) -> list[Suggestion]:
    """Fields whose name begins with the token; none for an empty one, so that the list stays short."""
    start = token.text.lower()
    if not start:
        return []
    fields = {field.key: field for name, field in FIELDS.items() if name.startswith(start)}
    return [
        {
            "label": f"{key}:",
            "detail": field.hint,
            "start": token.start,
            "end": token.end,
            "insert": f"{key}:",
        }
        for key, field in sorted(fields.items())
    ]


def suggestion(token: Token, found: FoundName) -> Suggestion:
    """A name in place of the token, with a space after it, ready for the next word."""
    return {
        "label": found.name.replace("_", " "),
        "detail": "1 photo" if found.count == 1 else f"{found.count} photos",
        "start": token.start,
        "end": token.end,
        "insert": f"{quoted(found.name)} ",
    }
