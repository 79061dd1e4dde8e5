"""Vectors: those of one model are compared, and half precision is enough."""

from __future__ import annotations

import pytest

from gallery.models import Photo
from gallery.search.vectors import Target, nearest, sample_scores, vector_of
from tests.factories import make_user
from tests.search.library import MODEL, direction, model_is_here, near, photo_with

pytestmark = pytest.mark.django_db


def test_vectors_of_other_models_are_never_mixed_in() -> None:
    model_is_here()
    user = make_user()
    mine = photo_with(user, vector=direction(1))
    photo_with(user, vector=[1.0, 0.0, 0.0], model="another/model")
    ids, scores = nearest(Photo.objects.live(), Target(direction(1), MODEL), limit=9, estimate=2)
    assert ids == [mine.pk]
    assert scores[0] == pytest.approx(1.0, abs=1e-3)
    assert sample_scores(MODEL, [direction(1)]).shape == (1, 1)
    assert vector_of(mine.pk, "another/model") is None


def test_half_precision_keeps_a_vector_within_a_thousandth() -> None:
    model_is_here()
    exact = near(direction(1, 2, 3), seed=3)
    stored = vector_of(photo_with(make_user(), vector=exact).pk, MODEL)
    assert stored is not None
    assert float(stored @ exact) == pytest.approx(1.0, abs=1e-3)
