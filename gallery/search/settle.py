"""Decide what words that are no tag mean: a description where all must hold, else a look at the text fields. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gallery.search.tree import (
    And,
    Condition,
    Described,
    Field,
    Node,
    Not,
    Or,
    Span,
    conjuncts,
    join_and,
    join_or,
    negate,
)

Warn = Callable[[str, int], None]


def settle(tree: Node, warn: Warn) -> Node:
    """Gather the unknown words of the outermost conjunction into one description; the same for each negated group of
    nothing but words. Unknown words and `like:` anywhere else become `text:`, with a warning."""
    return join_and([_settle_outer(child, warn) for child in _gathered(conjuncts(tree))])


def _settle_outer(node: Node, warn: Warn) -> Node:
    match node:
        case Described() | Field(key="like") | Not(child=Described() | Field(key="like")):
            return node
        case Not(child=And(children=children)) if len(merged := _gathered(children)) == 1:
            return Not(merged[0], node.span)
        case _:
            return _as_text(node, warn)


def _gathered(children: Sequence[Node]) -> list[Node]:
    """The children with all descriptions among them made one, where the first of them stood."""
    words = [child for child in children if isinstance(child, Described)]
    if len(words) < 2:
        return list(children)
    spans: list[Span] = [span for word in words for span in word.spans]
    whole = Described(" ".join(word.text for word in words), tuple(spans))
    first = children.index(words[0])
    rest = [child for child in children[first:] if not isinstance(child, Described)]
    return [*children[:first], whole, *rest]


def _as_text(node: Node, warn: Warn) -> Node:
    match node:
        case Described():
            return _text_field(node.text, node.span, warn)
        case Field(key="like"):
            return join_or([_text_field(one.text, node.span, warn) for one in node.conditions])
        case Not():
            return negate(_as_text(node.child, warn), node.span)
        case And():
            return join_and([_as_text(child, warn) for child in _gathered(node.children)])
        case Or():
            return join_or([_as_text(child, warn) for child in node.children])
        case _:
            return node


def _text_field(text: str, span: Span, warn: Warn) -> Node:
    offer = 'like:"' + text.replace('"', "") + '"'
    warn(
        f"'{text}' is no tag and is looked up in the text fields here; {offer} on its own goes by meaning",
        span.start,
    )
    return Field("text", "text", (Condition("=", text, text),), span)
