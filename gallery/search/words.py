"""A tree says itself: in words for people, and as a query text again. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gallery.search.grammar import Control, Parsed
from gallery.search.syntax import FIELDS, Part
from gallery.search.tree import (
    All,
    And,
    Condition,
    Described,
    Field,
    Fuzzy,
    Node,
    Not,
    Or,
    Span,
    Tag,
    Wild,
    conjuncts,
    span_of,
    to_sexp,
)

_SAFE_NAME: Final = re.compile(r"\w[\w.'/+-]*")
_SAFE_PATTERN: Final = re.compile(r"[\w.'/+*][\w.'/+*-]*")
_SAFE_VALUE: Final = re.compile(r"[\w.#@/%+][\w.#@/%:+-]*")
_RESERVED: Final = {"and", "or", "not"}
_COMPARISONS: Final = {
    "=": "",
    "!=": "not ",
    ">": "above ",
    ">=": "at least ",
    "<": "below ",
    "<=": "at most ",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of a query, as shown above the results.

    `kind` is tag, field, description, group or control. `start` and `end` are its place in the text, `removed` the
    query text without it, `switched` the text with a tag made a description or the other way round ("" where that
    makes no sense), and `switch_to` which of the two that is.
    """

    text: str
    kind: str
    start: int
    end: int
    is_negative: bool
    removed: str
    switched: str = ""
    switch_to: str = ""


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """An order to choose: its name for people, the query text that asks for it, and whether it holds now."""

    label: str
    query: str
    holds: bool


ORDER_LABELS: Final = {
    "relevance": "Best fit first",
    "newest": "Newest first",
    "oldest": "Oldest first",
    "rating": "Best rated first",
    "mpixels": "Most pixels first",
    "filesize": "Largest files first",
    "unusual": "Most unusual first",
    "random": "Shuffled",
}
"""The orders that people choose from; the query language has more."""


def order_choices(parsed: Parsed, *, is_ranked: bool) -> list[OrderChoice]:
    """The orders that a query can be asked in, the usual one first; `is_ranked` where photos fit better or worse."""
    others = [control for control in parsed.controls if control.name != "order"]
    names = list(ORDER_LABELS)[0 if is_ranked else 1 :]
    present = (parsed.control("order") or names[0]).partition(":")[0]
    made = []
    for name in names:
        wanted = [] if name == names[0] else [Control("order", name, Span(0, 0))]
        text = query_text(conjuncts(parsed.tree), [*others, *wanted])
        made.append(OrderChoice(ORDER_LABELS[name], text, name == present))
    return made


def chips(parsed: Parsed) -> list[Chip]:
    """One chip for each part of the outermost conjunction and for each control."""
    parts = conjuncts(parsed.tree)
    made = [_chip(parts, index, parsed.controls) for index in range(len(parts))]
    for index, control in enumerate(parsed.controls):
        others = [*parsed.controls[:index], *parsed.controls[index + 1 :]]
        text = f"{FIELDS[control.name].label} {control.value.replace('_', ' ')}"
        removed = query_text(parts, others)
        made.append(Chip(text, "control", control.span.start, control.span.end, False, removed))
    return made


def _chip(parts: Sequence[Node], index: int, controls: Sequence[Control]) -> Chip:
    node, span = parts[index], _place(parts[index])
    other = _switched(node)
    return Chip(
        text=in_words(node),
        kind=kind_of(node),
        start=span.start,
        end=span.end,
        is_negative=isinstance(node, Not),
        removed=query_text([*parts[:index], *parts[index + 1 :]], controls),
        switched=query_text([*parts[:index], other, *parts[index + 1 :]], controls) if other else "",
        switch_to=kind_of(other) if other else "",
    )


def _place(node: Node) -> Span:
    return node.span if isinstance(node, Described) else span_of(node)


def kind_of(node: Node) -> str:
    """`tag`, `field`, `description` or `group`."""
    match node:
        case Not():
            return kind_of(node.child)
        case Tag() | Wild() | Fuzzy():
            return "tag"
        case Described():
            return "description"
        case Field():
            return "description" if node.key == "like" else "field"
        case And() | Or():
            return "group"
    return "field"


def _switched(node: Node) -> Node | None:
    match node:
        case Not():
            child = _switched(node.child)
            return Not(child) if child else None
        case Tag():
            text = node.name.replace("_", " ")
            return Field("like", "like", (Condition("=", text, text),))
        case Described():
            return Tag(node.text, forced="tag")
        case Field(key="like", conditions=(only,)):
            return Tag(only.text, forced="tag")
    return None


