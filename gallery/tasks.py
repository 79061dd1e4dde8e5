"""Celery tasks: thin wrappers that run owed work."""

from __future__ import annotations

import os
import time
from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup, task_prerun
from django.db import close_old_connections

from gallery import pipeline, registry, trash
from gallery.incoming import remove_stale_uploads
from gallery.query_tasks import QUEUE as QUERY_QUEUE
from gallery.resumable import remove_expired_uploads
from gallery.rolling_check import check_a_slice
from gallery.sessions import SessionStore
from gallery.unusual import measure_a_slice

# A worker gives up its slot now and then, so that queues that share a worker take turns. What a person has just
# uploaded waits for the turns that run, so they are short.
TURN_SECONDS = 2.0
# nice(2) of what works in the background: where cores are short, the web gets three times as much of them.
NICENESS = 5


@celeryd_after_setup.connect
def stand_back(instance: Any, **kwargs: Any) -> None:
    """Let processes in which a person waits for an answer go before this worker and all that it will start."""
    if QUERY_QUEUE not in instance.app.amqp.queues.consume_from:
        os.nice(NICENESS)


@task_prerun.connect
def check_connections(**kwargs: Any) -> None:
    """Drop connections to the database that are broken or old (conn_max_age), and keep the others."""
    close_old_connections()


@shared_task(name=pipeline.RUN_STAGE_TASK)
def run_stage(name: str) -> None:
    """Run owed jobs of a stage until there are none, or until it is another queue's turn."""
    stage = pipeline.stages()[name]
    started = time.monotonic()
    while not stage.unavailable() and pipeline.run_batch(stage):
        if time.monotonic() - started > TURN_SECONDS:
            pipeline.wake(name)
            return


@shared_task
def sweep() -> None:
    """Every 30 s: pick up what was lost on the way."""
    pipeline.sweep()
    remove_stale_uploads()
    remove_expired_uploads()
    for go_on in registry.sweeps:
        go_on()


@shared_task
def purge_trash() -> None:
    """Every hour: remove for good what lay in the trash longer than its retention."""
    trash.purge_due()


@shared_task
def check_originals() -> None:
    """Every ten minutes: read some originals again, so that each is read about once a month."""
    check_a_slice()


@shared_task
def measure_unusual() -> None:
    """Every two minutes: say of some photos how far they are from their nearest others."""
    measure_a_slice()


@shared_task
def remove_expired_sessions() -> None:
    """Once a day: forget browsers whose sign-in has ended by itself."""
    SessionStore.clear_expired()
