"""SQL: rankings of photos by their likeness to a photo or a palette: shared tags, colours, structure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db.models import Case, Count, F, FloatField, Sum, Value, When
from pgvector import HalfVector
from pgvector.django import CosineDistance

from gallery.imaging.palette import palette_vector
from gallery.models import Photo, PhotoQuerySet, PhotoTag
from gallery.registry import StructureHit, structure_rankers
from gallery.search.paging import count
from gallery.search.ranking import Ranking
from gallery.search.vectors import nearest_by

COLOUR_COSINE_MIN: Final = 0.7  # half of the one picture in a colour that the other lacks gives 0.71
COMMON_TAG_SHARE: Final = 0.3  # of the library; a tag on more photos says little, and counting by it is slow
MIN_RARE_TAGS: Final = 3  # where a photo has so many rarer tags, common ones are left out of the search
MAX_TAGS: Final = 50  # the rarest tags of a photo, by which others are looked for


def by_palette(palette: Iterable[Sequence[object]], photos: PhotoQuerySet, limit: int) -> Ranking:
    """Photos whose palette has nearly the same colours in nearly the same shares; scores are cosines."""
    vector = palette_vector(palette)
    if vector is None:
        return Ranking([], {})
    distance = CosineDistance(F("palette_vector"), HalfVector(vector))
    known = photos.filter(palette_vector__isnull=False)
    ids, distances = nearest_by(known, distance, limit=limit + 1, estimate=count(photos)[0])
    near = [(pk, 1.0 - float(each)) for pk, each in zip(ids, distances, strict=True)]
    return _ranking([(pk, cosine) for pk, cosine in near if cosine >= COLOUR_COSINE_MIN], limit)


def tag_weights(tag_ids: Sequence[int], photos: PhotoQuerySet) -> dict[int, float]:
    """What sharing each of the tags of a photo counts: the rarer among it and the other `photos`, the more (inverse
    document frequency). Photos that the asker may not see are not among them, as the weights would tell of these."""
    total = 1 + photos.order_by().count()
    shared = (
        PhotoTag.objects.filter(tag_id__in=tag_ids, photo__in=photos.order_by().values("pk"))
        .order_by()
        .values("tag_id")
        .annotate(photos=Count("pk"))
        .values_list("tag_id", "photos")
    )
    counts = dict.fromkeys(tag_ids, 1) | {tag: 1 + others for tag, others in shared}
    weights = {tag: math.log((total + 1) / count) for tag, count in counts.items()}
    rare = {tag: weight for tag, weight in weights.items() if counts[tag] <= COMMON_TAG_SHARE * total}
    kept = rare if len(rare) >= MIN_RARE_TAGS else weights
    return dict(sorted(kept.items(), key=lambda item: -item[1])[:MAX_TAGS])


def by_tags(weights: Mapping[int, float], photos: PhotoQuerySet, limit: int) -> Ranking:
    """Photos that share tags; scores are the weights of the shared tags as a share of all of them."""
    most = sum(weights.values())
    if not most:
        return Ranking([], {})
    cases = [When(photo_tags__tag_id=tag, then=Value(weight)) for tag, weight in weights.items()]
    rows: list[Any] = list(
        photos.order_by()
        .filter(photo_tags__tag_id__in=list(weights))
        .values("pk")
        .annotate(merit=Sum(Case(*cases, default=Value(0.0), output_field=FloatField())))
        .order_by("-merit", "-pk")
        .values_list("pk", "merit")[: limit + 1]
    )
    return _ranking([(pk, merit / most) for pk, merit in rows], limit)


def by_structure_of(photo: Photo, photos: PhotoQuerySet, limit: int) -> list[StructureHit]:
    """Photos built like `photo`, by whoever registered a ranker."""
    return _best(
        [hit for ranker in structure_rankers for hit in ranker.like_photo(photo, photos, limit)], limit
    )


def by_structure_of_example(
    results: dict[str, dict[str, Any]], photos: PhotoQuerySet, limit: int
) -> list[StructureHit]:
    """Photos built like an example picture, of which the analysers computed `results`."""
    hits = [hit for ranker in structure_rankers for hit in ranker.like_example(results, photos, limit)]
    return _best(hits, limit)


def ranking_of(hits: Sequence[StructureHit]) -> Ranking:
    """Structure hits as a ranking."""
    verdicts = {hit.photo_id: hit.verdict for hit in hits if hit.verdict is not None}
    return Ranking(
        [hit.photo_id for hit in hits], {hit.photo_id: hit.score for hit in hits}, verdicts=verdicts
    )


def _best(hits: Sequence[StructureHit], limit: int) -> list[StructureHit]:
    return sorted(hits, key=lambda hit: (-hit.score, -hit.photo_id))[:limit]


def _ranking(rows: Sequence[tuple[int, float]], limit: int) -> Ranking:
    kept = rows[:limit]
    return Ranking([pk for pk, _ in kept], dict(kept), is_whole=len(rows) <= limit)