# --- for people


def in_words(node: Node) -> str:
    """The node as a phrase, such as `tag holiday` or `width at least 1920`."""
    match node:
        case Not():
            return f"not {_grouped(node.child)}"
        case And() | Or():
            return (" and " if isinstance(node, And) else " or ").join(map(_grouped, node.children))
        case Field():
            return _field_in_words(node)
        case Described():
            return f"described as “{node.text}”"
        case Tag() | Wild() | Fuzzy():
            return _tag_in_words(node)
    return "all photos" if isinstance(node, All) else f"nothing, as {node.text} is not valid"


def _tag_in_words(node: Tag | Wild | Fuzzy) -> str:
    if isinstance(node, Tag):
        return f"tag {node.name}"
    return f"tags like {node.pattern}" if isinstance(node, Wild) else f"tags spelled like {node.name}"


def _grouped(node: Node) -> str:
    return f"({in_words(node)})" if isinstance(node, (And, Or)) else in_words(node)


def _field_in_words(node: Field) -> str:
    syntax = FIELDS.get(node.name)
    label = syntax.label if syntax else node.name
    quote = syntax is not None and syntax.part is Part.MEANING and node.key == "like"
    return f"{label} {' or '.join(_condition_in_words(one, quote=quote) for one in node.conditions)}"


def _condition_in_words(condition: Condition, *, quote: bool) -> str:
    if condition.op == "..":
        return f"{condition.text} to {condition.high_text}"
    text = f"“{condition.text}”" if quote else condition.text
    return _COMPARISONS[condition.op] + text


# --- as a query again


def query_text(parts: Iterable[Node], controls: Iterable[Control] = ()) -> str:
    """A query text that parses to the conjunction of these nodes, with these controls."""
    settings = [f"{control.name}:{_value(control.value)}" for control in controls]
    return ", ".join([_operand(part) for part in parts if not isinstance(part, All)] + settings)


def to_query(node: Node) -> str:
    """A query text that parses to this tree."""
    return query_text(conjuncts(node))


def _operand(node: Node) -> str:
    match node:
        case Not():
            return "-" + _operand(node.child)
        case And() | Or():
            return f"({(', ' if isinstance(node, And) else ' or ').join(map(_operand, node.children))})"
        case Field():
            return _field(node)
        case Described():
            return _quoted(node.text)
        case Tag() | Wild() | Fuzzy():
            return _any_tag(node)
    return "()" if isinstance(node, All) else _invalid(node.text)


def _any_tag(node: Tag | Wild | Fuzzy) -> str:
    if isinstance(node, Fuzzy):
        return re.sub(r"([^\w\s])", r"\\\1", node.name) + "~"
    if isinstance(node, Wild):
        return node.pattern if _SAFE_PATTERN.fullmatch(node.pattern) else f"tag:{_quoted(node.pattern)}"
    return _tag(node)


def _invalid(text: str) -> str:
    """The field in quotes that close, so that nothing behind it is swallowed; it stays as invalid as it was."""
    name, value = re.sub(r"^(\w*):?", r"\1\n", text, count=1).split("\n", 1)
    return f"{name}:{_quoted(value.strip(chr(34)) if value.startswith(chr(34)) else value)}"


def _tag(node: Tag) -> str:
    if node.forced:
        return f"{node.forced}:{_quoted(node.name.replace('*', chr(92) + '*'))}"
    is_safe = _SAFE_NAME.fullmatch(node.name) and node.name not in _RESERVED
    return node.name if is_safe else _quoted(node.name)


def _field(node: Field) -> str:
    first, *rest = node.conditions
    # Behind a comma a colon would make a value look like another field.
    return ",".join(
        [f"{node.name}:{_condition(first)}", *(_condition(one, quoted=":" in one.text) for one in rest)]
    )


def _condition(condition: Condition, *, quoted: bool = False) -> str:
    if condition.op == "..":
        return f"{condition.text}..{condition.high_text}"
    value = _quoted(condition.text) if quoted else _value(condition.text)
    return value if condition.op == "=" else condition.op + value


def _value(text: str) -> str:
    return text if _SAFE_VALUE.fullmatch(text) and ".." not in text else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


__all__ = [
    "Chip",
    "OrderChoice",
    "chips",
    "in_words",
    "kind_of",
    "order_choices",
    "query_text",
    "to_query",
    "to_sexp",
]
