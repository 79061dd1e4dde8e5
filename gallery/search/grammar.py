"""The query language: text -> tree, warnings and controls. Pure, and total: every string parses.

    query   = or
    or      = and { ("||" | "or") and }
    and     = unary { [ "," | "&&" | "and" ] unary }
    unary   = { "-" | "!" | "NOT" } prim
    prim    = "(" or ")" | "{" and { "~" and } "}" | field | quoted | word

White space is AND. `~a ~b` is "a or b"; between braces `~` is OR, and so is white space where there is no `~`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from gallery.search.field_values import FieldRead, read_field
from gallery.search.scanner import Scanner, has_bare, is_fuzzy, unescape
from gallery.search.settle import settle
from gallery.search.syntax import FIELDS, FieldSyntax, Part
from gallery.search.tree import (
    All,
    Described,
    Field,
    Fuzzy,
    Node,
    Nothing,
    Span,
    Tag,
    Wild,
    fold_tag,
    join_and,
    join_or,
    negate,
)

MAX_LENGTH: Final = 2_000  # characters; the box allows no more, and a link stays below what servers accept
MAX_TERMS: Final = 100  # words, fields and quoted texts; each may cost an index look-up
MAX_DEPTH: Final = 30  # open groups; far below Python's recursion limit
MAX_TAG_WORDS: Final = 8  # words in a row that are tried as one tag

_UNSTORABLE: Final = re.compile(
    "[\x00\ud800-\udfff]"
)  # PostgreSQL takes neither NUL nor half a surrogate pair
_SLOPPY_SEPARATORS: Final = {"", ",", "~"}  # these may stand at either end without a warning


class Vocabulary(Protocol):
    """Which names are tags."""

    def find(self, name: str, *, words: int = 1, aliases: bool = True) -> str | None:
        """The tag that a folded name means: its own name, or what it is an alias of; None where it is no tag.

        `words` says how many words, set apart by white space, the name was typed as.
        """


class Warned(NamedTuple):
    """What was odd about the text, and where."""

    message: str
    position: int


class Control(NamedTuple):
    """A setting for the results, such as ("order", "newest"), and where it stands."""

    name: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text asks for. `text` is what was read: storable characters only, cut to the length limit."""

    text: str
    tree: Node
    warnings: tuple[Warned, ...]
    controls: tuple[Control, ...]

    def control(self, name: str) -> str | None:
        """The last value given for a control."""
        return next((control.value for control in reversed(self.controls) if control.name == name), None)


class _Item(NamedTuple):
    """An operand in a group, what separates it from the one before, and whether a `~` is glued to it."""

    separator: str
    node: Node | None
    has_tilde: bool


def parse(query: str, vocabulary: Vocabulary, fields: Mapping[str, FieldSyntax] = FIELDS) -> Parsed:
    """Read a query. Never raises; what is odd becomes a warning, what is too long is cut with a warning."""
    text = _UNSTORABLE.sub("\ufffd", query[:MAX_LENGTH])
    parser = _Parser(text, vocabulary, fields)
    if len(query) > MAX_LENGTH:
        parser.warn(f"only the first {MAX_LENGTH:,} characters were read", MAX_LENGTH)
    tree = settle(parser.level() or All(), parser.warn)
    return Parsed(text, tree, tuple(parser.warnings), tuple(parser.controls))


