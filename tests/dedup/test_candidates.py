"""Photos worth comparing, by the vectors that a model gave."""

import pytest

from dedup.candidates import near_looks
from gallery.models import Embedding, Photo
from gallery.trash import trash_photos
from tests.factories import make_photo

pytestmark = pytest.mark.django_db

MODEL = "tiny/one"


def photo_that_looks(vector: list[float], model: str = MODEL) -> Photo:
    photo = make_photo()
    Embedding.objects.create(photo=photo, model=model, vector=vector)
    return photo


def test_photos_that_look_alike_are_candidates_nearest_first() -> None:
    photo = photo_that_looks([1.0, 0.0, 0.0])
    near = photo_that_looks([0.98, 0.199, 0.0])
    nearest = photo_that_looks([1.0, 0.01, 0.0])
    photo_that_looks([0.0, 1.0, 0.0])

    assert [found for found in near_looks(photo.pk) if found != photo.pk] == [nearest.pk, near.pk]


def test_vectors_of_another_model_are_never_compared() -> None:
    photo = photo_that_looks([1.0, 0.0, 0.0])
    photo_that_looks([1.0, 0.0], model="tiny/two")

    assert set(near_looks(photo.pk)) <= {photo.pk}


def test_trashed_photos_are_no_candidates() -> None:
    photo, twin = photo_that_looks([1.0, 0.0]), photo_that_looks([1.0, 0.0])
    trash_photos(photos=[twin], by=None)

    assert twin.pk not in near_looks(photo.pk)


def test_a_photo_without_a_vector_has_no_neighbours() -> None:
    photo_that_looks([1.0, 0.0])

    assert near_looks(make_photo().pk) == []
