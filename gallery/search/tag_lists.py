"""Wildcards and misspelt names -> the tags they stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.db.models import Func, IntegerField, Lookup, Q, QuerySet
from django.db.models.fields import CharField

from gallery.models import Tag

MAX_EXPANSION: Final = 1_000  # tags that one wildcard may stand for; an index look-up each
MAX_NEAR: Final = 50  # tags that one fuzzy name may stand for
MAX_FUZZY_LENGTH: Final = 40  # characters; each adds four patterns to try


if TYPE_CHECKING:
    ListLookup = Lookup[list[str]]
else:
    ListLookup = Lookup


class LikeAny(ListLookup):
    """`name LIKE ANY (patterns)`, with the patterns of PostgreSQL."""

    lookup_name = "like_any"
    prepare_rhs = False

    def as_sql(self, compiler, connection):  # type: ignore[no-untyped-def]  # as Django declares it
        left, params = self.process_lhs(compiler, connection)
        return f"{left} LIKE ANY (%s)", [*params, list(self.rhs)]


CharField.register_lookup(LikeAny)


def expand_wildcard(pattern: str) -> tuple[list[int], bool]:
    """Ids of the tags that fit `pattern`, MAX_EXPANSION at most, and whether there are more."""
    matching = Tag.objects.filter(name__like_any=[like_pattern(pattern)]).order_by("name")
    ids = list(matching.values_list("pk", flat=True)[: MAX_EXPANSION + 1])
    return ids[:MAX_EXPANSION], len(ids) > MAX_EXPANSION


def like_pattern(pattern: str) -> str:
    """A wildcard as a pattern of LIKE: `*` is any run of characters, `\\*` a star, `\\\\` a backslash."""
    parts = re.split(r"(\\[\\*]|\*)", pattern)
    return "".join({"*": "%", "\\*": "*", "\\\\": r"\\"}.get(part, _escaped(part)) for part in parts)


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def near_tags(name: str) -> list[int]:
    """Ids of the tags at most one edit away from `name`: a character added, left out, changed, or two swapped."""
    if not name or len(name) > MAX_FUZZY_LENGTH:
        return list(Tag.objects.filter(name=name).values_list("pk", flat=True))
    lengths = Q(length__gte=len(name) - 1, length__lte=len(name) + 1)
    found: QuerySet[Tag] = Tag.objects.annotate(
        length=Func("name", function="length", output_field=IntegerField())
    ).filter(lengths, name__like_any=near_patterns(name))
    return list(found.order_by("name").values_list("pk", flat=True)[:MAX_NEAR])


def near_patterns(name: str) -> list[str]:
    """Patterns of LIKE for all strings one edit (Damerau-Levenshtein) away from `name`, and for itself."""
    splits = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    patterns = {_escaped(name)}
    patterns |= {f"{_escaped(head)}_{_escaped(tail)}" for head, tail in splits}
    patterns |= {f"{_escaped(head)}_{_escaped(tail[1:])}" for head, tail in splits if tail}
    patterns |= {_escaped(head + tail[1:]) for head, tail in splits if tail}
    patterns |= {_escaped(head + tail[1] + tail[0] + tail[2:]) for head, tail in splits if len(tail) > 1}
    return sorted(patterns)
