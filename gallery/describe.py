"""Asking the query worker what a description or an example picture means. The web holds no model and decodes nothing.

Whoever asks gets an answer within seconds in any case: a vector, or a sentence that says why there is none.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import redis
from celery.exceptions import TimeoutError as CeleryTimeoutError
from django.core.cache import cache
from kombu.exceptions import OperationalError

from gallery.intake import RefusedFile
from gallery.model_status import model_status
from gallery.query_tasks import QUEUE, embed_text, examine_picture

if TYPE_CHECKING:
    from pathlib import Path

    from celery import Task

# After this a page shows what it found without the description.
TEXT_WAIT_SECONDS = 2.0
# Decoding a large picture takes its time, and whoever dropped one on the box expects to wait a little.
PICTURE_WAIT_SECONDS = 10.0
VECTOR_KEPT_SECONDS = 7 * 24 * 3600
# A picture passes through Redis, which has no room for the very largest.
EXAMPLE_MAX_BYTES = 50_000_000

WORKER_SILENT = (
    "the query worker did not answer within {seconds:.0f} s. Start one (the process `query`) if none runs, "
    "or try again in a moment."
)
REDIS_AWAY = "Redis, by which the query worker is asked, does not answer."


class ExampleUnavailable(RuntimeError):
    """The example picture could not be examined; the message says why and what to do."""


class NoAnswer(RuntimeError):
    """The query worker was not reached or did not answer in time; the message says which."""


@dataclass(frozen=True)
class DescribeAnswer:
    """A description's unit vector (`vector`, by the model `model`, as in Embedding.model).

    Without a vector, `message` is a sentence: that the description could not be used, why, and what to do.
    """

    vector: list[float] | None
    model: str = ""
    message: str = ""


@dataclass(frozen=True)
class PictureAnswer:
    """What an example picture gives to search by.

    `vector` is None without a model, and `message` then says why. `results` holds what each configured analyser
    computed ("colour", "fingerprint", ...), as analysers get it to save. `width` and `height` are upright pixels.
    """

    vector: list[float] | None
    model: str
    message: str
    width: int
    height: int
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def text_vector(text: str) -> DescribeAnswer:
    """The vector of a description, from the cache or from the query worker, within TEXT_WAIT_SECONDS."""
    words = " ".join(text.split())
    status = model_status()
    if not status.available:
        return not_described(words, status.message)
    key = cache_key(status.version, words)
    try:
        vector = cache.get(key)
        if vector is None:
            answer = _ask(embed_text, (words,), TEXT_WAIT_SECONDS)
            if answer["model"] != status.version:
                return not_described(words, answer["message"] or "the model is being exchanged; try again.")
            vector = answer["vector"]
            cache.set(key, vector, VECTOR_KEPT_SECONDS)
    except NoAnswer as error:
        return not_described(words, str(error))
    except redis.RedisError:
        return not_described(words, REDIS_AWAY)
    return DescribeAnswer(vector, status.version)


def cache_key(version: str, words: str) -> str:
    """Where the vector of a description by one model is cached."""
    return f"describe:{hashlib.sha256(f'{version}|{words}'.encode('utf-8', 'replace')).hexdigest()}"


def not_described(words: str, reason: str) -> DescribeAnswer:
    """The answer for a description that could not be used."""
    return DescribeAnswer(None, message=f"The description “{words}” could not be used: {reason}")


def picture_answer(upload_path: Path, media_type: str = "") -> PictureAnswer:
    """What the uploaded example gives to search by, within PICTURE_WAIT_SECONDS. It is kept nowhere.

    `media_type` is what its first bytes say. Raises RefusedFile when it is no picture that is taken, and
    ExampleUnavailable when it could not be examined.
    """
    if upload_path.stat().st_size > EXAMPLE_MAX_BYTES:
        raise RefusedFile(
            f"An example picture may have {EXAMPLE_MAX_BYTES // 1_000_000} MB; use a smaller copy."
        )
    key = f"example:{uuid.uuid4().hex}"
    try:
        cache.set(key, upload_path.read_bytes(), 2 * PICTURE_WAIT_SECONDS)
        try:
            answer = _ask(examine_picture, (key, media_type), PICTURE_WAIT_SECONDS)
        finally:
            cache.delete(key)
    except NoAnswer as error:
        raise ExampleUnavailable(f"The example picture could not be used: {error}") from error
    except redis.RedisError as error:
        raise ExampleUnavailable(f"The example picture could not be used: {REDIS_AWAY}") from error
    if "refused" in answer:
        raise RefusedFile(answer["refused"])
    if "failed" in answer:
        raise ExampleUnavailable(answer["failed"])
    return PictureAnswer(**answer)


def _ask(task: Task[..., dict[str, Any]], arguments: tuple[str, ...], seconds: float) -> dict[str, Any]:
    """Let the query worker run a task; one that it has not begun when nobody waits any more is dropped.

    Raises NoAnswer.
    """
    try:
        result = task.apply_async(arguments, queue=QUEUE, expires=seconds, retry=False)
        try:
            answer = result.get(timeout=seconds, propagate=False)
        finally:
            result.forget()
    except CeleryTimeoutError as error:
        raise NoAnswer(WORKER_SILENT.format(seconds=seconds)) from error
    except (OperationalError, redis.RedisError) as error:
        raise NoAnswer(REDIS_AWAY) from error
    if not isinstance(answer, dict):  # the exception that ended the task
        raise NoAnswer(f"the query worker failed at it ({answer}); its log says more.")
    return answer
