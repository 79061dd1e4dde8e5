"""Descriptions and pictures with a real model: what is asked for comes first, what is pushed away does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker, Settings

from gallery.demo.scenes import all_scenes, draw_scene
from gallery.describe import PictureAnswer
from gallery.imaging.embedding import ClipModel, load_model
from gallery.models import Photo, User
from gallery.search import search
from gallery.search.similar import similar_photos
from tests.factories import make_user
from tests.search.library import described_as, kept_for_the_module, model_is_here, photo_with
from tests.tiny_clip import tiny_model

pytestmark = pytest.mark.django_db

PICTURE_PX = 96


@pytest.fixture(scope="module")
def model() -> ClipModel:
    files = tiny_model()
    return load_model(str(files.config), str(files.checkpoint), "cpu")


@pytest.fixture(scope="module")
def owner(model: ClipModel, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[User]:
    """Someone whose library holds new drawings of every scene; `source` says what each shows."""
    with kept_for_the_module(django_db_blocker, lambda: draw_library(model)) as person:
        yield person


def draw_library(model: ClipModel) -> User:
    model_is_here(model.version, model.dimension)
    owner = make_user()
    scenes = all_scenes()
    vectors = model.embed_pictures(
        [draw_scene(scene, PICTURE_PX, seed=1_000 + n) for n, scene in enumerate(scenes)]
    )
    for scene, vector in zip(scenes, vectors, strict=True):
        photo_with(owner, vector=vector, model=model.version, tags=[scene.shape], source=scene.caption)
    return owner


@pytest.fixture
def user(owner: User, model: ClipModel, settings: Settings, db: None) -> User:
    """The owner, with the model of their library set."""
    files = tiny_model()
    settings.CLIP_MODEL, settings.CLIP_PRETRAINED = str(files.config), str(files.checkpoint)
    model_is_here(model.version, model.dimension)
    return owner


def ask(user: User, model: ClipModel, query: str, *descriptions: str) -> list[str]:
    """What the results show, with the descriptions' vectors left where the query worker leaves them."""
    for text in descriptions:
        described_as(text, model.embed_texts([text])[0], model.version)
    return [photo.source for photo in search(user, query, limit=200).photos]


@pytest.mark.parametrize("what", ["red circle", "blue star", "green ring", "white square"])
def test_what_is_described_comes_first(user: User, model: ClipModel, what: str) -> None:
    found = ask(user, model, f'"a {what}"', f"a {what}")
    assert sum(f"a {what}" in source for source in found[:6]) >= 4  # there are six, on other backgrounds


def test_a_ranking_ends_before_it_becomes_arbitrary(user: User, model: ClipModel) -> None:
    found = ask(user, model, 'like:"a red circle"', "a red circle")
    assert 6 <= len(found) <= 252 / 4
    assert sum("a red" in source or "circle" in source for source in found) / len(found) >= 0.8


def test_what_is_pushed_away_leaves_the_top(user: User, model: ClipModel) -> None:
    plain = ask(user, model, 'like:"a circle"', "a circle")
    without = ask(user, model, 'like:"a circle" -like:"a red circle"', "a circle", "a red circle")
    assert sum("a red circle" in source for source in plain[:42]) >= 3
    assert sum("a red circle" in source for source in without[:20]) == 0
    assert sum("circle" in source for source in without[:20]) >= 15


def test_a_tag_filters_what_a_description_ranks(user: User, model: ClipModel) -> None:
    found = ask(user, model, 'tag:circle like:"a red circle"', "a red circle")
    assert found
    assert all("circle" in source for source in found)
    assert sum("a red circle" in source for source in found[:6]) >= 4


def test_photos_that_look_alike_show_nearly_the_same(user: User) -> None:
    shared = 0
    photos = list(Photo.objects.order_by("pk")[:250:10])
    for photo in photos:
        first = similar_photos(user, photo, by="look", limit=3).hits[0].photo
        shared += len(set(photo.source.split()) & set(first.source.split()) - {"a", "on", "background"})
    assert shared / len(photos) >= 1.5  # of shape, colour and background


def test_an_example_picture_finds_what_it_shows(user: User, model: ClipModel) -> None:
    right = 0
    for number, scene in enumerate(all_scenes()[::25]):
        [vector] = model.embed_pictures([draw_scene(scene, 200, seed=2_000 + number)])
        page = search(user, "", example=PictureAnswer(vector.tolist(), model.version, "", 200, 200))
        right += scene.caption in [photo.source for photo in page.photos[:3]]
    assert right >= 9  # of eleven
