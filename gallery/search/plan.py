"""A tree -> the conditions of one SQL query.

Tags are looked up in the indexed array `Photo.tag_ids`: those that must all be there with one `@>`, alternatives with
one `&&`. Negation is pushed down to the leaves, where it is the exact complement; what is invalid is false both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Q

from gallery.search.conditions import EVERYTHING, NOTHING, all_of, any_of, opposite
from gallery.search.fields import Asking, check_for, is_filter
from gallery.search.full_text import text_check
from gallery.search.tag_lists import MAX_EXPANSION, MAX_NEAR, expand_wildcard, near_tags
from gallery.search.tree import All, And, Described, Field, Fuzzy, Node, Not, Or, Tag, Wild
from gallery.search.vocabulary import known_tags

Warn = Callable[[str, int], None]

SIMILAR_IN_FILTER: Final = 100  # photos that `similar:` stands for where it is one alternative among others


@dataclass(frozen=True)
class Planner:
    """Turns nodes into conditions.

    `tag_ids` holds the tags that the vocabulary found; `similar` gives the ids of photos like the one that a `similar:`
    names.
    """

    asking: Asking
    tag_ids: Mapping[str, int]
    warn: Warn
    similar: Callable[[Field], list[int]]

    def check(self, node: Node, *, negated: bool = False) -> Q:
        """The condition that `node` holds, or with `negated` that it does not."""
        match node:
            case Not():
                return self.check(node.child, negated=not negated)
            case And():
                return self._several(node.children, negated, all_must=not negated)
            case Or():
                return self._several(node.children, negated, all_must=negated)
        positive = self._leaf(node)
        if positive is None:
            return NOTHING
        return opposite(positive) if negated else positive

    def _several(self, children: Sequence[Node], negated: bool, *, all_must: bool) -> Q:
        """Conjunction or disjunction; tags of the same sign among the children become one look-up."""
        tags, others = self._tag_children(children)
        checks = [self.check(child, negated=negated) for child in others]
        if len(tags) > 1:
            whole = self._contains_all(tags) if all_must != negated else self._contains_any(tags)
            checks.append(opposite(whole) if negated else whole)
        else:
            checks.extend(self.check(tag, negated=negated) for tag in tags)
        return all_of(checks) if all_must else any_of(checks)

    @staticmethod
    def _tag_children(children: Sequence[Node]) -> tuple[list[Tag], list[Node]]:
        tags = [child for child in children if isinstance(child, Tag)]
        return tags, [child for child in children if not isinstance(child, Tag)]

    def _contains_all(self, tags: Sequence[Tag]) -> Q:
        ids = [self.tag_ids.get(tag.name) for tag in tags]
        known = [pk for pk in ids if pk is not None]
        return Q(tag_ids__contains=known) if len(known) == len(ids) else NOTHING

    def _contains_any(self, tags: Sequence[Tag]) -> Q:
        return _any_tag([pk for tag in tags if (pk := self.tag_ids.get(tag.name)) is not None])

    def _leaf(self, node: Node) -> Q | None:
        """The condition of a node without children; None where it is invalid."""
        match node:
            case Tag():
                return self._contains_all([node])
            case Wild():
                return self._wild(node)
            case Fuzzy():
                return self._fuzzy(node)
            case Field():
                return self._field(node)
            case Described():
                return Q(text_check(node.text, self.asking.user))
        return EVERYTHING if isinstance(node, All) else None

    def _wild(self, node: Wild) -> Q:
        ids, is_cut = expand_wildcard(node.pattern)
        if is_cut:
            self.warn(
                f"{node.pattern}: only the first {MAX_EXPANSION:,} tags were looked for", node.span.start
            )
        if not self._is_any_known(ids):
            self.warn(f"{node.pattern}: no tag fits", node.span.start)
        return _any_tag(ids)

    def _fuzzy(self, node: Fuzzy) -> Q:
        ids = near_tags(node.name)
        if len(ids) == MAX_NEAR:
            self.warn(f"{node.name}~: only the first {MAX_NEAR} tags were looked for", node.span.start)
        if not self._is_any_known(ids):
            self.warn(f"{node.name}~: no tag is spelled like it", node.span.start)
        return _any_tag(ids)

    def _is_any_known(self, ids: Sequence[int]) -> bool:
        """Whether one of the tags is on a photo that the asker may see; they are not told of the others."""
        return bool(ids) and known_tags(self.asking.user).filter(pk__in=ids).exists()

    def _field(self, node: Field) -> Q:
        if node.key == "similar":
            return Q(pk__in=self.similar(node)[:SIMILAR_IN_FILTER])
        if not is_filter(node.key):
            self.warn(f"{node.name}: can stand only on its own, not as an alternative", node.span.start)
            return NOTHING
        remarks: list[str] = []
        asking = replace(self.asking, remarks=remarks)
        found = any_of([check_for(node.key, condition, asking) for condition in node.conditions])
        for remark in remarks:
            self.warn(f"{node.name}: {remark}", node.span.start)
        return found


def _any_tag(ids: Sequence[int]) -> Q:
    return Q(tag_ids__overlap=list(ids)) if ids else NOTHING
