"""Celery tasks: thin wrappers that run owed work."""

from __future__ import annotations

import time

from celery import shared_task

from gallery import pipeline, trash
from gallery.incoming import remove_stale_uploads
from gallery.resumable import remove_expired_uploads
from gallery.rolling_check import check_a_slice
from gallery.sessions import SessionStore

# A worker gives up its slot now and then, so that queues that share a worker take turns.
TURN_SECONDS = 10.0


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


@shared_task
def purge_trash() -> None:
    """Every hour: remove for good what lay in the trash longer than its retention."""
    trash.purge_due()


@shared_task
def check_originals() -> None:
    """Every ten minutes: read some originals again, so that each is read about once a month."""
    check_a_slice()


@shared_task
def remove_expired_sessions() -> None:
    """Once a day: forget browsers whose sign-in has ended by itself."""
    SessionStore.clear_expired()
