"""What the query worker does while somebody waits: texts and example pictures become vectors.

This worker serves its queue alone and keeps the model and a decoder ready.
"""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import shared_task
from celery.signals import worker_ready
from django.core.cache import cache as redis_cache

from gallery.analyse import analysers
from gallery.imaging.guard import DecoderDied, GuardedDecoder, Refused, example_pixels
from gallery.model_status import missing_file
from gallery.registry import example_examiners

if TYPE_CHECKING:
    from gallery.imaging.guard import Analysis

QUEUE = "query"
# What analysers find that helps nobody to find photos like the example.
LEFT_OUT = {"previews", "metadata", "quality"}


@cache
def decoder() -> GuardedDecoder:
    """This process's guarded decoder."""
    return GuardedDecoder()


@shared_task(name="gallery.query_tasks.warm_up")
def warm_up() -> None:
    """Load the model before somebody waits for it; without one there is nothing to do."""
    if missing_file():
        return
    # torch is loaded by this worker alone, though others import this module to know its tasks.
    from gallery.worker_model import ModelMissing, loaded_model

    try:
        loaded_model(may_download=False)
    except ModelMissing:
        return


@shared_task(name="gallery.query_tasks.embed_text", ignore_result=False)
def embed_text(text: str) -> dict[str, Any]:
    """The text's unit vector and the model it is of; or a message that says why there is none."""
    from gallery.worker_model import ModelMissing, loaded_model

    try:
        model = loaded_model(may_download=False)
    except ModelMissing as missing:
        return no_vector(str(missing))
    return {"vector": model.embed_texts([text])[0].tolist(), "model": model.version, "message": ""}


@shared_task(name="gallery.query_tasks.examine_picture", ignore_result=False)
def examine_picture(key: str, media_type: str) -> dict[str, Any]:
    """Decode the picture that lies in Redis under `key`, and say all that searching by it needs.

    {"refused": why} or {"failed": why}, or else {"vector", "model", "message", "results", "width", "height",
    "warnings"}, where results holds what each configured analyser computed, by its name, and under "file" the
    SHA-256 of the bytes.
    """
    content = redis_cache.get(key)
    redis_cache.delete(key)
    if content is None:
        return {"failed": "The example picture was not there any more; try again."}
    wanted = [(each.name, each.compute) for each in analysers() if each.name not in LEFT_OUT]
    with tempfile.NamedTemporaryFile(prefix="likeness-example-") as file:
        file.write(content)
        file.flush()
        try:
            analysis = decoder().decode_example(Path(file.name), wanted)
        except Refused as refusal:
            return {"refused": str(refusal)}
        except DecoderDied as death:
            return {"failed": str(death)}
    if media_type and analysis.media_type != media_type:
        return {"refused": f"The file was taken for {media_type}, but its bytes are {analysis.media_type}."}
    examined = {examiner.name: examiner.examine(analysis) for examiner in example_examiners}
    computed = {name: result for name, result in analysis.results.items() if name != "pixels"}
    return {
        **picture_vector(analysis),
        "results": computed | examined | {"file": {"sha256": hashlib.sha256(content).hexdigest()}},
        "width": analysis.width,
        "height": analysis.height,
        "warnings": analysis.warnings,
    }


def picture_vector(analysis: Analysis) -> dict[str, Any]:
    """The decoded picture's vector, or why there is none. Nobody waits for torch to be loaded in vain."""
    if reason := missing_file():
        return no_vector(reason)
    from gallery.worker_model import ModelMissing, loaded_model

    try:
        model = loaded_model(may_download=False)
    except ModelMissing as missing:
        return no_vector(str(missing))
    vector = model.embed_pictures([example_pixels(analysis)])[0]
    return {"vector": vector.tolist(), "model": model.version, "message": ""}


def no_vector(message: str) -> dict[str, Any]:
    return {"vector": None, "model": "", "message": message}


@worker_ready.connect
def warm_up_at_start(sender: Any, **kwargs: Any) -> None:
    """Load the model as soon as a query worker starts."""
    if QUEUE in sender.app.amqp.queues.consume_from:
        warm_up.apply_async(queue=QUEUE)
