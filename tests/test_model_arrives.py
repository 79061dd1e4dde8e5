"""A library that starts without its model: all but descriptions works, and they begin when the file is there."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from PIL import Image

from gallery.demo.scenes import draw_scene
from gallery.demo.tiny_clip import split_scenes
from gallery.embedded import broker_url, redis_url
from gallery.embedded.processes import end_marked
from gallery.embedded.servers import Servers
from tests.live import REPOSITORY, LiveSite, wait_until
from tests.pictures import png_bytes
from tests.tiny_clip import tiny_model

SCENES = 12
BEST = 3


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Where the site looks for its model's weights; there is nothing yet."""
    return tmp_path / "weights.pt"


@pytest.fixture
def site(checkpoint: Path) -> Iterator[LiveSite]:
    """A site of its own, servers included, that was told of a checkpoint which is not there."""
    with TemporaryDirectory(prefix="likeness-model-") as name:
        data = Path(name).resolve()
        environment = {"CLIP_MODEL": str(tiny_model().config), "CLIP_PRETRAINED": str(checkpoint)}
        site = LiveSite(data=data, environment=environment)
        try:
            site.start()
            yield site
        finally:
            site.stop()
            end_marked(data, patience_s=5)
            Servers(data).stop()


def token_of_admin(site: LiveSite) -> str:
    output = subprocess.run(
        [sys.executable, "manage.py", "create_token", "admin"],
        cwd=REPOSITORY,
        env={**os.environ, "GALLERY_DATA": str(site.data)},
        capture_output=True,
        text=True,
        check=True,
    )
    return output.stdout.strip().splitlines()[-1]


def look_for_the_model(site: LiveSite) -> None:
    """Send what beat sends every minute."""
    due: Any = settings.CELERY_BEAT_SCHEDULE["recheck-model"]
    assert due["schedule"] <= 60
    with Celery(broker=broker_url(redis_url(site.data)), set_as_current=False) as beat:
        beat.send_task(due["task"], ignore_result=True, **due["options"])


def upload(site: LiveSite, token: str, name: str, content: bytes) -> int:
    file = io.BytesIO(content)
    file.name = name
    answer = site.request("POST", "/api/v1/photos", token=token, form={"file": file})
    assert answer.status == 201, answer.body
    return int(answer.json()["id"])


@pytest.mark.slow
def test_descriptions_begin_to_work_when_the_model_arrives(site: LiveSite, checkpoint: Path) -> None:
    token = token_of_admin(site)

    def get(path: str) -> Any:
        return site.request("GET", f"/api/v1/{path}", token=token).json()

    scenes = split_scenes()[1][:SCENES]
    ids = {
        upload(site, token, f"{n}.png", png_bytes(Image.fromarray(draw_scene(scene, 256, seed=n)))): scene
        for n, scene in enumerate(scenes)
    }
    wait_until("all but the vectors is done", lambda: bool(get("jobs")["idle"]))
    assert not get("health")["model"]["ok"]
    assert str(checkpoint) in get("health")["model"]["detail"]
    assert get("jobs")["stages"]["embed"]["owed"] == len(ids)

    shutil.copyfile(tiny_model().checkpoint, checkpoint)
    look_for_the_model(site)
    wait_until("every photo has a vector", lambda: get("jobs")["stages"]["embed"]["done"] == len(ids))
    wait_until("all work is done", lambda: bool(get("jobs")["idle"]))
    assert get("health")["status"] == "ok"
    assert get("jobs")["stages"]["match"]["failed"] == 0

    photo_id, scene = next(iter(ids.items()))
    query = f"photos?q=like%3A%22{scene.caption.replace(' ', '+')}%22"
    wait_until(
        "the query worker has the model, too, and finds a description",
        lambda: photo_id in [photo["id"] for photo in get(query)["items"][:BEST]],
    )
