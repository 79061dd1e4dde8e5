"""Comparisons of a column with the numbers, dates and ages that a query gives."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final, cast

from django.db.models import Expression, F, FloatField, Q, Value
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from django.utils.timezone import make_aware

from gallery.search.conditions import NOTHING
from gallery.search.tree import Condition
from gallery.search.values import Age, Period, Ratio

SIZE_TOLERANCE: Final = 0.05  # nobody knows a file's exact bytes: `filesize:2M` means within 5 %
RATIO_TOLERANCE: Final = 0.01  # 1366x768 is meant by 16:9

Column = F | Expression

_LOOKUPS: Final = {">": GreaterThan, ">=": GreaterThanOrEqual, "<": LessThan, "<=": LessThanOrEqual}
_MIRRORED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def _is(column: Column, op: str, value: object) -> Q:
    return Q(_LOOKUPS[op](column, value))


def whole(column: Column, condition: Condition) -> Q:
    """A column of integers against numbers that need not be whole."""
    op, value = condition.op, _number(condition.value)
    if op == "..":
        return _is(column, ">=", math.ceil(value)) & _is(column, "<=", math.floor(_number(condition.high)))
    if op in _LOOKUPS:
        # For whole x, x > 1.5 is x > 1 and x < 1.5 is x < 2.
        return _is(column, op, math.ceil(value) if op in {">=", "<"} else math.floor(value))
    return Q(Exact(column, int(value))) if value.is_integer() else NOTHING


def approximate(column: Column, condition: Condition, tolerance: float) -> Q:
    """A number against numbers, where `=` means within a share of the value."""
    op, value = condition.op, _number(condition.value)
    if op == "..":
        return _is(column, ">=", _float(value)) & _is(column, "<=", _float(_number(condition.high)))
    if op in _LOOKUPS:
        return _is(column, op, _float(value))
    margin = abs(value) * tolerance
    return _is(column, ">=", _float(value - margin)) & _is(column, "<=", _float(value + margin))


def moment(column: Column, condition: Condition) -> Q:
    """A column of times against years, months, days or minutes, each the whole stretch that it names."""
    first = cast(Period, condition.value)
    last = cast(Period, condition.high) if condition.op == ".." else first
    start, end = make_aware(first.start), make_aware(last.end)
    if condition.op in {">", "<="}:
        return _is(column, ">=" if condition.op == ">" else "<", end)
    if condition.op in {"<", ">="}:
        return _is(column, condition.op, start)
    return _is(column, ">=", start) & _is(column, "<", end)


def age(column: Column, condition: Condition, now: datetime) -> Q:
    """A column of times against ages: `<2w` is younger than two weeks; `2w` is two weeks but not yet three."""
    given = cast(Age, condition.value)
    if condition.op in _MIRRORED:
        return _is(column, _MIRRORED[condition.op], now - given.length)
    if condition.op == "..":
        return _is(column, "<=", now - given.length) & _is(
            column, ">=", now - cast(Age, condition.high).length
        )
    return _is(column, "<=", now - given.length) & _is(column, ">", now - given.length - given.unit)


def _number(value: object) -> float:
    return value.value if isinstance(value, Ratio) else float(cast(float, value))


def _float(value: float) -> Value:
    return Value(value, output_field=FloatField())
