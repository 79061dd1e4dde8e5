"""The demo: what is drawn, the plan, and `manage.py demo`, which fills a library with it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from dedup.management.commands.demo import MODEL_FILE
from dedup.models import Resolution
from gallery.demo import library
from gallery.demo.drawing import STYLES, draw, draw_files
from gallery.demo.plan import PEOPLE, Shot, make_plan
from gallery.demo.scenes import Scene
from gallery.demo.variants import VARIANTS
from gallery.imaging.embedding import load_model
from gallery.models import Album, Photo, SavedSearch, Tag, User
from tests.factories import make_user, upload
from tests.live import REPOSITORY
from tests.tiny_clip import tiny_model

PICTURES = 4


def small(style: str, seed: int = 3, **fields: object) -> Shot:
    shot = Shot(file_name="IMG_1.jpg", style=style, seed=seed, size=(240, 160), owner="admin")
    return replace(shot, **fields)  # type: ignore[arg-type]  # whichever fields the test names


def run() -> str:
    out = io.StringIO()
    call_command("demo", pictures=PICTURES, without_model=True, stdout=out)
    return out.getvalue()


@contextmanager
def counts_stay() -> Iterator[None]:
    models = (Photo, User, Album, Tag, SavedSearch, Resolution)
    before = [model._default_manager.count() for model in models]
    yield
    assert [model._default_manager.count() for model in models] == before


@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_drawing_depends_on_its_seed_alone(style: str) -> None:
    first, again, other = draw(small(style)), draw(small(style)), draw(small(style, seed=4))

    assert first.shape == (160, 240, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.std() > 8, "nearly one colour"


def test_the_plan_is_fixed_and_each_file_has_a_name_of_its_own() -> None:
    plan = make_plan()
    names = [name for shot in plan for name in library.file_names(shot)]

    assert plan == make_plan()
    assert len(names) == len(set(names))
    assert 300 <= len(names) <= 400


def test_about_a_quarter_of_the_plan_are_copies_of_every_kind() -> None:
    plan = make_plan()
    copies = [copy for shot in plan for copy in shot.copies]

    assert set(copies) == set(VARIANTS)
    assert 0.2 <= len(copies) / sum(len(library.file_names(shot)) for shot in plan) <= 0.3


def test_the_plan_draws_in_every_style_for_every_person() -> None:
    plan = make_plan()

    assert {shot.style for shot in plan} == {*STYLES, "poster"}
    assert {shot.owner for shot in plan} == set(PEOPLE)


@pytest.mark.parametrize("copy", sorted(VARIANTS))
def test_each_copy_is_a_file_of_its_kind_that_differs_from_the_original(copy: str) -> None:
    (_, original), (name, content) = draw_files(small("balloons", copies=(copy,)))

    assert content != original
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == VARIANTS[copy].kind
    assert name == VARIANTS[copy].name.format(stem="IMG_1")


def test_the_camera_writes_date_and_name_into_the_file() -> None:
    shot = next(shot for shot in make_plan() if shot.camera and shot.taken_at and shot.place)
    with Image.open(io.BytesIO(draw_files(replace(shot, size=(240, 160), copies=()))[0][1])) as image:
        exif = image.getexif()

    assert shot.camera and shot.taken_at
    assert exif[0x0110] == shot.camera.model
    assert exif.get_ifd(0x8769)[0x9003] == f"{shot.taken_at:%Y:%m:%d %H:%M:%S}"
    assert set(exif.get_ifd(0x8825)) >= {1, 2, 3, 4}


def test_the_model_finds_the_paper_shapes_by_their_description() -> None:
    trained = tiny_model()
    model = load_model(str(trained.config), str(trained.checkpoint), "cpu")
    shots = [replace(shot, size=(256, 256)) for shot in make_plan() if shot.scene]
    pictures = model.embed_pictures([draw(shot) for shot in shots])
    captions = model.embed_texts([shot.scene.caption for shot in shots if shot.scene])
    best = (captions @ pictures.T).argmax(axis=1)

    assert shots[0].scene == Scene("circle", "red", "blue")
    assert best[0] == 0
    assert (best == np.arange(len(shots))).mean() >= 0.9


def test_the_command_and_make_know_the_models_file() -> None:
    trained = tiny_model()

    assert trained.checkpoint.name == MODEL_FILE
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert f"models/{trained.checkpoint.name}" in makefile
    assert f"models/{trained.config.name}" in makefile


@pytest.mark.django_db(transaction=True)
def test_the_command_fills_a_library_once() -> None:
    plan = make_plan(PICTURES // 2, PICTURES // 2)
    # An earlier run that was interrupted after its first picture.
    library.note("begun")
    User.objects.create_superuser(username="admin")
    library.make_people()
    assert next(library.take_in(plan[:1])) > 1

    assert "Log in as admin" in run()
    wanted = sorted(name for shot in plan for name in library.file_names(shot))
    assert sorted(Photo.objects.values_list("file_name", flat=True)) == wanted
    original = Photo.objects.get(file_name=plan[0].file_name)
    assert (original.width, original.height) == plan[0].size
    assert original.camera and original.taken_at
    assert Resolution.objects.count() == 1
    assert Album.objects.filter(parent__name="Travels").exists()
    assert not User.objects.get(username="mira").has_usable_password()

    with counts_stay():
        run()


@pytest.mark.django_db
def test_the_command_refuses_somebodys_own_library() -> None:
    upload(make_user())

    with counts_stay(), pytest.raises(CommandError, match="did not make"):
        run()
