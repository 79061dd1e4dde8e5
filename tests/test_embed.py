"""The embed stage and the state of the model: vectors for owed photos, and what is said while there is none."""

from __future__ import annotations

import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from django.db import connection, transaction
from PIL import Image

from gallery import jobs, pipeline
from gallery.demo.scenes import Scene, draw_scene
from gallery.embed import model_status, read_preview, recheck_model
from gallery.imaging.embedding import ClipModel
from gallery.model_status import missing_file
from gallery.models import Embedding, Job, Photo, StageStatistics
from gallery.previews import existing_preview_name, previews_storage, save_previews
from gallery.query_tasks import warm_up
from gallery.tasks import run_stage
from gallery.vector_index import ensure_vector_index, vector_index_name
from gallery.worker_model import loaded_model
from tests.factories import make_photo, make_user, upload
from tests.pictures import encoded, flat, jpeg_bytes, scene
from tests.tiny_clip import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pytest_django import Settings

pytestmark = pytest.mark.django_db

RED_STAR = Scene("star", "red", "white")
BLUE_CIRCLE = Scene("circle", "blue", "yellow")


@pytest.fixture
def tiny(settings: Settings) -> None:
    """The settings ask for the tiny model."""
    files = tiny_model()
    settings.CLIP_MODEL, settings.CLIP_PRETRAINED = str(files.config), str(files.checkpoint)
    settings.CLIP_DEVICE = "cpu"


@pytest.fixture
def model_to_come(settings: Settings, tmp_path: Path) -> Path:
    """The settings ask for a checkpoint that is not there yet; this is where it will lie."""
    settings.CLIP_MODEL, settings.CLIP_PRETRAINED = str(tiny_model().config), str(tmp_path / "model.pt")
    settings.CLIP_DEVICE = "cpu"
    return tmp_path / "model.pt"


def owing_photo(picture: Image.Image) -> Photo:
    """An analysed photo that owes the embed stage."""
    photo = make_photo(width=picture.width, height=picture.height)
    save_previews(photo, {720: jpeg_bytes(picture)}, "image/jpeg")
    photo.save()
    jobs.owe(photo_ids=[photo.pk], stage="embed")
    return photo


def drawn(what: Scene, seed: int = 1) -> Image.Image:
    return Image.fromarray(draw_scene(what, 300, seed=seed))


def owed(stage: str) -> set[int]:
    return set(Job.objects.filter(stage=stage).values_list("photo_id", flat=True))


def cosine(one: Photo, other: Photo) -> float:
    a, b = (np.array(Embedding.objects.get(photo=photo).vector) for photo in (one, other))
    return float(a @ b)


@pytest.mark.usefixtures("tiny")
def test_an_uploaded_photo_gets_its_vector_and_then_owes_the_match() -> None:
    recheck_model()
    photo = upload(make_user(), jpeg_bytes(drawn(RED_STAR))).photo
    run_stage("analyse")
    Job.objects.filter(stage="match").delete()

    run_stage("embed")

    embedding = Embedding.objects.get(photo=photo)
    assert embedding.model == model_status().version
    assert np.linalg.norm(embedding.vector) == pytest.approx(1, abs=1e-2)
    assert owed("embed") == set()
    assert owed("match") == {photo.pk}


@pytest.mark.usefixtures("tiny")
def test_photos_are_embedded_in_batches_and_alike_ones_lie_near() -> None:
    recheck_model()
    stars = [owing_photo(drawn(RED_STAR, seed)) for seed in range(10)]
    circles = [owing_photo(drawn(BLUE_CIRCLE, seed)) for seed in range(10)]

    run_stage("embed")

    assert StageStatistics.objects.get(stage="embed").done == 20
    assert cosine(stars[0], stars[9]) > cosine(stars[0], circles[0]) + 0.4


