"""The tree of a query: small frozen nodes, and the s-expression that names one exactly.

Positions are offsets in code points into the text that was parsed, the end exclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of the query text."""

    start: int
    end: int


NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class All:
    """Every photo: what an empty query asks for."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """A field whose value is invalid: neither true nor false of any photo, so it matches nothing, even negated."""

    text: str = field(compare=False)
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Tag:
    """Photos with a tag. `typed` is the name as asked for, which an alias may have led to `name`, and `forced` the
    field, `tag` or `unaliased`, that made it a tag whether one is known by that name or not."""

    name: str
    typed: str = field(default="", compare=False)
    forced: str = field(default="", compare=False)
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Wild:
    """Photos with any tag whose name fits `pattern`, in which `*` stands for any run of characters."""

    pattern: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Photos with a tag that is spelled like `name`."""

    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Condition:
    """One value of a field: `op` is = != < <= > >= or `..`, which has two ends, both included.

    `value` and `high` are what the field's reader made of `text` and `high_text`.
    """

    op: str
    text: str
    value: object = field(compare=False, default=None)
    high_text: str = ""
    high: object = field(compare=False, default=None)

    def __str__(self) -> str:
        if self.op == "..":
            return f"{self.text}..{self.high_text}"
        return self.text if self.op == "=" else f"{self.op}{self.text}"


@dataclass(frozen=True, slots=True)
class Field:
    """A named field; a photo matches if any of the conditions holds. `key` is the registered name behind `name`."""

    name: str
    key: str
    conditions: tuple[Condition, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Described:
    """Words that are no tag: ranked by meaning and by the text fields."""

    text: str
    spans: tuple[Span, ...] = field(default=(), compare=False)

    @property
    def span(self) -> Span:
        return Span(self.spans[0].start, self.spans[-1].end) if self.spans else NOWHERE


@dataclass(frozen=True, slots=True)
class Not:
    child: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    children: tuple[Node, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple[Node, ...]
    span: Span = field(default=NOWHERE, compare=False)


Node = All | Nothing | Tag | Wild | Fuzzy | Field | Described | Not | And | Or


def fold_tag(text: str) -> str:
    """A tag's name as it is stored and compared: lower case, runs of white space and underscores as one underscore,
    what does not print counting as white space."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return "_".join(text.lower().replace("_", " ").split())


def span_of(node: Node) -> Span:
    """Where a node stands in the query text."""
    return NOWHERE if isinstance(node, All) else node.span


def conjuncts(node: Node) -> tuple[Node, ...]:
    """The parts that must all hold: the children of an And, nothing for All, else the node itself."""
    if isinstance(node, All):
        return ()
    return node.children if isinstance(node, And) else (node,)


def join_and(children: list[Node]) -> Node:
    """All children together, nested conjunctions flattened."""
    flat = [part for child in children for part in conjuncts(child)]
    if not flat:
        return All()
    return flat[0] if len(flat) == 1 else And(tuple(flat), _around(flat))


def join_or(children: list[Node]) -> Node:
    """Any of the children (at least one), nested disjunctions flattened."""
    flat: list[Node] = []
    for child in children:
        flat.extend(child.children if isinstance(child, Or) else (child,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat), _around(flat))


def negate(node: Node, span: Span) -> Node:
    """Not `node`; a double negation cancels, and what is invalid stays so."""
    if isinstance(node, Not):
        return node.child
    return node if isinstance(node, Nothing) else Not(node, span)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, depth first."""
    yield node
    if isinstance(node, Not):
        yield from walk(node.child)
    elif isinstance(node, (And, Or)):
        for child in node.children:
            yield from walk(child)


def _around(nodes: list[Node]) -> Span:
    spans = [span_of(node) for node in nodes]
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def to_sexp(node: Node) -> str:
    """The tree as an s-expression, e.g. `(and forest (not (width < 800)))`; the empty query is `all`."""
    match node:
        case Not():
            return f"(not {to_sexp(node.child)})"
        case And() | Or():
            name = "and" if isinstance(node, And) else "or"
            return f"({name} {' '.join(to_sexp(child) for child in node.children)})"
        case Field():
            return _field_sexp(node)
        case Described():
            return f"(describe {_quoted(node.text)})"
        case Tag() | Wild() | Fuzzy():
            return _tag_sexp(node)
    return "all" if isinstance(node, All) else "none"


def _tag_sexp(node: Tag | Wild | Fuzzy) -> str:
    if isinstance(node, Tag):
        return _atom(node.name)
    return f"(wild {_atom(node.pattern)})" if isinstance(node, Wild) else f"(fuzzy {_atom(node.name)})"


def _field_sexp(node: Field) -> str:
    if len(node.conditions) > 1:
        return f"({node.name} in {','.join(map(str, node.conditions))})"
    only = node.conditions[0]
    if only.op == "..":
        return f"({node.name} .. {only.text} {only.high_text})"
    return f"({node.name} {only.op} {only.text})"


def _atom(text: str) -> str:
    plain = text and not any(char in '()"' or char.isspace() for char in text)
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
