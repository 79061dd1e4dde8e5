"""The rankings that a question calls for: by meaning, by words, by colour, by likeness to photos and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gallery.describe import PictureAnswer
from gallery.models import Photo, PhotoQuerySet
from gallery.search.alike import by_palette, by_structure_of_example, ranking_of
from gallery.search.colours import MAX_COLOURS, colour_distance
from gallery.search.cutoff import Cutoff, find_cutoff, share_above
from gallery.search.full_text import text_check, text_rank
from gallery.search.meaning import Meaning, combine
from gallery.search.paging import count
from gallery.search.question import Question, SimilarWish, add_look
from gallery.search.ranking import Ranking
from gallery.search.similar import likeness
from gallery.search.vectors import nearest

EXAMPLE_STRUCTURE_HITS: Final = 100  # pictures built like the example; copies are far fewer


@dataclass
class Sources:
    """The rankings, and how the one by meaning ended."""

    rankings: list[Ranking] = field(default_factory=list)
    stopped: str = ""
    estimate: int = 0

    @property
    def are_whole(self) -> bool:
        """Whether the rankings hold all that there is."""
        return all(ranking.is_whole for ranking in self.rankings if not ranking.is_boost)


def add_similar_photos(question: Question) -> None:
    """Turn each `similar:` that goes by look into a part of the meaning, where the photo has a vector."""
    for wish in list(question.similar):
        if wish.to.by == "look" and _add_look(question, wish):
            question.similar.remove(wish)


def _add_look(question: Question, wish: SimilarWish) -> bool:
    is_visible = Photo.objects.visible_to(question.user).filter(pk=wish.to.photo_id).exists()
    return is_visible and add_look(question, wish.to.photo_id, is_negative=wish.is_negative)


def rank(question: Question, photos: PhotoQuerySet, depth: int) -> Sources:
    """All rankings of `photos` that the question calls for, `depth` photos of each."""
    sources = Sources()
    meaning = combine(question.parts, question.model)
    if meaning is not None:
        sources.rankings.append(_by_meaning(meaning, photos, depth, sources))
    for text in question.words:
        sources.rankings.append(_by_words(question, text, photos, depth, sources))
    for wish in question.similar:
        if not wish.is_negative:
            sources.rankings.append(
                _by_likeness(question, wish.to.photo_id, wish.to.by, photos, depth, wish.position)
            )
    if question.example is not None:
        has_meaning = meaning is not None
        sources.rankings.extend(_by_example(question.example, photos, depth, has_meaning=has_meaning))
    if question.colours:
        sources.rankings.append(_by_colours(question, photos, depth, sources))
    return sources


def _by_meaning(meaning: Meaning, photos: PhotoQuerySet, depth: int, sources: Sources) -> Ranking:
    among = count(photos)[0]
    ids, cosines = nearest(photos, meaning.target, limit=depth + 1, estimate=among)
    if not ids:
        return Ranking([], {})
    cutoff = find_cutoff(float(cosines[0]), meaning.sample, among)
    kept = min(cutoff.keeps(cosines), depth)
    is_whole = kept < len(ids) or len(ids) <= depth
    sources.stopped = _stopped(cutoff, kept, len(ids)) if is_whole else ""
    sources.estimate = round(share_above(cutoff, meaning.sample) * among)
    return Ranking(
        ids[:kept], dict(zip(ids[:kept], map(float, cosines[:kept]), strict=True)), is_whole=is_whole
    )


def _stopped(cutoff: Cutoff, kept: int, found: int) -> str:
    if kept == found:
        return ""
    if not cutoff.stands_out:
        return f"Nothing stands out for this description, so the {kept} closest photos are shown."
    return f"Stopped after {kept:,} photos: the next ones fit hardly better than any other photo does."


def _by_words(question: Question, text: str, photos: PhotoQuerySet, depth: int, sources: Sources) -> Ranking:
    rank_of = text_rank(text)
    if rank_of is None:
        if not question.described:
            question.warn(f"'{text}' has no word that could be looked for in the text fields")
        return Ranking([], {})
    found = photos.order_by().filter(text_check(text, question.user))
    best_first = found.annotate(merit=rank_of).order_by("-merit", "-shown_at", "-pk")
    rows: list[Any] = list(best_first.values_list("pk", "merit")[: depth + 1])
    ranking = _cut([(pk, float(merit)) for pk, merit in rows], depth)
    if not ranking.is_whole:
        sources.estimate = max(sources.estimate, count(found)[0])
    return ranking


def _by_colours(question: Question, photos: PhotoQuerySet, depth: int, sources: Sources) -> Ranking:
    if len(question.colours) > MAX_COLOURS:
        question.warn(f"only the first {MAX_COLOURS} colours count for the order")
    is_boost = bool(sources.rankings)
    distance = colour_distance(question.colours[:MAX_COLOURS])
    best_first = photos.annotate(distance=distance).order_by("distance", "-pk")
    rows: list[Any] = list(best_first.values_list("pk", "distance")[: depth + 1])
    if len(rows) > depth and not is_boost:
        sources.estimate = count(photos)[0]
    # A photo without a palette cannot have passed the filter by colour.
    return _cut([(pk, min(1.0, -each)) for pk, each in rows if each is not None], depth, is_boost=is_boost)


def _by_likeness(
    question: Question, photo_id: int, by: str, photos: PhotoQuerySet, depth: int, position: int
) -> Ranking:
    photo = Photo.objects.visible_to(question.user).filter(pk=photo_id).first()
    if photo is None:
        question.warn(f"similar: there is no photo {photo_id}", position)
        return Ranking([], {})
    found = likeness(photo, photos, by=by, limit=depth)
    if found.note:
        question.warn(f"similar: {found.note}", position)
    return found.ranking


def _by_example(
    example: PictureAnswer, photos: PhotoQuerySet, depth: int, *, has_meaning: bool
) -> list[Ranking]:
    rankings = [ranking_of(by_structure_of_example(example.results, photos, EXAMPLE_STRUCTURE_HITS))]
    if not has_meaning:
        rankings.append(by_palette(example.results.get("colour", {}).get("palette", []), photos, depth))
    return rankings


def _cut(rows: list[tuple[int, float]], depth: int, *, is_boost: bool = False) -> Ranking:
    kept = rows[:depth]
    return Ranking([pk for pk, _ in kept], dict(kept), is_whole=len(rows) <= depth, is_boost=is_boost)
