"""Stage "embed": CLIP vectors of photos, many per batch, by the model that this worker process holds."""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from celery import shared_task
from celery.signals import worker_ready
from PIL import Image, UnidentifiedImageError

from gallery import jobs, pipeline
from gallery.model_status import (
    ModelStatus,
    download_is_due,
    missing_file,
    model_status,
    note_download,
    save_model_status,
)
from gallery.models import Embedding
from gallery.pipeline import Stage
from gallery.previews import NoPreview, open_preview
from gallery.query_tasks import QUEUE as QUERY_QUEUE
from gallery.query_tasks import warm_up
from gallery.vector_index import ensure_vector_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gallery.imaging.embedding import ClipModel
    from gallery.models import Job, Photo

__all__ = ["EmbedStage", "ModelStatus", "model_status", "recheck_model"]

logger = logging.getLogger(__name__)

STAGE_NAME = "embed"
QUEUE = "embed"
# The preview that pictures are read from, unless it is too narrow for the model.
USUAL_PREVIEW_PX = 720
# A check that nobody ran before the next one is due is not worth running.
RECHECK_EXPIRES_SECONDS = 55


class EmbedStage(Stage):
    """Waits, with the photos' jobs owed, as long as there is no model."""

    name = STAGE_NAME
    queue = QUEUE
    batch_size = 16
    after = ("analyse",)

    def unavailable(self) -> str:
        return model_status().notice

    def run(self, claimed: Sequence[Job]) -> None:
        # Only here and in `recheck_model` is torch loaded: the web imports this module as well.
        from gallery.worker_model import ModelMissing, loaded_model

        try:
            model = loaded_model(may_download=False)
        except ModelMissing as missing:
            save_model_status(ModelStatus(available=False, message=str(missing)))
            jobs.give_back(claimed)
            return
        # Jobs are claimed before the model is loaded, so what suits it counts from the next batch on.
        self.batch_size = model.pictures_per_batch
        embed_photos(claimed, model)


def embed_photos(claimed: Sequence[Job], model: ClipModel) -> None:
    """Embed the photos of the jobs in one batch and save each one's vector in the transaction that ends its job."""
    started = time.monotonic()
    readable: list[Job] = []
    pictures: list[NDArray[np.uint8]] = []
    for job in claimed:
        try:
            pictures.append(read_preview(job.photo, model.input_px))
        except (NoPreview, OSError, UnidentifiedImageError) as error:
            pipeline.fail_job(job, f"The preview cannot be read: {error}")
        else:
            readable.append(job)
    vectors = model.embed_pictures(pictures)
    seconds = (time.monotonic() - started) / len(claimed)
    for job, vector in zip(readable, vectors, strict=True):
        try:
            save_vector(job, model.version, vector, seconds)
        except jobs.LeaseLost as error:
            logger.warning("%s", error)


def save_vector(job: Job, version: str, vector: NDArray[np.float32], seconds: float) -> None:
    """Save the vector, replacing one of another model, end the job and owe what follows. Raises LeaseLost."""
    with jobs.finishing(job, seconds=seconds):
        Embedding.objects.bulk_create(
            [Embedding(photo_id=job.photo_id, model=version, vector=vector)],
            update_conflicts=True,
            unique_fields=["photo"],
            update_fields=["model", "vector"],
        )
        pipeline.owe_followers(job)


def read_preview(photo: Photo, input_px: int) -> NDArray[np.uint8]:
    """The photo as sRGB, uint8 (height, width, 3), from the smallest preview that is sharp enough for the model.

    The model sees a square of `input_px` cut from the middle, so the short side decides. Raises NoPreview, OSError.
    """
    long_px, short_px = (max(photo.width or 1, photo.height or 1), min(photo.width or 1, photo.height or 1))
    needed_px = math.ceil(input_px * long_px / short_px)
    with open_preview(photo, max(USUAL_PREVIEW_PX, needed_px)) as file, Image.open(file) as image:
        if not image.has_transparency_data:
            return np.asarray(image.convert("RGB"))
        clear = image.convert("RGBA")
    # White shines through, as it does in the analysis.
    return np.asarray(Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB"))


@shared_task(name="gallery.embed.recheck_model", expires=RECHECK_EXPIRES_SECONDS)
def recheck_model() -> None:
    """Load the model if it is not loaded, and tell everyone; when it has arrived, the owed vectors are made.

    Beat calls this every minute, since a model file may be put in place and the network may come back any time.
    """
    if reason := missing_file():
        save_model_status(ModelStatus(available=False, message=reason))
        return
    from gallery.worker_model import ModelMissing, NotDownloaded, loaded_model

    before = model_status()
    may_download = download_is_due()
    if not before.available and may_download:
        note_download()
    try:
        model = loaded_model(may_download=may_download)
    except ModelMissing as missing:
        # What the last download failed of says more than that none was tried now.
        if not (isinstance(missing, NotDownloaded) and before.message):
            save_model_status(ModelStatus(available=False, message=str(missing)))
    else:
        ensure_vector_index(model.version, model.dimension)
        save_model_status(ModelStatus(available=True, version=model.version))
        if not before.available:
            announce_model()


def announce_model() -> None:
    """Wake the embedding workers for what is owed, and let the query workers load the model."""
    pipeline.wake(STAGE_NAME)
    warm_up.apply_async(queue=QUERY_QUEUE)


@worker_ready.connect
def check_model_at_start(sender: Any, **kwargs: Any) -> None:
    """Look for the model as soon as an embedding worker starts."""
    if QUEUE in sender.app.amqp.queues.consume_from:
        recheck_model.apply_async(queue=QUEUE)
