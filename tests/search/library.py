"""Photos with vectors and palettes for search tests, without files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from django.core.cache import cache
from django.db import transaction
from numpy.typing import NDArray
from pytest_django import DjangoDbBlocker

from gallery.describe import cache_key
from gallery.imaging.palette import palette_vector
from gallery.model_status import ModelStatus, save_model_status
from gallery.models import Embedding, Photo, User
from gallery.search import SearchPage, search
from gallery.tags import add_tags
from gallery.vector_index import ensure_vector_index
from tests.factories import make_photo

MODEL = "drawn/test"
DIMENSIONS = 16

Made = TypeVar("Made")


def photo_with(
    owner: User,
    *,
    vector: Iterable[float] | None = None,
    tags: Sequence[str] = (),
    palette: Sequence[Sequence[object]] = (),
    model: str = MODEL,
    **fields: Any,
) -> Photo:
    """A ready photo with these tags, this palette and, where given, this vector."""
    photo = make_photo(owner, palette=list(palette), palette_vector=palette_vector(palette), **fields)
    if tags:
        add_tags(photos=[photo], names=tags)
    if vector is not None:
        Embedding.objects.create(photo=photo, model=model, vector=np.asarray(list(vector), dtype=np.float32))
    return photo


@contextmanager
def kept_for_the_module(blocker: DjangoDbBlocker, make: Callable[[], Made]) -> Iterator[Made]:
    """What `make` returns, with its rows in a transaction around those of the module's tests, each of which finds them.

    For libraries that take seconds to make. In the end the rows are taken back.
    """
    around = transaction.atomic()
    with blocker.unblock():
        around.__enter__()
    try:
        with blocker.unblock():
            made = make()
        yield made
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)


def direction(*weights: float) -> NDArray[np.float64]:
    """The unit vector with these first coordinates."""
    vector = np.zeros(DIMENSIONS)
    vector[: len(weights)] = weights
    return vector / np.linalg.norm(vector)


def near(vector: NDArray[np.float64], *, seed: int, spread: float = 0.15) -> NDArray[np.float64]:
    """A unit vector in about the same direction."""
    moved = vector + np.random.default_rng(seed).normal(0, spread, DIMENSIONS)
    return np.asarray(moved / np.linalg.norm(moved), dtype=np.float64)


def model_is_here(version: str = MODEL, dimensions: int = DIMENSIONS) -> None:
    """What the embedding worker writes down once its model is loaded."""
    save_model_status(ModelStatus(available=True, version=version))
    ensure_vector_index(version, dimensions)


def described_as(text: str, vector: Iterable[float], version: str = MODEL) -> None:
    """Leave the vector of a description where the query worker's answers are kept."""
    cache.set(cache_key(version, text), [float(value) for value in vector])


def ids(page: SearchPage) -> list[int]:
    """The photos of a page, in its order."""
    return [photo.pk for photo in page.photos]


def messages(page: SearchPage) -> list[str]:
    """What a page warns of."""
    return [warning["message"] for warning in page.warnings]


def all_pages(user: object, text: str, limit: int) -> list[int]:
    """The ids of every page in turn."""
    found: list[int] = []
    cursor = None
    while True:
        page = search(user, text, cursor=cursor, limit=limit)  # type: ignore[arg-type]  # a user of any kind
        found.extend(ids(page))
        cursor = page.next_cursor
        if cursor is None:
            return found
