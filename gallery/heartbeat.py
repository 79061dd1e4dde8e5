"""Workers say every few seconds that they live and which queues they serve; health and pages read it from Redis."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from dataclasses import dataclass
from typing import Any

import redis
from celery.signals import beat_init, worker_ready
from django.conf import settings

from gallery.alive import SCHEDULER_PREFIX, WORKER_PREFIX

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
ALIVE_SECONDS = 20  # A worker that missed three beats counts as dead.


@dataclass(frozen=True)
class LivingWorker:
    """A worker process that beat lately."""

    name: str
    queues: tuple[str, ...]


def redis_client() -> redis.Redis:
    """A client of the Redis that Celery uses too."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=5)


def beat(client: redis.Redis, queues: list[str], prefix: str = WORKER_PREFIX) -> None:
    """Note that this process lives."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    client.set(prefix + name, json.dumps(queues), ex=ALIVE_SECONDS)


def living_workers() -> list[LivingWorker]:
    """The workers that beat lately. Raises redis.RedisError when Redis cannot be asked."""
    client = redis_client()
    workers = []
    for key in client.scan_iter(match=WORKER_PREFIX + "*", count=1000):
        if (queues := client.get(key)) is not None:
            workers.append(LivingWorker(key.decode().removeprefix(WORKER_PREFIX), tuple(json.loads(queues))))
    return sorted(workers, key=lambda worker: worker.name)


def living_schedulers() -> int:
    """How many processes send out what is due by the clock; one is right. Raises redis.RedisError."""
    return sum(1 for _ in redis_client().scan_iter(match=SCHEDULER_PREFIX + "*", count=1000))


def beat_for_ever(queues: list[str], prefix: str = WORKER_PREFIX) -> None:
    """Beat until the process ends; an absent Redis is waited for."""
    client = redis_client()
    pause = threading.Event()
    while True:
        try:
            beat(client, queues, prefix)
        except redis.RedisError as error:
            logger.warning("Cannot tell Redis that this process lives: %s", error)
        pause.wait(BEAT_SECONDS)


@worker_ready.connect
def start_beating(sender: Any, **kwargs: Any) -> None:
    """Start the beat in the worker's main process, in a thread, so that long tasks do not stop it."""
    start_beat_thread(sorted(sender.app.amqp.queues.consume_from), WORKER_PREFIX)


@beat_init.connect
def start_beating_as_scheduler(**kwargs: Any) -> None:
    """Do the same in the process of `celery beat`, which serves no queue."""
    start_beat_thread([], SCHEDULER_PREFIX)


def start_beat_thread(queues: list[str], prefix: str) -> None:
    threading.Thread(target=beat_for_ever, args=(queues, prefix), daemon=True, name="heartbeat").start()