class _Parser:
    """One reading of one text. Every step moves the scanner forward, so it ends."""

    def __init__(self, text: str, vocabulary: Vocabulary, fields: Mapping[str, FieldSyntax]) -> None:
        self.scanner = Scanner(text)
        self.vocabulary = vocabulary
        self.fields = fields
        self.warnings: list[Warned] = []
        self.controls: list[Control] = []
        self._words: dict[int, tuple[int, str]] = {}
        self.terms = 0
        self.is_cut = False

    def warn(self, message: str, position: int) -> None:
        self.warnings.append(Warned(message, position))

    # --- groups

    def level(self, *, braces: bool = False) -> Node | None:
        """Everything up to the end of the innermost open group; None where that is nothing that filters."""
        scanner = self.scanner
        items: list[_Item] = []
        separator, start, skipped = "", scanner.at, 0
        while True:
            scanner.skip_space()
            if scanner.done or (scanner.at_closer() and not skipped):
                break
            if scanner.at_closer():
                scanner.at += 1
                skipped -= 1
            elif sign := self._separator(braces=braces):
                separator = _stronger(separator, sign)
            elif self._skip_deep_group():
                skipped += 1
            else:
                if not items and separator not in _SLOPPY_SEPARATORS:
                    self.warn(f"missing operand before {separator}", start)
                items.append(self._item(separator))
                separator = ""
        self._close_level(items, separator, start)
        return _fold_braces(items) if braces else _fold(items)

    def _separator(self, *, braces: bool) -> str:
        if braces and self.scanner.text.startswith("~", self.scanner.at):
            self.scanner.at += 1
            return "~"
        return self.scanner.operator()

    def _skip_deep_group(self) -> bool:
        """Pass over a bracket that would nest too deep; True where its partner must be passed over too."""
        scanner = self.scanner
        if len(scanner.groups) < MAX_DEPTH or scanner.text[scanner.at] not in "({":
            return False
        self._warn_once(f"groups deeper than {MAX_DEPTH} are read as one", scanner.at)
        bracket = scanner.text[scanner.at]
        scanner.at += 1
        return bracket == scanner.groups[-1]

    def _warn_once(self, message: str, position: int) -> None:
        if all(warned.message != message for warned in self.warnings):
            self.warn(message, position)

    def _close_level(self, items: Sequence[_Item], separator: str, start: int) -> None:
        if separator not in _SLOPPY_SEPARATORS:
            side, at = ("after", self.scanner.at) if items else ("before", start)
            self.warn(f"missing operand {side} {separator}", at)
        elif not items and self.scanner.at_closer():
            self.warn("empty group ignored", start - 1)

    def _group(self) -> Node | None:
        scanner = self.scanner
        bracket, start = scanner.text[scanner.at], scanner.at
        scanner.groups.append(bracket)
        scanner.at += 1
        node = self.level(braces=bracket == "{")
        if scanner.at_closer():
            scanner.at += 1
        elif not self.is_cut:
            self.warn(f"unclosed '{bracket}' closed at end", start)
        scanner.groups.pop()
        return node

    # --- operands

    def _item(self, separator: str) -> _Item:
        start = self.scanner.at
        has_tilde = self._tilde()
        is_negative, is_missing = self._signs()
        node = None if is_missing else self._primary()
        if node is not None and is_negative:
            node = negate(node, Span(start, self.scanner.at))
        return _Item(separator, node, has_tilde)

    def _tilde(self) -> bool:
        scanner = self.scanner
        if not scanner.text.startswith("~", scanner.at) or scanner.boundary(scanner.at + 1):
            return False
        scanner.at += 1
        return True

    def _signs(self) -> tuple[bool, bool]:
        """Read the signs before an operand: whether they negate it, and whether there is an operand at all.

        A sign that is glued to nothing is a word of its own.
        """
        scanner = self.scanner
        is_negative, kept_negative, kept = False, False, scanner.at
        at = scanner.at
        while True:
            if scanner.text[at : at + 1] in {"-", "!"}:
                at, is_negative = at + 1, not is_negative
            elif scanner.text.startswith("NOT", at) and self._not_ends_at(at + 3):
                scanner.at = at + 3
                scanner.skip_space()
                at, is_negative = scanner.at, not is_negative
                kept_negative, kept = is_negative, at
            else:
                break
        if not scanner.boundary(at):
            scanner.at = at
            return is_negative, False
        scanner.at = kept
        if scanner.boundary(kept):
            self.warn("missing operand after NOT", kept)
            return False, True
        return kept_negative, False

    def _not_ends_at(self, at: int) -> bool:
        return self.scanner.boundary(at) or self.scanner.text[at] in '({"'

    def _primary(self) -> Node | None:
        scanner = self.scanner
        if scanner.text[scanner.at] in "({":
            if len(scanner.groups) < MAX_DEPTH:
                return self._group()
            scanner.at += 1
            self._warn_once(f"groups deeper than {MAX_DEPTH} are read as one", scanner.at - 1)
            return None
        self.terms += 1
        if self.terms > MAX_TERMS:
            self.warn(f"only the first {MAX_TERMS} terms were read", scanner.at)
            self.is_cut, scanner.at = True, len(scanner.text)
            return None
        quoted = scanner.quoted()
        if quoted is not None:
            return self._quoted(*quoted)
        field = read_field(scanner, self.fields)
        return self._word() if field is None else self._field(field)

    def _quoted(self, text: str, span: Span) -> Node | None:
        if not self.scanner.quote_is_closed(span):
            self.warn("unclosed '\"' closed at end", span.start)
        if not text.strip():
            self.warn("empty quotes ignored", span.start)
            return None
        return self._tag_or_words(text, span)

    def _tag_or_words(self, text: str, span: Span) -> Node:
        name = fold_tag(text)
        tag = self.vocabulary.find(name, words=len(text.split())) if name else None
        return Tag(tag, name, span=span) if tag is not None else Described(" ".join(text.split()), (span,))

    def _word(self) -> Node:
        scanner = self.scanner
        start, end = scanner.at, scanner.word_end(scanner.at)
        raw = scanner.text[start:end]
        scanner.at = end
        span = Span(start, end)
        if has_bare(raw, "*"):
            return Wild(_fold_pattern(raw), span)
        if is_fuzzy(raw):
            return Fuzzy(fold_tag(unescape(raw[:-1])), span)
        return self._longest_tag(start) or self._tag_or_words(unescape(raw), span)

    def _longest_tag(self, start: int) -> Tag | None:
        """The known tag of the most words, two at least, that starts at `start`; the scanner stands behind it then."""
        scanner = self.scanner
        end, folded = self._folded_word(start)
        names, ends = [folded], [end]
        while len(names) < MAX_TAG_WORDS:
            following = scanner.space_end(end)
            if scanner.boundary(following) or scanner.text[following] in '-!~({"':
                break
            end, folded = self._folded_word(following)
            names.append("_".join(filter(None, (names[-1], folded))))
            ends.append(end)
        for count in range(len(names), 1, -1):
            tag = self.vocabulary.find(names[count - 1], words=count)
            if tag is not None:
                scanner.at = ends[count - 1]
                return Tag(tag, names[count - 1], span=Span(start, scanner.at))
        return None

    def _folded_word(self, start: int) -> tuple[int, str]:
        """Where the word at `start` ends and its name as a tag. Neighbours ask again for the same words."""
        known = self._words.get(start)
        if known is None:
            end = self.scanner.word_end(start)
            known = self._words[start] = end, fold_tag(unescape(self.scanner.text[start:end]))
        return known

    def _field(self, read: FieldRead) -> Node | None:
        if read.error:
            self.warn(read.error, read.error_at)
            hidden = read.is_missing or read.syntax.part is Part.CONTROL
            return None if hidden else Nothing(self.scanner.text[read.span.start : read.span.end], read.span)
        if read.syntax.part is Part.CONTROL:
            key = read.syntax.key
            self.controls.extend(Control(key, str(one.value), read.span) for one in read.conditions)
            return None
        if read.syntax.part is Part.TAG:
            return self._tag_field(read)
        return Field(read.name, read.syntax.key, read.conditions, read.span)

    def _tag_field(self, read: FieldRead) -> Node:
        nodes: list[Node] = []
        for condition in read.conditions:
            node = self._forced_tag(read, condition.text)
            nodes.append(negate(node, read.span) if condition.op == "!=" else node)
        return join_or(nodes)

    def _forced_tag(self, read: FieldRead, text: str) -> Node:
        key = read.syntax.key
        if key == "tag" and has_bare(text, "*"):
            return Wild(_fold_pattern(text), read.span)
        name = fold_tag(unescape(text))
        found = self.vocabulary.find(name, words=len(text.split()), aliases=key == "tag")
        return Tag(name if found is None else found, name, key, read.span)


