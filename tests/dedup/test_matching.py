"""The match stage: from uploaded files to verified matches and groups."""

from __future__ import annotations

import pytest

from dedup.models import Group, Match
from gallery.models import Photo
from tests.dedup.photos import copies, library
from tests.pictures import jpeg_bytes, scene

pytestmark = pytest.mark.django_db


def names(group: Group) -> set[str]:
    return set(group.photos.values_list("file_name", flat=True))


def test_copies_of_one_picture_make_one_group_with_the_original_as_keeper() -> None:
    photos = library(copies(1) | {"other.jpg": jpeg_bytes(scene(2))})

    group = Group.objects.get()
    assert names(group) == set(copies(1))
    assert group.suggested_keeper == photos["scene1.png"]
    assert group.why
    smaller = [photo for name, photo in photos.items() if name not in ("scene1.png", "other.jpg")]
    assert group.bytes_saved == sum(photo.file_size for photo in smaller)
    assert all(0.8 < match.confidence <= 1 and match.sentence for match in Match.objects.all())
    assert Photo.objects.live().count() == 5
