"""Reading the originals again, a little at a time, so that bits that a disk loses are known while a backup has them."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import connection, transaction

from gallery.contentlock import lock_content
from gallery.fsck.findings import Kind
from gallery.fsck.originals_check import look_again, stored_digest
from gallery.originals import originals_storage, store_problem
from gallery.soundness import MISSING, WRONG_HASH, WRONG_SIZE, note_problem, note_sound
from gallery.storage import StorageAway

logger = logging.getLogger(__name__)

CHECKED_EVERY = timedelta(days=30)
SLICE_SECONDS = 10.0
"""As long as a worker's turn; every ten minutes that is below 2 % of a disk's time."""
CANDIDATES = 500
ROLLING_LOCK = 0x11BE55_40B
PROBLEMS = {Kind.MISSING: MISSING, Kind.PARTIAL: WRONG_SIZE, Kind.WRONG_HASH: WRONG_HASH}


def check_a_slice(*, seconds: float = SLICE_SECONDS) -> int:
    """Read originals that nobody has read for CHECKED_EVERY, the longest unread first, for some seconds.

    Returns how many were read. Notes nothing while the store is away; one process at a time does this.
    """
    if store_problem():
        return 0
    started, read = time.monotonic(), 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ROLLING_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        try:
            for sha256 in due(CHECKED_EVERY):
                check_one(sha256)
                read += 1
                if time.monotonic() - started > seconds:
                    break
        except StorageAway as error:
            logger.warning("The check of the originals waits: %s", error)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ROLLING_LOCK])
    return read


def due(age: timedelta) -> list[str]:
    """Contents that were neither uploaded nor read within this time, the longest unread first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT stored_sha256
              FROM gallery_photo LEFT JOIN gallery_originalcheck known ON known.sha256 = stored_sha256
             GROUP BY stored_sha256, known.checked_at
            HAVING coalesce(known.checked_at, min(uploaded_at)) < statement_timestamp() - make_interval(secs => %s)
             ORDER BY coalesce(known.checked_at, min(uploaded_at)) LIMIT %s
            """,
            [age.total_seconds(), CANDIDATES],
        )
        return [row[0] for row in cursor.fetchall()]


def check_one(sha256: str) -> None:
    """Read one original and note how it is. Raises StorageAway, noting nothing, when the store is away."""
    if stored_digest(originals_storage(), sha256) == sha256:
        note_sound([sha256])
        return
    with transaction.atomic():
        lock_content(sha256)
        found = look_again(sha256, with_hash=True)
        if problem := store_problem():
            raise StorageAway(problem)
        if found is not None and found.photo_ids:
            logger.error("An original is not as it was uploaded: %s: %s", found.name, found.detail)
            note_problem(sha256, PROBLEMS[Kind(found.kind)])
