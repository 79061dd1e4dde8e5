"""Asking the query worker: a real worker process, real Redis, and answers in words when something is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.db import connection
from PIL import Image
from pytest_django import Settings

from gallery import describe, query_tasks
from gallery.demo.scenes import Scene, draw_scene
from gallery.describe import ExampleUnavailable, picture_answer, text_vector
from gallery.heartbeat import redis_client
from gallery.imaging.embedding import load_model
from gallery.intake import RefusedFile
from gallery.model_status import ModelStatus, model_status, save_model_status
from tests.environment import REPOSITORY
from tests.live import PATIENCE_S, wait_until
from tests.pictures import jpeg_bytes, scene
from tests.tiny_clip import tiny_model

pytestmark = pytest.mark.django_db

SHORT_WAIT_S = 0.5
RED_STAR = Scene("star", "red", "white")
WORKER = [sys.executable, "-m", "celery", "-A", "gallery.celery", "worker", "-n", "query-test", "-Q", "query"]


def query_worker(model: str, weights: str) -> Iterator[None]:
    """A query worker process, from when it answers until the test is over."""
    process = subprocess.Popen(
        [*WORKER, "-P", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat"],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "DATABASE_URL": database_address(),
            "CLIP_MODEL": model,
            "CLIP_PRETRAINED": weights,
            "CLIP_DEVICE": "cpu",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await_answer()
        yield
    finally:
        process.terminate()
        process.wait()


def database_address() -> str:
    """The address of the database that tests use, for a process of its own."""
    return urlsplit(configured.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def await_answer() -> None:
    """Wait until the worker answers anything; each question waits for a while itself."""

    def answers() -> bool:
        try:
            describe._ask(query_tasks.embed_text, ("a star",), describe.TEXT_WAIT_SECONDS)
        except describe.NoAnswer:
            return False
        return True

    wait_until("the query worker answers", answers)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for answers however busy the machine is."""
    monkeypatch.setattr(describe, "TEXT_WAIT_SECONDS", PATIENCE_S)
    monkeypatch.setattr(describe, "PICTURE_WAIT_SECONDS", PATIENCE_S)


@pytest.fixture(scope="module")
def worker(django_db_setup: None) -> Iterator[None]:
    """A query worker with the tiny model."""
    files = tiny_model()
    yield from query_worker(str(files.config), str(files.checkpoint))


@pytest.fixture
def tiny(settings: Settings) -> None:
    """The settings ask for the tiny model, and an embedding worker has found it."""
    files = tiny_model()
    settings.CLIP_MODEL, settings.CLIP_PRETRAINED = str(files.config), str(files.checkpoint)
    settings.CLIP_DEVICE = "cpu"
    version = load_model(str(files.config), str(files.checkpoint), "cpu").version
    save_model_status(ModelStatus(available=True, version=version))


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "example.jpg"
    path.write_bytes(jpeg_bytes(scene(4, (900, 600))))
    return path


@pytest.mark.usefixtures("worker", "tiny")
def test_a_description_becomes_a_vector_of_the_current_model() -> None:
    answer = text_vector("  a red\nstar ")

    files = tiny_model()
    expected = load_model(str(files.config), str(files.checkpoint), "cpu").embed_texts(["a red star"])[0]
    assert (answer.model, answer.message) == (model_status().version, "")
    assert answer.vector is not None
    assert np.allclose(answer.vector, expected, atol=1e-5)


@pytest.mark.usefixtures("tiny")
def test_a_description_asked_before_needs_no_worker() -> None:
    cache.set(describe.cache_key(model_status().version, "a red star"), [1.0, 0.0])

    assert text_vector("a red  star").vector == [1.0, 0.0]


@pytest.mark.usefixtures("tiny")
def test_without_a_worker_the_answer_comes_after_the_wait_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(describe, "QUEUE", "served-by-nobody")
    monkeypatch.setattr(describe, "TEXT_WAIT_SECONDS", SHORT_WAIT_S)
    started = time.monotonic()

    answer = text_vector("a red star")

    assert time.monotonic() - started >= SHORT_WAIT_S
    assert answer.vector is None
    assert answer.message.startswith(
        "The description “a red star” could not be used: the query worker did not"
    )


