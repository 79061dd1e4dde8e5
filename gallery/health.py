"""Whether the parts of the system work; each part says in a sentence what is wrong and what to do."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from gallery.heartbeat import living_workers, redis_client
from gallery.model_status import model_status
from gallery.originals import has_room_for, store_problem
from gallery.pipeline import stages
from gallery.soundness import ADVICE, problem_count

QUERY_QUEUE = "query"
SWEEP_QUEUE = "sweep"


@dataclass(frozen=True)
class Part:
    """One part's state. A part that is not `vital` degrades the service; a vital one takes it down."""

    name: str
    ok: bool
    detail: str
    vital: bool = True


def check_database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            row = cursor.fetchone()
    except DatabaseError as error:
        return Part("database", False, f"PostgreSQL does not answer: {first_line(error)}")
    if row is None:
        return Part("database", False, "The database has no vector extension; install pgvector 0.8 or newer.")
    return Part("database", True, f"PostgreSQL with pgvector {row[0]}")


def check_redis() -> Part:
    try:
        redis_client().ping()
    except redis.RedisError as error:
        return Part("redis", False, f"Redis does not answer: {first_line(error)}")
    return Part("redis", True, "Redis answers")


def check_workers() -> Part:
    wanted = {stage.queue for stage in stages().values()} | {QUERY_QUEUE, SWEEP_QUEUE}
    try:
        workers = living_workers()
    except redis.RedisError as error:
        return Part("workers", False, f"Redis, which knows the workers, does not answer: {first_line(error)}")
    missing = sorted(wanted.difference(*(worker.queues for worker in workers)))
    if missing:
        return Part("workers", False, f"No worker serves: {', '.join(missing)}. Start one; owed work waits.")
    return Part("workers", True, f"{len(workers)} running")


def check_storage() -> Part:
    try:
        problem = store_problem()
    except DatabaseError as error:
        return Part(
            "storage", False, f"The database, which knows the store, does not answer: {first_line(error)}"
        )
    if problem:
        return Part("storage", False, problem)
    folder = Path(settings.UPLOAD_TEMP_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"likeness")
    except OSError as error:
        return Part("storage", False, f"Originals cannot be written: {error.strerror}.")
    if not has_room_for(0):
        return Part("storage", False, "The disk is nearly full; uploads are refused until there is room.")
    return Part("storage", True, "Originals can be written")


def check_originals() -> Part:
    """What the rolling check and fsck know of originals that have changed or gone; the site goes on without them."""
    try:
        count = problem_count()
    except DatabaseError as error:
        return Part("originals", False, f"PostgreSQL does not answer: {first_line(error)}", vital=False)
    if count:
        verb = "original is" if count == 1 else "originals are"
        return Part("originals", False, f"{count} {verb} missing or damaged: {ADVICE}", vital=False)
    return Part("originals", True, "No original is known to be missing or damaged", vital=False)


def check_model() -> Part:
    status = model_status()
    return Part("model", status.available, status.message or status.version, vital=False)


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def check_all() -> list[Part]:
    """The state of every part."""
    return [
        check_database(),
        check_redis(),
        check_workers(),
        check_storage(),
        check_originals(),
        check_model(),
    ]
