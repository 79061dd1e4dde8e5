"""Photos like one photo, by look, tags, colour or structure, each with a reason in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gallery.imaging.colour_names import colour_name
from gallery.model_status import model_status
from gallery.models import Photo, PhotoQuerySet, Tag
from gallery.search.alike import by_palette, by_structure_of, by_tags, ranking_of, tag_weights
from gallery.search.cutoff import find_cutoff
from gallery.search.meaning import Part, combine
from gallery.search.paging import count
from gallery.search.ranking import Ranking, fuse, merged_scores
from gallery.search.vectors import nearest, vector_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from gallery.models import User

NEARLY_THE_SAME: Final = 0.95  # cosine: copies and shots of one series
VERY_ALIKE: Final = 0.8
COLOURS_NAMED: Final = 3


@dataclass(frozen=True)
class SimilarHit:
    """A photo, how alike it is from 0 to 1, and why in words."""

    photo: Photo
    score: float
    reason: str


@dataclass(frozen=True)
class SimilarAnswer:
    """The hits, best first, and a sentence where something was in the way ("" otherwise)."""

    hits: Sequence[SimilarHit]
    note: str = ""


@dataclass(frozen=True)
class Likeness:
    """Photos like one photo: the ranking, a reason for each, and a sentence where something was in the way."""

    ranking: Ranking
    reasons: Mapping[int, str]
    note: str = ""


def similar_photos(
    user: User | AnonymousUser, photo: Photo, *, by: str = "look", limit: int = 24
) -> SimilarAnswer:
    """Photos that `user` may see and that are like `photo`, the photo itself left out."""
    found = likeness(photo, Photo.objects.visible_to(user), by=by, limit=limit)
    photos = Photo.objects.visible_to(user).in_bulk(list(found.ranking.ids))
    hits = [
        SimilarHit(photos[pk], round(found.ranking.scores[pk], 4), found.reasons.get(pk, ""))
        for pk in found.ranking.ids
        if pk in photos
    ]
    return SimilarAnswer(hits, found.note)


def likeness(photo: Photo, photos: PhotoQuerySet, *, by: str, limit: int) -> Likeness:
    """Photos among `photos` like `photo`, by "look", "tags", "colour" or "structure"."""
    return _WAYS[by](photo, photos.exclude(pk=photo.pk), limit)


def _by_look(photo: Photo, photos: PhotoQuerySet, limit: int) -> Likeness:
    status = model_status()
    vector = vector_of(photo.pk, status.version) if status.version else None
    meaning = combine([Part(vector)], status.version) if vector is not None else None
    if meaning is None:
        why = "Its look was not learned yet" if status.available else status.notice.rstrip(".")
        return _without_look(photo, photos, limit, f"{why}; compared by structure and colour instead.")
    among = count(photos)[0]
    ids, cosines = nearest(photos, meaning.target, limit=limit, estimate=among)
    keep = find_cutoff(float(cosines[0]), meaning.sample, among).keeps(cosines) if ids else 0
    scores = dict(zip(ids[:keep], map(float, cosines[:keep]), strict=True))
    ranking = Ranking(ids[:keep], scores, is_whole=keep < limit)
    return Likeness(ranking, {pk: _look_in_words(score) for pk, score in scores.items()})


def _look_in_words(cosine: float) -> str:
    if cosine >= NEARLY_THE_SAME:
        return "looks nearly the same"
    return "looks very much alike" if cosine >= VERY_ALIKE else "looks alike"


def _without_look(photo: Photo, photos: PhotoQuerySet, limit: int, note: str) -> Likeness:
    parts = [_by_structure(photo, photos, limit), _by_colour(photo, photos, limit)]
    rankings = [part.ranking for part in parts]
    ids = fuse(rankings)[:limit]
    return Likeness(Ranking(ids, merged_scores(rankings)), {**parts[1].reasons, **parts[0].reasons}, note)


def _by_tags(photo: Photo, photos: PhotoQuerySet, limit: int) -> Likeness:
    if not photo.tag_ids:
        return Likeness(
            Ranking([], {}), {}, "This photo has no tags yet; give it some to find photos that share them."
        )
    ranking = by_tags(tag_weights(photo.tag_ids, photos), photos, limit)
    names: dict[int, str] = dict(Tag.objects.filter(pk__in=photo.tag_ids).values_list("pk", "name"))
    rows = photos.filter(pk__in=list(ranking.ids)).values_list("pk", "tag_ids")
    return Likeness(ranking, {pk: _shared_in_words(names, theirs) for pk, theirs in rows})


def _shared_in_words(names: Mapping[int, str], theirs: Sequence[int]) -> str:
    shared = sorted(names[tag] for tag in set(theirs) & set(names))
    return f"shares {len(shared)} tag{'s' if len(shared) != 1 else ''}: {', '.join(shared)}"


def _by_colour(photo: Photo, photos: PhotoQuerySet, limit: int) -> Likeness:
    if not photo.palette:
        return Likeness(Ranking([], {}), {}, "The colours of this photo are not known yet.")
    ranking = by_palette(photo.palette, photos, limit)
    ours = _colours_of(photo.palette)
    rows: Any = photos.filter(pk__in=list(ranking.ids)).values_list("pk", "palette")
    return Likeness(ranking, {pk: _colours_in_words(ours, _colours_of(theirs)) for pk, theirs in rows})


def _colours_of(palette: Sequence[Sequence[Any]]) -> list[str]:
    return list(dict.fromkeys(colour_name(colour) for colour, _ in palette))


def _colours_in_words(ours: Sequence[str], theirs: Sequence[str]) -> str:
    shared = [name for name in ours if name in theirs][:COLOURS_NAMED]
    return f"the same colours: {', '.join(shared)}" if shared else "nearly the same colours"


def _by_structure(photo: Photo, photos: PhotoQuerySet, limit: int) -> Likeness:
    hits = by_structure_of(photo, photos, limit)
    return Likeness(ranking_of(hits), {hit.photo_id: hit.reason for hit in hits})


_WAYS: Final[dict[str, Callable[[Photo, PhotoQuerySet, int], Likeness]]] = {
    "look": _by_look,
    "tags": _by_tags,
    "colour": _by_colour,
    "structure": _by_structure,
}
