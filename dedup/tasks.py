"""Celery tasks of the duplicates: thin wrappers that run owed work."""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError
from redis import RedisError

from dedup import bulk

logger = logging.getLogger(__name__)

TURN_SECONDS = 2.0
"""Then other work of the same worker has its turn."""


@shared_task
def run_bulk(bulk_id: int) -> None:
    """Go on with a bulk decision for a turn."""
    if bulk.work(bulk_id, TURN_SECONDS):
        wake_bulk(bulk_id)


def wake_bulk(bulk_id: int) -> None:
    """Tell a worker that there is work. Should Redis be away, the sweep tells it later."""
    try:
        run_bulk.apply_async(args=(bulk_id,), retry=False)
    except (OperationalError, RedisError) as error:
        logger.warning("Redis cannot be reached (%s); the bulk decision goes on with the next sweep.", error)


def wake_unfinished() -> None:
    """Every 30 s: go on with what a dead worker left. Two workers on one bulk wait for each other, group by group."""
    for bulk_id in bulk.unfinished():
        wake_bulk(bulk_id)
