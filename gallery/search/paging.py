"""Pages that continue where the last one ended, and how many results there are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core import signing
from django.db import connection
from django.db.models import Q, QuerySet

from gallery.models import Photo
from gallery.search.orders import Order

EXACT_COUNT: Final = 10_000  # counting further costs more than the number is worth to anyone
_SALT: Final = "gallery.search.cursor"


class BadCursor(ValueError):
    """The cursor was not given out for this search."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: behind `offset` photos and, in an order, behind one with a key and number (`after`)."""

    after: tuple[Any, int] | None = None
    offset: int = 0


def question_digest(text: str, extra: bytes = b"") -> str:
    """What a cursor is bound to: a short digest of the query and of the example picture."""
    return hashlib.sha256(text.encode("utf-8", "replace") + b"\0" + extra).hexdigest()[:16]


def write_cursor(cursor: Cursor, digest: str) -> str:
    """The cursor as signed text."""
    after = None
    if cursor.after is not None:
        key, pk = cursor.after
        after = [{"t": key.isoformat()} if isinstance(key, datetime) else key, pk]
    return signing.dumps([digest, cursor.offset, after], salt=_SALT, compress=True)


def read_cursor(text: str | None, digest: str) -> Cursor:
    """The place that a cursor names; the beginning for None. Raises BadCursor."""
    if not text:
        return Cursor()
    try:
        made_for, offset, after = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError, UnicodeError) as error:
        raise BadCursor("The cursor is damaged; start again without one.") from error
    if made_for != digest:
        raise BadCursor("The cursor belongs to another search; start again without one.")
    if after is None:
        return Cursor(offset=offset)
    key, pk = after
    return Cursor((datetime.fromisoformat(key["t"]) if isinstance(key, dict) else key, pk), offset)


def page_in_order(
    photos: QuerySet[Photo], order: Order, cursor: Cursor, limit: int
) -> tuple[list[Photo], Cursor | None]:
    """The next `limit` photos behind the cursor, and the cursor of the page after it."""
    ordered = order.apply(photos)
    if cursor.after is not None:
        key, pk = cursor.after
        side = "lt" if order.is_descending else "gt"
        # The first condition is implied by the second; it lets an index start at the right place.
        ordered = ordered.filter(Q(**{f"sort_key__{side}e": key})).filter(
            Q(**{f"sort_key__{side}": key}) | Q(**{"sort_key": key, f"pk__{side}": pk})
        )
    found: Sequence[Any] = list(ordered[: limit + 1])
    page = found[:limit]
    more = Cursor(after=(page[-1].sort_key, page[-1].pk)) if len(found) > limit else None
    return list(page), more


def count(photos: QuerySet[Photo]) -> tuple[int, bool]:
    """How many photos there are, and whether that is exact: up to EXACT_COUNT it is, beyond the planner estimates."""
    counted = photos.order_by()[: EXACT_COUNT + 1].count()
    if counted <= EXACT_COUNT:
        return counted, True
    plan = json.loads(photos.order_by().values("pk").explain(format="json"))
    return max(EXACT_COUNT + 1, int(plan[0]["Plan"]["Plan Rows"])), False


def set_local(**settings: str | int) -> None:
    """Set PostgreSQL parameters until the end of the transaction; `__` in a name stands for a dot."""
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name.replace("__", "."), str(value)])
