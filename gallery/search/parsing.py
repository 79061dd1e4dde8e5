"""How a query is understood, without running it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gallery.search.grammar import Vocabulary, parse
from gallery.search.tree import to_sexp
from gallery.search.vocabulary import EveryWord, TagNames
from gallery.search.words import chips

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from gallery.models import User


def parse_for(user: User | AnonymousUser, text: str, *, words_are_tags: bool = False) -> dict[str, Any]:
    """The tree as an s-expression, the warnings with their positions, the controls and the chips.

    With `words_are_tags` every word counts as a tag; otherwise the tags on photos that `user` may see do.
    """
    vocabulary: Vocabulary = EveryWord() if words_are_tags else TagNames.for_text(text, user)
    parsed = parse(text, vocabulary)
    return {
        "tree": to_sexp(parsed.tree),
        "warnings": [warned.message for warned in parsed.warnings],
        "positions": [warned.position for warned in parsed.warnings],
        "controls": [[control.name, control.value] for control in parsed.controls],
        "understood": [asdict(chip) for chip in chips(parsed)],
    }
