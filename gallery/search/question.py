"""A query text taken apart: what filters photos, and what ranks them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from gallery.describe import PictureAnswer, text_vector
from gallery.model_status import model_status
from gallery.search.grammar import Parsed, parse
from gallery.search.meaning import Part
from gallery.search.tree import Condition, Described, Field, Node, Not, conjuncts
from gallery.search.values import SimilarTo
from gallery.search.vectors import vector_of
from gallery.search.vocabulary import TagNames

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from gallery.models import User

MAX_DESCRIPTIONS = 8  # in one query; each may cost a question to the query worker
TEXT_ONLY = "found in the text fields only"


@dataclass(frozen=True)
class Wish:
    """A description or a photo to be near to or far from, and where the query says so."""

    text: str
    position: int
    is_negative: bool = False
    by_words: bool = True


@dataclass(frozen=True)
class SimilarWish:
    """Photos like one of the library."""

    to: SimilarTo
    position: int
    is_negative: bool = False


@dataclass
class Question:
    """What is asked: `filters` say which photos are in, without the photos `left_out`, to which others are compared;
    the rest says which of them come first."""

    user: User | AnonymousUser
    parsed: Parsed
    vocabulary: TagNames
    example: PictureAnswer | None
    filters: list[Node] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    similar: list[SimilarWish] = field(default_factory=list)
    colours: list[tuple[int, int, int]] = field(default_factory=list)
    left_out: set[int] = field(default_factory=set)
    parts: list[Part] = field(default_factory=list)
    model: str = ""
    warnings: list[tuple[str, int | None]] = field(default_factory=list)
    described: bool = True

    def warn(self, message: str, position: int | None = None) -> None:
        """Say what was odd, once."""
        if (message, position) not in self.warnings:
            self.warnings.append((message, position))

    @property
    def words(self) -> list[str]:
        """The descriptions that are looked for in the text fields too: all where there are no vectors."""
        return [
            wish.text
            for wish in self.wishes
            if not wish.is_negative and (wish.by_words or not self.described)
        ]

    @property
    def finds(self) -> bool:
        """Whether photos are found by how well they fit, not by filters alone."""
        return bool(self.parts or self.words or self.similar or self.example)

    @property
    def is_ranked(self) -> bool:
        """Whether there is something by which photos fit better or worse."""
        return self.finds or bool(self.colours)


def ask(user: User | AnonymousUser, text: str, example: PictureAnswer | None = None) -> Question:
    """Parse the text for `user` and find the vectors of what it describes."""
    vocabulary = TagNames.for_text(text, user)
    parsed = parse(text, vocabulary)
    question = Question(user, parsed, vocabulary, example)
    question.warnings.extend(parsed.warnings)
    for node in conjuncts(parsed.tree):
        _sort_in(question, node)
    _find_vectors(question)
    return question


def _sort_in(question: Question, node: Node) -> None:
    inner = node.child if isinstance(node, Not) else node
    is_negative = isinstance(node, Not)
    match inner:
        case Described():
            question.wishes.append(Wish(inner.text, inner.span.start, is_negative))
            if is_negative:
                question.filters.append(node)
        case Field(key="like"):
            question.wishes.extend(_likes(inner, is_negative))
        case Field(key="similar"):
            _sort_in_similar(question, node, inner)
        case Field(key="colour") if not is_negative and all(one.op == "=" for one in inner.conditions):
            question.colours.extend(cast(tuple[int, int, int], one.value) for one in inner.conditions)
            question.filters.append(node)
        case _:
            question.filters.append(node)


def _likes(node: Field, is_negative: bool) -> list[Wish]:
    def wish(condition: Condition) -> Wish:
        negative = is_negative != (condition.op == "!=")
        return Wish(condition.text, node.span.start, negative, by_words=False)

    return [wish(condition) for condition in node.conditions]


def _sort_in_similar(question: Question, node: Node, inner: Field) -> None:
    """What is like a photo by look can be sought and avoided; other likenesses can be sought, or filtered out."""
    wishes = [
        SimilarWish(cast(SimilarTo, one.value), inner.span.start, (node is not inner) != (one.op == "!="))
        for one in inner.conditions
    ]
    if any(wish.is_negative and wish.to.by != "look" for wish in wishes):
        question.filters.append(node)
        return
    question.similar.extend(wishes)
    question.left_out.update(wish.to.photo_id for wish in wishes if not wish.is_negative)


def _find_vectors(question: Question) -> None:
    """The vectors of descriptions and of the example picture, or a warning that says why there are none."""
    for wish in question.wishes[:MAX_DESCRIPTIONS]:
        answer = text_vector(wish.text)
        if answer.vector is None:
            question.described = False
            question.warn(_sentence(answer.message), wish.position)
            break
        question.model = answer.model
        question.parts.append(Part(np.array(answer.vector, dtype=np.float64), wish.is_negative))
    if len(question.wishes) > MAX_DESCRIPTIONS:
        question.warn(f"only the first {MAX_DESCRIPTIONS} descriptions count", None)
    if not question.described:
        question.parts.clear()
    _add_example(question)


def _add_example(question: Question) -> None:
    example = question.example
    if example is None:
        return
    if example.vector is not None and example.model == (question.model or example.model):
        question.model = example.model
        question.parts.append(Part(np.array(example.vector, dtype=np.float64)))
    else:
        why = example.message or "the model is being exchanged"
        question.warn(f"{_sentence(why)} The picture was compared by structure and colour instead.", None)


def add_look(question: Question, photo_id: int, *, is_negative: bool) -> bool:
    """Add the vector of a photo of the library; False where it has none."""
    model = question.model or model_status().version
    vector = vector_of(photo_id, model) if model else None
    if vector is None:
        return False
    question.model = model
    question.parts.append(Part(vector, is_negative))
    return True


def _sentence(text: str) -> str:
    return text if text.endswith(".") else text + "."
