"""Conditions on photos that hold or do not, with no third state, as expressions of one SQL query."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db.models import BooleanField, Expression, ExpressionWrapper, Func, Q

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

Check = Q | Expression
"""A condition on Photo. It must not join tables that hold several rows for a photo: use `pk__in=` there."""


class NotTrue(Func):
    """That a condition is false or unknown: the exact complement, where `~Q` would lose rows with NULL."""

    template = "((%(expressions)s) IS NOT TRUE)"
    arity = 1

    def __init__(self, condition: Check) -> None:
        wrapped = ExpressionWrapper(Q(condition), output_field=BooleanField())
        super().__init__(wrapped, output_field=BooleanField())

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **extra: Any
    ) -> tuple[str, Any]:
        try:
            return super().as_sql(compiler, connection, *args, **extra)
        except EmptyResultSet:
            return "TRUE", []
        except FullResultSet:
            return "FALSE", []


NOTHING = Q(pk__in=[])
EVERYTHING = Q(NotTrue(NOTHING))


def all_of(checks: Iterable[Check]) -> Q:
    """That all conditions hold."""
    return reduce(and_, map(Q, checks), Q()) or EVERYTHING


def any_of(checks: Iterable[Check]) -> Q:
    """That at least one condition holds."""
    return reduce(or_, map(Q, checks), Q()) or NOTHING


def opposite(check: Check) -> Q:
    """That a condition does not hold."""
    return Q(NotTrue(check))
