"""What several search tests need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gallery import registry
from gallery.models import Photo, PhotoQuerySet
from gallery.registry import StructureHit


class SameSize:
    """Takes photos of the same width for built alike."""

    def like_photo(self, photo: Photo, photos: PhotoQuerySet, limit: int) -> list[StructureHit]:
        same = photos.filter(width=photo.width)[:limit]
        return [StructureHit(each.pk, 0.9, "as wide", {"kind": "crop"}) for each in same]

    def like_example(
        self, results: dict[str, dict[str, Any]], photos: PhotoQuerySet, limit: int
    ) -> list[StructureHit]:
        same = photos.filter(width=results["fingerprint"]["width"])[:limit]
        return [StructureHit(each.pk, 0.9, "as wide", {"kind": "crop"}) for each in same]


@pytest.fixture
def same_size() -> Iterator[None]:
    """SameSize is the only structure ranker."""
    before = list(registry.structure_rankers)
    registry.structure_rankers[:] = [SameSize()]
    yield
    registry.structure_rankers[:] = before
