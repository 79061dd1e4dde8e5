"""One search from text to a page of photos: the entry point of pages and API alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import QueryCanceled

from gallery.models import Photo, PhotoQuerySet
from gallery.search.conditions import all_of
from gallery.search.fields import Asking
from gallery.search.orders import Order, order_named, wants_relevance
from gallery.search.paging import (
    Cursor,
    count,
    page_in_order,
    question_digest,
    read_cursor,
    set_local,
    write_cursor,
)
from gallery.search.plan import Planner
from gallery.search.question import TEXT_ONLY, Question, ask
from gallery.search.ranking import fuse, merged_scores, merged_verdicts
from gallery.search.similar import likeness
from gallery.search.sources import Sources, add_similar_photos, rank
from gallery.search.tree import Field, span_of
from gallery.search.words import OrderChoice, chips, in_words, order_choices

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from gallery.describe import PictureAnswer
    from gallery.models import User

TIME_LIMIT_MS: Final = 8_000  # a person waits; whatever takes longer needs a narrower question
FIRST_DEPTH: Final = 500  # photos ranked for the first pages; doubled as somebody pages on
MAX_DEPTH: Final = 64_000  # photos ranked at most; nobody pages this far, and memory stays small
MAX_EXPLAINED: Final = 8  # parts of a query that are left out in turn to explain an empty result
TOO_SLOW: Final = (
    f"This search was stopped after {TIME_LIMIT_MS // 1000} seconds. Narrow it: add a tag, a date or an album, or "
    "take out wildcards and text fields."
)
TOO_DEEP: Final = f"Stopped after {MAX_DEPTH:,} photos; narrow the search to see what lies beyond."


@dataclass(frozen=True)
class SearchPage:
    """A page of results.

    `understood` are the chips of gallery.search.words as dicts, each with a `note` where it could be honoured only in
    part; `warnings` are dicts of `message` and `position` (an offset into the text, or None). `stopped` says, on the
    last page, why a ranking ended. `scores` and `verdicts` go by the photos' ids. `orders` are those to choose from.
    """

    photos: Sequence[Photo]
    total: int
    total_is_exact: bool
    understood: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    next_cursor: str | None = None
    stopped: str | None = None
    scores: dict[int, float] = field(default_factory=dict)
    verdicts: dict[int, dict[str, Any]] = field(default_factory=dict)
    orders: Sequence[OrderChoice] = ()


@dataclass(frozen=True)
class _Found:
    """The photos of a page, and what is known about the rest."""

    photos: Sequence[Photo]
    total: int
    is_exact: bool
    more: Cursor | None
    sources: Sources | None = None


def search(
    user: User | AnonymousUser,
    text: str,
    *,
    example: PictureAnswer | None = None,
    cursor: str | None = None,
    limit: int = 60,
) -> SearchPage:
    """The photos that `user` may see and that fit the text and the example picture, a page at a time.

    Never fails over the text: what is odd about it becomes a warning. Raises BadCursor for a cursor that an earlier
    page of the same search did not give.
    """
    digest = question_digest(text, str(example.vector if example else None).encode())
    start = read_cursor(cursor, digest)
    question = ask(user, text, example)
    try:
        with time_limit():
            found = _find(question, start, limit)
    except SearchTooSlow:
        question.warn(TOO_SLOW)
        found = _Found([], 0, False, None)
    return _page(question, found, digest)


class SearchTooSlow(RuntimeError):
    """The database did not answer within TIME_LIMIT_MS."""


@contextmanager
def time_limit() -> Iterator[None]:
    """Run the queries of the block in a transaction with a time limit. Raises SearchTooSlow."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SHOW statement_timeout")
                before = cursor.fetchone()[0]
            set_local(statement_timeout=TIME_LIMIT_MS)
            yield
            set_local(statement_timeout=before)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTooSlow from error
        raise


def matching_ids(user: User | AnonymousUser, text: str) -> list[int]:
    """The ids of all results in their order, without pages; a ranking's up to MAX_DEPTH. Raises SearchTooSlow."""
    question = ask(user, text)
    with time_limit():
        photos, order = _prepare(question)
        if not _goes_by_fit(question):
            photos = _found_by_fit(question, photos)
            ordered = order.apply(photos).values_list("pk", flat=True)
            most = _most(question)
            return list(ordered if most is None else ordered[:most])
        return fuse(rank(question, photos, MAX_DEPTH).rankings)[: _most(question)]


# --- the filter


def _prepare(question: Question) -> tuple[PhotoQuerySet, Order]:
    """The photos that pass all filters, and the order that is asked for."""
    photos = Photo.objects.visible_to(question.user)
    planner = _planner(question)
    for node in question.filters:
        photos = photos.filter(planner.check(node))
    if question.left_out:
        photos = photos.exclude(pk__in=question.left_out)
    add_similar_photos(question)
    order = order_named(question.parsed.control("order"), str(timezone.localdate()))
    return photos, order


def _planner(question: Question) -> Planner:
    return Planner(
        Asking(question.user, timezone.now()),
        question.vocabulary.ids,
        question.warn,
        lambda node: _similar_ids(question, node),
    )


