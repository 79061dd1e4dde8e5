"""The orders of results, each a key that no photo lacks, with the photo's number to decide between equals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zlib import crc32

from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Expression,
    F,
    FloatField,
    Func,
    IntegerField,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Coalesce, NullIf

from gallery.models import NOT_MEASURED, Photo
from gallery.search.fields import MEGAPIXELS, RATIO, TAG_COUNT
from gallery.search.values import ORDERS

Key = Expression | F
RELEVANCE: Final = "relevance"
FURTHEST: Final = 3.0  # a cosine distance is 2 at most


@dataclass(frozen=True)
class Order:
    """A key to sort by, and the direction, which the number follows."""

    name: str
    key: Key
    is_descending: bool

    def apply(self, photos: QuerySet[Photo]) -> QuerySet[Photo]:
        """The photos in this order, with the key as `sort_key`."""
        sign = "-" if self.is_descending else ""
        return photos.annotate(sort_key=self.key).order_by(f"{sign}sort_key", f"{sign}pk")


def _plain(column: str) -> Callable[[bool], Key]:
    return lambda descending: F(column)


def _known(
    expression: Key, kind: type[IntegerField[int, int]] | type[FloatField[float, float]]
) -> Callable[[bool], Key]:
    """Photos of which the value is not known come last."""

    def key(descending: bool) -> Key:
        missing = Value(-1 if descending else 2**31 - 1, output_field=kind())
        return Coalesce(expression, missing, output_field=kind())

    return key


def _taken(descending: bool) -> Key:
    never = datetime(1, 1, 2, tzinfo=UTC) if descending else datetime(9999, 12, 30, tzinfo=UTC)
    return Coalesce(F("taken_at"), Value(never, output_field=DateTimeField()))


def _unusual(descending: bool) -> Key:
    """Plain where an index has it in this order; the other way round, what is not measured still comes last."""
    if descending:
        return F("unusual")
    missing = Value(NOT_MEASURED, output_field=FloatField())
    return Coalesce(NullIf(F("unusual"), missing), Value(FURTHEST, output_field=FloatField()))


_KEYS: Final[dict[str, Callable[[bool], Key]]] = {
    "newest": _plain("shown_at"),
    "oldest": _plain("shown_at"),
    "taken": _taken,
    "uploaded": _plain("uploaded_at"),
    "id": _plain("pk"),
    "filesize": _plain("file_size"),
    "width": _known(F("width"), IntegerField),
    "height": _known(F("height"), IntegerField),
    "mpixels": _known(MEGAPIXELS, FloatField),
    "ratio": _known(RATIO, FloatField),
    "rating": _plain("rating"),
    "tagcount": lambda descending: TAG_COUNT,
    "unusual": _unusual,
}


def order_named(text: str | None, today: str) -> Order:
    """The order behind the text of an `order:`, newest first where there is none. `today` seeds `order:random`, so that
    the pages of a day fit together."""
    name = text or "newest"
    base, _, rest = name.partition(":" if name.startswith("random") else "_")
    base = ORDERS[base]
    if base == "random":
        return Order(name, _shuffled(rest or today), True)
    if base == RELEVANCE:
        return order_named("newest", today)
    descending = (rest or ("asc" if base == "oldest" else "desc")) == "desc"
    return Order(name, _KEYS[base](descending), descending)


def wants_relevance(text: str | None) -> bool:
    """Whether results go by how well they fit rather than by an order of their own."""
    return text is None or text.startswith(RELEVANCE)


def _shuffled(seed: str) -> Key:
    number = Value(crc32(seed.encode()), output_field=BigIntegerField())
    return Func(
        Cast("pk", BigIntegerField()), number, function="hashint8extended", output_field=BigIntegerField()
    )
