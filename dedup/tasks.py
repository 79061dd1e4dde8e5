"""Celery tasks of the duplicates: thin wrappers that run owed work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from celery import shared_task
from kombu.exceptions import OperationalError
from redis import RedisError

from dedup import bulk

if TYPE_CHECKING:
    from dedup.models import BulkDecision

logger = logging.getLogger(__name__)

SLICE_SECONDS = 2.0
"""Then other work of the same worker goes on."""


@shared_task
def run_bulk(bulk_id: int, turn: int) -> None:
    """Go on with a bulk decision for a while, then send itself again: one chain of tasks a turn."""
    if bulk.work(bulk_id, turn, SLICE_SECONDS):
        send(bulk_id, turn)


def wake_bulk(decision: BulkDecision) -> None:
    """Begin the chain of tasks of a bulk decision's turn."""
    send(decision.pk, decision.turn)


def send(bulk_id: int, turn: int) -> None:
    """Tell a worker that there is work. Should Redis be away, the sweep begins another turn later."""
    try:
        run_bulk.apply_async(args=(bulk_id, turn), retry=False)
    except (OperationalError, RedisError) as error:
        logger.warning("Redis cannot be reached (%s); the bulk decision goes on with a later sweep.", error)


def wake_stalled() -> None:
    """Every 30 s: go on with what a dead worker, or a message that was lost, left."""
    for decision in bulk.take_over_stalled():
        wake_bulk(decision)