def _fold_pattern(raw: str) -> str:
    """A wildcard in the spelling of tags. `\\*` and `\\\\`, a star and a backslash themselves, stay escaped."""
    return re.sub(r"[\s_]+", "_", re.sub(r"\\(.?)", _kept_escape, raw, flags=re.DOTALL).lower())


def _kept_escape(found: re.Match[str]) -> str:
    """An escape as a wildcard keeps it; before a letter, a space or the end the backslash means itself."""
    escaped = found[1]
    if escaped and escaped in "*\\":
        return found[0]
    return escaped if re.fullmatch(r"[^\w\s]", escaped) else "\\\\" + escaped


def _stronger(one: str, other: str) -> str:
    """What a run of separators amounts to: OR before AND before a comma."""
    order = ("OR", "~", "AND", ",", "")
    return min(one, other, key=order.index)


def _split(items: Sequence[_Item], separators: set[str]) -> list[list[_Item]]:
    parts: list[list[_Item]] = [[]]
    for item in items:
        if item.separator in separators and parts[-1]:
            parts.append([])
        parts[-1].append(item)
    return parts


def _fold(items: Sequence[_Item]) -> Node | None:
    """The meaning of a group in round brackets, or of the whole query."""
    branches = [node for part in _split(items, {"OR"}) if (node := _conjunction(part)) is not None]
    return join_or(branches) if branches else None


def _conjunction(items: Sequence[_Item]) -> Node | None:
    """All of the items; neighbours that carry a `~` are alternatives, put last."""
    plain: list[Node] = []
    alternatives: list[Node] = []
    run: list[Node] = []
    for item in [*items, None]:
        if item is not None and item.node is not None and item.has_tilde:
            run.append(item.node)
            continue
        (alternatives if len(run) > 1 else plain).extend([join_or(run)] if run else [])
        run = []
        if item is not None and item.node is not None:
            plain.append(item.node)
    return join_and(plain + alternatives) if plain or alternatives else None


def _fold_braces(items: Sequence[_Item]) -> Node | None:
    has_tilde = any(item.separator == "~" for item in items)
    parts = _split(items, {"~", "OR"} if has_tilde else {"", ",", "OR"})
    branches = [node for part in parts if (node := _conjunction(part)) is not None]
    return join_or(branches) if branches else None
