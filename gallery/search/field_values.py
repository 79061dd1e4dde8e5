"""Read `name:value`, `name>=value` and `name:1,2,5..9` from a scanner. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gallery.search.scanner import Scanner, unescape
from gallery.search.syntax import FieldSyntax
from gallery.search.tree import Condition, Span

_COMPARE: Final = r"==|!=|<=|>=|=|<|>"
_NAME: Final = re.compile(rf"([A-Za-z][A-Za-z0-9_]*)(?::({_COMPARE})?|({_COMPARE}))")
_OPERATOR: Final = re.compile(_COMPARE)
_EQUALITY: Final = {"=", "==", "!="}


@dataclass(frozen=True, slots=True)
class FieldRead:
    """A field as it stands in the text. `error` says why its value is invalid or, with `is_missing`, that there is
    none, and `error_at` where."""

    syntax: FieldSyntax
    name: str
    conditions: tuple[Condition, ...]
    span: Span
    error: str = ""
    error_at: int = 0
    is_missing: bool = False


class _Missing(ValueError):
    """No value stands behind the field's name."""


@dataclass(frozen=True, slots=True)
class _Raw:
    text: str
    is_quoted: bool
    at: int


def starts_field(scanner: Scanner, at: int, fields: Mapping[str, FieldSyntax]) -> re.Match[str] | None:
    """The name and sign of a registered field that starts at `at`; without a colon the sign must apply to it."""
    match = _NAME.match(scanner.text, at)
    if not match or match[1].lower() not in fields:
        return None
    applies = match[3] is None or match[3] in _EQUALITY or fields[match[1].lower()].ordered
    return match if applies else None


def _read_sign(scanner: Scanner, syntax: FieldSyntax, match: re.Match[str]) -> str:
    """Pass the name and its sign, which is part of the value where the field has no order."""
    if match[2] and match[2] not in _EQUALITY and not syntax.ordered:
        scanner.at = match.start(2)
        return "="
    scanner.at = match.end()
    return match[2] or match[3] or "="


def read_field(scanner: Scanner, fields: Mapping[str, FieldSyntax]) -> FieldRead | None:
    """Read the field that starts here with its whole list of values; None, and nothing read, where none starts."""
    start = scanner.at
    match = starts_field(scanner, start, fields)
    if match is None:
        return None
    name = match[1].lower()
    syntax = fields[name]
    op = _read_sign(scanner, syntax, match)
    conditions: list[Condition] = []
    try:
        conditions.append(_condition(syntax, op, _raw_value(scanner)))
        while (more := _next_in_list(scanner, syntax, fields)) is not None:
            conditions.append(more)
    except ValueError as error:
        span = Span(start, scanner.at)
        return FieldRead(syntax, name, (), span, f"{name}: {error}", match.end(), isinstance(error, _Missing))
    return FieldRead(syntax, name, tuple(conditions), Span(start, scanner.at))


def _raw_value(scanner: Scanner) -> _Raw:
    start = scanner.at
    quoted = scanner.quoted()
    if quoted is not None:
        return _Raw(quoted[0], True, start)
    if scanner.boundary(start):
        return _Raw("", False, start)
    scanner.at = scanner.word_end(start)
    return _Raw(unescape(scanner.text[start : scanner.at]), False, start)


def _next_in_list(
    scanner: Scanner, syntax: FieldSyntax, fields: Mapping[str, FieldSyntax]
) -> Condition | None:
    """The value behind a comma, if what stands there, glued, is a value of this field; else nothing is read."""
    comma = scanner.at
    if not scanner.text.startswith(",", comma) or scanner.boundary(comma + 1):
        return None
    if scanner.text[comma + 1] in "!-~({" or starts_field(scanner, comma + 1, fields):
        return None
    scanner.at = comma + 1
    sign = _OPERATOR.match(scanner.text, scanner.at)
    if sign and (syntax.ordered or sign[0] in _EQUALITY):
        scanner.at = sign.end()
    else:
        sign = None
    try:
        return _condition(syntax, sign[0] if sign else "=", _raw_value(scanner))
    except ValueError:
        scanner.at = comma
        return None


def _condition(syntax: FieldSyntax, op: str, raw: _Raw) -> Condition:
    op = "=" if op == "==" else op
    if not raw.text.strip():
        raise _Missing("a value is missing")
    if syntax.ordered and op == "=" and not raw.is_quoted and ".." in raw.text:
        return _range(syntax, raw.text)
    return Condition(op, raw.text, syntax.read(raw.text))


def _range(syntax: FieldSyntax, text: str) -> Condition:
    low, _, high = text.partition("..")
    if not low and not high:
        raise ValueError("a range needs an end")
    if not high:
        return Condition(">=", low, syntax.read(low))
    if not low:
        return Condition("<=", high, syntax.read(high))
    return Condition("..", low, syntax.read(low), high, syntax.read(high))