@pytest.mark.usefixtures("tiny")
def test_many_owed_photos_fill_the_models_batches_and_few_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recheck_model()
    model = loaded_model(may_download=False)
    sizes = []

    def embed_pictures(pictures: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        sizes.append(len(pictures))
        return ClipModel.embed_pictures(model, pictures)

    monkeypatch.setattr(model, "embed_pictures", embed_pictures)
    monkeypatch.setattr(model, "pictures_per_batch", 5)
    monkeypatch.setattr(pipeline.stages()["embed"], "batch_size", 16)
    for seed in range(23):
        owing_photo(drawn(RED_STAR, seed))

    run_stage("embed")

    # The first batch is claimed before the model is asked.
    assert sizes == [16, 5, 2]


@pytest.mark.usefixtures("tiny")
def test_the_vector_of_another_model_is_replaced() -> None:
    recheck_model()
    photo = owing_photo(drawn(RED_STAR))
    Embedding.objects.create(photo=photo, model="earlier/model", vector=[1.0, 0.0, 0.0])

    run_stage("embed")

    assert Embedding.objects.get(photo=photo).model == model_status().version


@pytest.mark.usefixtures("tiny")
def test_a_photo_whose_preview_is_missing_fails_alone() -> None:
    recheck_model()
    sound, broken = owing_photo(drawn(RED_STAR)), owing_photo(drawn(BLUE_CIRCLE))
    previews_storage().delete(existing_preview_name(broken, 720))

    run_stage("embed")

    assert list(Embedding.objects.values_list("photo_id", flat=True)) == [sound.pk]
    assert "preview cannot be read" in Job.objects.get(photo=broken, stage="embed").error


def test_without_a_model_the_work_stays_owed_and_the_reason_is_said(model_to_come: Path) -> None:
    photo = owing_photo(drawn(RED_STAR))

    recheck_model()
    run_stage("embed")

    job = Job.objects.get(photo=photo, stage="embed")
    assert (job.attempts, job.error) == (0, "")
    assert not model_status().available
    assert model_status().notice.startswith("Descriptions are off: CLIP_PRETRAINED is")
    assert pipeline.stages()["embed"].unavailable() == model_status().notice
    assert pipeline.stage_states(photo)["embed"]["detail"] == model_status().notice


def test_weights_that_are_not_there_are_missed_before_anything_is_loaded(
    model_to_come: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gallery.worker_model", None)  # whoever imports it fails

    recheck_model()
    warm_up()

    assert str(model_to_come) in model_status().message
    settings.CLIP_PRETRAINED = "a_tag_of_weights"
    assert missing_file() == ""


def test_vectors_fill_in_when_the_model_arrives(model_to_come: Path) -> None:
    photo = owing_photo(drawn(RED_STAR))
    recheck_model()
    shutil.copy(tiny_model().checkpoint, model_to_come)

    recheck_model()
    run_stage("embed")

    assert model_status().available
    assert pipeline.stages()["embed"].unavailable() == ""
    assert Embedding.objects.filter(photo=photo).exists()


def test_a_worker_that_cannot_load_what_another_could_gives_its_jobs_back(model_to_come: Path) -> None:
    photo = owing_photo(drawn(RED_STAR))
    shutil.copy(tiny_model().checkpoint, model_to_come)
    recheck_model()
    model_to_come.unlink()
    forget_loaded_models()

    run_stage("embed")

    assert Job.objects.get(photo=photo, stage="embed").attempts == 0
    assert not model_status().available


def forget_loaded_models() -> None:
    """What a restarted worker has loaded: nothing."""
    from gallery import worker_model

    worker_model._loaded.clear()


def test_before_any_worker_looked_the_status_says_so(tiny: None) -> None:
    assert not model_status().available
    assert "start one" in model_status().message


def test_the_state_of_another_model_says_nothing_about_this_one(tiny: None, settings: Settings) -> None:
    recheck_model()
    assert model_status().available

    settings.CLIP_PRETRAINED = "another.pt"

    assert not model_status().available


def test_a_download_in_vain_keeps_its_reason_until_it_is_tried_again(
    settings: Settings, tmp_path: Path
) -> None:
    settings.MODEL_CACHE = tmp_path
    recheck_model()
    reason = model_status().message

    recheck_model()

    assert "could not be downloaded" in reason
    assert model_status().message == reason


def test_a_long_picture_is_read_from_the_larger_preview() -> None:
    wide = scene(3, (1440, 300))
    photo = make_photo(width=2880, height=600)
    save_previews(photo, {720: jpeg_bytes(wide.resize((720, 150))), 1440: jpeg_bytes(wide)}, "image/jpeg")

    assert read_preview(photo, 256).shape == (300, 1440, 3)
    assert read_preview(photo, 64).shape == (150, 720, 3)


def test_white_shines_through_transparent_parts() -> None:
    photo = make_photo(width=40, height=30)
    clear = flat((40, 30), (255, 0, 0)).convert("RGBA")
    clear.putalpha(0)
    save_previews(photo, {720: encoded(clear, "WEBP")}, "image/webp")

    assert read_preview(photo, 64).min() == 255


def plan_of_nearest(model: str, dimension: int) -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT photo_id FROM gallery_embedding WHERE model = %s"  # noqa: S608 - a number of ours
            f" ORDER BY vector::halfvec({dimension}) <=> %s::halfvec({dimension}) LIMIT 5",
            [model, str([0.1] * dimension)],
        )
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("model", ["ViT-B-32-256/datacomp", "odd'; DROP TABLE gallery_job; --/\"x%s"])
def test_each_model_has_an_index_of_its_own_that_queries_use(model: str) -> None:
    ensure_vector_index(model, 8)
    ensure_vector_index(model, 8)
    ensure_vector_index("other/model", 4)

    for length, name in ((8, model), (4, "other/model")):
        Embedding.objects.create(photo=make_photo(), model=name, vector=[1.0] * length)
    assert vector_index_name(model) in plan_of_nearest(model, 8)
    assert vector_index_name("other/model") in plan_of_nearest("other/model", 4)


@pytest.mark.django_db(transaction=True)
def test_many_workers_may_make_the_index_at_the_same_time() -> None:
    together = threading.Barrier(6)

    def make() -> None:
        together.wait()
        try:
            ensure_vector_index("raced/model", 8)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        for made in [pool.submit(make) for _ in range(6)]:
            made.result()

    assert vector_index_name("raced/model") in plan_of_nearest("raced/model", 8)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP INDEX "{vector_index_name("raced/model")}"')