def _explain_nothing(question: Question) -> None:
    """Say which part of the query leaves nothing over, where there is one whose absence would help."""
    if len(question.filters) < 2 or len(question.filters) > MAX_EXPLAINED:
        return
    planner = _planner(question)
    checks = [planner.check(node) for node in question.filters]
    for at, node in enumerate(question.filters):
        others = all_of(checks[:at] + checks[at + 1 :])
        if Photo.objects.visible_to(question.user).filter(others).exists():
            question.warn(
                f"no photo fits everything; without “{in_words(node)}” there are some", span_of(node).start
            )
            return


def _similar_ids(question: Question, node: Field) -> list[int]:
    visible = Photo.objects.visible_to(question.user)
    ids: list[int] = []
    for condition in node.conditions:
        to: Any = condition.value
        photo = visible.filter(pk=to.photo_id).first()
        if photo is not None:
            ids.extend(likeness(photo, visible, by=to.by, limit=100).ranking.ids)
    return ids


def _goes_by_fit(question: Question) -> bool:
    return question.is_ranked and wants_relevance(question.parsed.control("order"))


def _found_by_fit(question: Question, photos: PhotoQuerySet) -> PhotoQuerySet:
    """The photos that rankings find, for an order of another kind; all, where only filters find photos."""
    if not question.finds:
        return photos
    return photos.filter(pk__in=fuse(rank(question, photos, MAX_DEPTH).rankings))


def _most(question: Question) -> int | None:
    limit = question.parsed.control("limit")
    return int(limit) if limit else None


# --- a page of it


def _find(question: Question, start: Cursor, limit: int) -> _Found:
    photos, order = _prepare(question)
    most = _most(question)
    room = limit if most is None else max(0, min(limit, most - start.offset))
    if _goes_by_fit(question):
        found = _ranked(question, photos, start, room)
    else:
        found = _in_order(_found_by_fit(question, photos), order, start, room)
    if not found.total:
        _explain_nothing(question)
    return found if most is None else _at_most(found, most)


def _at_most(found: _Found, most: int) -> _Found:
    more = found.more if found.more is not None and found.more.offset < most else None
    is_exact = found.is_exact or found.total > most
    return _Found(found.photos, min(found.total, most), is_exact, more, found.sources)


def _in_order(photos: PhotoQuerySet, order: Order, start: Cursor, limit: int) -> _Found:
    total, is_exact = count(photos)
    page, more = page_in_order(photos.defer("words", "palette_vector"), order, start, limit)
    if more is not None:
        more = Cursor(more.after, start.offset + len(page))
    return _Found(page, total, is_exact, more)


def _ranked(question: Question, photos: PhotoQuerySet, start: Cursor, limit: int) -> _Found:
    end = start.offset + limit
    depth = FIRST_DEPTH
    while depth < min(end + 1, MAX_DEPTH):
        depth *= 2
    sources = rank(question, photos, min(depth, MAX_DEPTH))
    ids = fuse(sources.rankings)
    wanted = ids[start.offset : end]
    by_id = photos.defer("words", "palette_vector").in_bulk(wanted)
    page = [by_id[pk] for pk in wanted if pk in by_id]
    more = Cursor(offset=end) if len(ids) > end else None
    if more is None and not sources.are_whole:
        sources.stopped = TOO_DEEP
    total = len(ids) if sources.are_whole else max(len(ids) + 1, sources.estimate)
    return _Found(page, total, sources.are_whole, more, sources)


# --- what is said about it


def _page(question: Question, found: _Found, digest: str) -> SearchPage:
    rankings = found.sources.rankings if found.sources else []
    shown = {photo.pk for photo in found.photos}
    scores, verdicts = merged_scores(rankings), merged_verdicts(rankings)
    stopped = found.sources.stopped if found.sources and found.more is None else ""
    return SearchPage(
        photos=found.photos,
        total=found.total,
        total_is_exact=found.is_exact,
        understood=understood(question),
        warnings=[{"message": message, "position": position} for message, position in question.warnings],
        next_cursor=write_cursor(found.more, digest) if found.more else None,
        stopped=stopped or None,
        scores={pk: round(score, 4) for pk, score in scores.items() if pk in shown},
        verdicts={pk: verdict for pk, verdict in verdicts.items() if pk in shown},
        orders=order_choices(question.parsed, is_ranked=question.is_ranked),
    )


def understood(question: Question) -> list[dict[str, Any]]:
    """The chips above the results."""
    made: list[dict[str, Any]] = []
    for chip in chips(question.parsed):
        is_off = chip.kind == "description" and not question.described
        made.append({**asdict(chip), "note": TEXT_ONLY if is_off else ""})
    if question.example is not None:
        made.append(_example_chip(question.parsed.text))
    return made


def _example_chip(text: str) -> dict[str, Any]:
    return {
        "text": "like the picture given", "kind": "picture", "start": 0, "end": 0, "is_negative": False,
        "removed": text, "switched": "", "switch_to": "", "note": "",
    }  # fmt: skip
