"""Where words, operators and groups begin and end in a query text. Pure; `grammar.py` builds the tree.

Every method looks at a bounded stretch from the current position or moves it forward, so that reading a text takes
time in proportion to its length.
"""

from __future__ import annotations

import re
from typing import Final

from gallery.search.tree import Span

_PLAIN: Final = re.compile(r"[^\s,&|\\(){}]+")
_SPACE: Final = re.compile(r"\s+")
_FACE: Final = re.compile(
    r">?[:;]-?[()](?=[\s,)}]|&&|\|\||$)"
)  # :) is a word although ")" would close a group
_OPERATOR: Final = re.compile(r"&&|\|\||,|and|or", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"\\([^\w\s])")
_CLOSERS: Final = {"(": ")", "{": "}"}
_OPENERS: Final = {")": "(", "}": "{"}


def unescape(text: str) -> str:
    """A backslash before a sign takes its meaning away and goes; any other backslash stays."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def has_bare(text: str, sign: str) -> bool:
    """Whether `sign` stands in the text without a backslash before it."""
    return sign in text and sign in _ESCAPE.sub("", text)


def is_fuzzy(text: str) -> bool:
    """Whether a name stands before a `~` that no backslash escapes."""
    return text.endswith("~") and _ESCAPE.sub("", text).endswith("~") and bool(text.strip("_~"))


class Scanner:
    """A position in a text, and the groups that are open there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups: list[str] = []

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)

    def space_end(self, at: int) -> int:
        """Where the white space that starts at `at`, if any, ends."""
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def skip_space(self) -> None:
        self.at = self.space_end(self.at)

    def at_closer(self) -> bool:
        """Whether the innermost open group closes here."""
        return bool(self.groups) and self.text.startswith(_CLOSERS[self.groups[-1]], self.at)

    def boundary(self, at: int) -> bool:
        """Whether a word that reaches to `at` ends there."""
        if at >= len(self.text) or self.text[at].isspace() or self.text[at] == ",":
            return True
        if self.text.startswith(("&&", "||"), at):
            return True
        return bool(self.groups) and self.text[at] == _CLOSERS[self.groups[-1]]

    def operator(self) -> str:
        """Read `and`, `or` or `,` here: "AND", "OR", "," or, where there is none, ""."""
        match = _OPERATOR.match(self.text, self.at)
        if not match or (match[0].isalpha() and not self.boundary(match.end())):
            return ""
        self.at = match.end()
        return {"&&": "AND", "||": "OR"}.get(match[0], match[0].upper())

    def word_end(self, start: int) -> int:
        """Where the word that starts at `start` ends. Brackets inside a word pair up within it."""
        face = _FACE.match(self.text, start)
        if face:
            return face.end()
        inside = {"(": 0, "{": 0}
        at = start
        while at < len(self.text):
            plain = _PLAIN.match(self.text, at)
            if plain:
                at = plain.end()
                continue
            char = self.text[at]
            if char == "\\":
                at += 1 if self.text[at + 1 : at + 2].isspace() else 2
                continue
            if self._bracket_stays(char, inside):
                at += 1
                continue
            if self.boundary(at):
                break
            at += 1
        return min(at, len(self.text))

    @staticmethod
    def _bracket_stays(char: str, inside: dict[str, int]) -> bool:
        if char in _CLOSERS:
            inside[char] += 1
            return True
        if char in _OPENERS and inside[_OPENERS[char]]:
            inside[_OPENERS[char]] -= 1
            return True
        return False

    def quoted(self) -> tuple[str, Span] | None:
        """Read a quoted text here; an unclosed one reaches to the end, and its span with it."""
        if not self.text.startswith('"', self.at):
            return None
        start = self.at
        parts: list[str] = []
        at = start + 1
        while at < len(self.text) and self.text[at] != '"':
            at += self.text[at] == "\\" and at + 1 < len(self.text)
            parts.append(self.text[at])
            at += 1
        self.at = min(at + 1, len(self.text))
        return "".join(parts), Span(start, self.at)

    def quote_is_closed(self, span: Span) -> bool:
        """Whether what `quoted` read ends in a quotation mark of its own."""
        return (
            span.end - span.start > 1 and self.text[span.end - 1] == '"' and not self._escaped(span.end - 1)
        )

    def _escaped(self, at: int) -> bool:
        before = self.text[:at]
        return (len(before) - len(before.rstrip("\\"))) % 2 == 1