@pytest.mark.usefixtures("servers")
def test_without_a_model_the_answer_comes_at_once_and_says_why() -> None:
    save_model_status(ModelStatus(available=False, message="The disk is full; make room."))

    answer = text_vector("a red star")

    assert answer.vector is None
    assert answer.message == "The description “a red star” could not be used: The disk is full; make room."


@pytest.mark.usefixtures("tiny")
def test_without_redis_the_answer_says_so(settings: Settings, example: Path) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1"}}

    assert "Redis" in text_vector("a red star").message
    with pytest.raises(ExampleUnavailable, match="Redis"):
        picture_answer(example, "image/jpeg")


@pytest.mark.usefixtures("worker")
def test_a_question_that_the_worker_fails_at_is_answered_with_the_failure() -> None:
    with pytest.raises(describe.NoAnswer, match="failed at it"):
        describe._ask(query_tasks.embed_text, (b"no text",), PATIENCE_S)  # type: ignore[arg-type]  # on purpose


@pytest.mark.usefixtures("worker", "tiny")
def test_an_example_picture_gives_vector_fingerprint_and_colours(tmp_path: Path) -> None:
    path = tmp_path / "star.jpg"
    drawing = draw_scene(RED_STAR, 400)
    path.write_bytes(jpeg_bytes(Image.fromarray(drawing), 95))

    answer = picture_answer(path, "image/jpeg")

    files = tiny_model()
    expected = load_model(str(files.config), str(files.checkpoint), "cpu").embed_pictures([drawing])[0]
    assert answer.vector is not None
    assert float(np.dot(answer.vector, expected)) > 0.995
    assert (answer.model, answer.message) == (model_status().version, "")
    assert (answer.width, answer.height) == (400, 400)
    assert answer.results["colour"]["dominant_colour"].startswith("#")
    assert len(answer.results["fingerprint"]["phash"]) == 32


@pytest.mark.usefixtures("worker", "tiny")
def test_an_example_picture_is_kept_nowhere(example: Path) -> None:
    picture_answer(example)

    assert list(redis_client().scan_iter("*example*")) == []


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("content", [b"no picture at all", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b""])
def test_an_example_that_is_no_picture_is_refused_with_the_reason(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "example").write_bytes(content)

    with pytest.raises(RefusedFile, match=r".+"):
        picture_answer(tmp_path / "example")


@pytest.mark.usefixtures("worker")
def test_an_example_of_another_type_than_it_seemed_is_refused(example: Path) -> None:
    with pytest.raises(RefusedFile, match="taken for image/png"):
        picture_answer(example, "image/png")


def test_a_too_large_example_is_refused(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe, "EXAMPLE_MAX_BYTES", 1000)

    with pytest.raises(RefusedFile, match="use a smaller copy"):
        picture_answer(example)


@pytest.mark.usefixtures("servers")
def test_an_example_that_nobody_examines_is_forgotten(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe, "QUEUE", "served-by-nobody")
    monkeypatch.setattr(describe, "PICTURE_WAIT_SECONDS", SHORT_WAIT_S)

    with pytest.raises(ExampleUnavailable, match="query worker did not answer"):
        picture_answer(example)

    assert list(redis_client().scan_iter("*example:*")) == []


@pytest.mark.usefixtures("servers")
def test_without_a_model_an_example_still_gives_fingerprint_and_colours(
    example: Path, settings: Settings
) -> None:
    settings.CLIP_MODEL, settings.CLIP_PRETRAINED = str(tiny_model().config), "/nowhere/model.pt"
    cache.set("example:here", example.read_bytes())

    answer = query_tasks.examine_picture("example:here", "image/jpeg")

    query_tasks.decoder().close()
    assert answer["vector"] is None
    assert "/nowhere/model.pt" in answer["message"]
    assert {"colour", "fingerprint"} <= set(answer["results"])


def test_no_module_of_the_web_loads_torch() -> None:
    code = (
        "import django, sys; django.setup();"
        "import gallery.urls, gallery.embed, gallery.describe, gallery.query_tasks, gallery.health, gallery.tasks;"
        "print(sorted({'torch', 'open_clip', 'torchvision'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
