"""Stage "optimise", where it is switched on: originals become smaller files with the same pixels and metadata.

A photo's bytes change from one digest to another in one transaction, under the locks of both contents, for all photos
that have them; the old file goes after that. Whatever ends the process in between, each row names a whole file.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from gallery import jobs, pipeline
from gallery.analyse import STAGE_NAME as ANALYSE
from gallery.contentlock import lock_content
from gallery.imaging.guard import DecoderDied
from gallery.imaging.optimise_guard import GuardedOptimiser, LeftAlone
from gallery.imaging.optimise_limits import MEDIA_TYPES, VERSION
from gallery.models import Job, Photo, PhotoQuerySet, PhotoState
from gallery.originals import has_room_for, local_original, put_original, store_problem
from gallery.pipeline import Stage
from gallery.previews import copy_previews
from gallery.soundness import WRONG_HASH
from gallery.storage import sha256_of
from gallery.trash import BackupRuns, backup_runs, no_backup, remove_unused_original

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STAGE_NAME = "optimise"
TEMP_PREFIX = "upload-optimise-"
"""As uploads that are under way: what a killed worker leaves is removed with theirs."""
ASKED_ANEW_S = 2.0
PUT_OFF_S = 30.0
WAITS_FOR_OTHERS = "Waits until there is nothing else to do."
WAITS_FOR_BACKUP = "Waits until the backup that is being made is done."


class NotNow(Exception):
    """The file is in use; its turn comes later."""


@cache
def optimiser() -> GuardedOptimiser:
    """This process's guarded optimiser."""
    return GuardedOptimiser()


class OptimiseStage(Stage):
    name = STAGE_NAME
    queue = "analyse"
    after = (ANALYSE,)
    runs_last = True

    def __init__(self) -> None:
        self._asked_at, self._reason = float("-inf"), ""

    def unavailable(self) -> str:
        """Nobody waits for this stage, so it waits for all others. Asked of the database every few seconds at most."""
        if time.monotonic() - self._asked_at > ASKED_ANEW_S:
            self._reason = store_problem() or reason_to_wait()
            self._asked_at = time.monotonic()
        return self._reason

    def outdated(self) -> PhotoQuerySet:
        return Photo.objects.analysed().filter(
            state=PhotoState.READY, media_type__in=MEDIA_TYPES, optimise_version__lt=VERSION
        )

    def run(self, claimed: Sequence[Job]) -> None:
        for job in claimed:
            optimise_photo(job)


def reason_to_wait() -> str:
    """Why originals should not be touched now, in a sentence; empty when they may."""
    if backup_runs():
        return WAITS_FOR_BACKUP
    others = (pipeline.stages().get(name) for name in jobs.stages_with_due_work() if name != STAGE_NAME)
    return WAITS_FOR_OTHERS if any(stage and not stage.unavailable() for stage in others) else ""


def optimise_photo(job: Job) -> None:
    """Make one photo's original smaller, or note that it is left alone."""
    photo, started = job.photo, time.monotonic()
    if not OptimiseStage().outdated().filter(pk=photo.pk).exists():
        with jobs.finishing(job):
            return
    if not has_room_for(photo.file_size):
        pipeline.fail_job(job, "The disk of the library is nearly full: free some space, then retry.")
        return
    try:
        with local_original(photo.stored_sha256) as path, temporary_file() as smaller:
            if sha256_of(path) != photo.stored_sha256:
                pipeline.fail_job(job, WRONG_HASH, final=True)
                return
            optimiser().optimise(path, smaller)
            replace_original(job, smaller, time.monotonic() - started)
    except (LeftAlone, DecoderDied):
        with jobs.finishing(job, seconds=time.monotonic() - started):
            note_tried([photo.pk])
    except (BackupRuns, NotNow):
        jobs.put_off(job, seconds=PUT_OFF_S)
    except FileNotFoundError:
        pipeline.fail_job(
            job, "The original is missing from the store; restore it from a backup, then retry."
        )


@contextmanager
def temporary_file() -> Iterator[Path]:
    """An empty file beside the uploads that arrive, from where it can be moved into the store."""
    folder = Path(settings.UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=TEMP_PREFIX, dir=folder)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def note_tried(photo_ids: Sequence[int]) -> None:
    """Remember that the photos were looked at, so that reindexing leaves them out."""
    Photo.objects.filter(pk__in=photo_ids).update(optimise_version=VERSION)


def replace_original(job: Job, smaller: Path, seconds: float) -> None:
    """Let the photos of a content have the smaller file instead, and remove the old one.

    Raises BackupRuns, NotNow, and what storing a file raises; then the old file stays.
    """
    old = job.photo.stored_sha256
    make_durable(smaller)
    new, size = sha256_of(smaller), smaller.stat().st_size
    with no_backup():
        with jobs.finishing(job, seconds=seconds):
            for sha256 in sorted((old, new)):
                lock_content(sha256)
            if is_read_now(old):
                raise NotNow
            hand_over(old, new, size, smaller)
        remove_unused_original(old)


def make_durable(file: Path) -> None:
    """Make the child's file survive a power cut, as one that was received, and readable as those are."""
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fchmod(descriptor, 0o640)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_read_now(sha256: str) -> bool:
    """Whether a worker is at another stage of a photo with this content."""
    others = Job.objects.filter(photo__stored_sha256=sha256, failed_at=None, lease_until__gte=timezone.now())
    return others.exclude(stage=STAGE_NAME).exists()


def hand_over(old: str, new: str, size: int, smaller: Path) -> None:
    """Store the new content and name it in all rows of the old one; call it under the locks of both.

    Where an owner has the new bytes as a photo of their own, the old ones stay: nobody has the same file twice.
    """
    rows = Photo.objects.filter(stored_sha256=old).order_by("pk")
    photos = list(rows.select_for_update(of=("self",), no_key=True))
    ids = [photo.pk for photo in photos]
    owners = {photo.owner_id for photo in photos}
    same = Photo.objects.with_content(new).filter(owner__in=owners)
    if not photos or same.exists():
        note_tried(ids)
        return
    put_original(smaller, new)
    if not copy_previews(photos[0], new):
        pipeline.owe_stage(ANALYSE, ids)
    Photo.objects.filter(pk__in=ids).update(
        stored_sha256=new,
        file_size=size,
        saved_bytes=F("saved_bytes") + F("file_size") - size,
        optimise_version=VERSION,
    )
