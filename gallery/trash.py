"""The trash, and the only place that removes a photo and its original for good."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from gallery.contentlock import lock_content
from gallery.marker import require_store
from gallery.models import OriginalCheck, Photo, Role
from gallery.originals import original_name, originals_storage, store_problem
from gallery.previews import delete_previews
from gallery.registry import photo_listeners

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gallery.models import User


logger = logging.getLogger(__name__)

PURGE_ROLE = Role.ADMIN
"""Who removes photos for good before their time: nobody can take that back."""
BACKUP_LOCK = 0x11BE55_BAC
"""Held by a backup alone, by purges together."""
MAX_PURGED_AT_ONCE = 1_000
"""One request removes at most these: each is a transaction of its own, with its files."""


class CannotRestore(ValueError):
    """The photo cannot come back; the message says why."""


class CannotPurge(ValueError):
    """Nothing is removed for good; the message says why."""


class CountChanged(CannotPurge):
    """Another number of photos than was confirmed; the message names both."""


class BackupRuns(CannotPurge):
    """A backup reads the originals at the moment."""


def lock_photos(ids: Sequence[int]) -> list[Photo]:
    """The photos with these ids, locked in id order, so that two callers never wait for each other in a circle.

    The lock lets others insert rows that refer to the photos: who changes a photo must not stop who matches it.
    """
    return list(Photo.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",), no_key=True))


@transaction.atomic
def trash_photos(*, photos: Sequence[Photo], by: User | None) -> list[Photo]:
    """Move live photos to the trash. Returns those that moved."""
    moved = [photo for photo in lock_photos([photo.pk for photo in photos]) if not photo.is_trashed]
    now = timezone.now()
    Photo.objects.filter(pk__in=[photo.pk for photo in moved]).update(trashed_at=now, trashed_by=by)
    for photo in moved:
        photo.trashed_at, photo.trashed_by = now, by
    for listener in photo_listeners:
        listener.photos_trashed(moved)
    return moved


@transaction.atomic
def restore_photos(*, photos: Sequence[Photo], by: User | None) -> list[Photo]:
    """Bring photos back from the trash. Returns those that came back.

    Raises CannotRestore, bringing none back, when the owner has the same bytes live already.
    """
    # Contents before photos, as intake does, so that neither waits for the other in a circle.
    for sha256 in sorted({photo.upload_sha256 for photo in photos}):
        lock_content(sha256)
    returning = [photo for photo in lock_photos([photo.pk for photo in photos]) if photo.is_trashed]
    for photo in returning:
        twin = Photo.objects.live().filter(owner=photo.owner_id, upload_sha256=photo.upload_sha256).first()
        if twin is not None:
            raise CannotRestore(f"{photo.file_name} is in the library already, as photo {twin.pk}.")
    Photo.objects.filter(pk__in=[photo.pk for photo in returning]).update(trashed_at=None, trashed_by=None)
    for photo in returning:
        photo.trashed_at = photo.trashed_by = None
    for listener in photo_listeners:
        listener.photos_restored(returning)
    return returning


def days_left(photo: Photo) -> int:
    """Whole days until a trashed photo is removed for good; 0 when that is due."""
    if photo.trashed_at is None:
        raise ValueError(f"{photo} is not in the trash.")
    due = photo.trashed_at + timedelta(days=settings.TRASH_RETENTION_DAYS)
    return max(0, (due - timezone.now()).days)


def purge_due() -> int:
    """Remove for good what lay in the trash longer than TRASH_RETENTION_DAYS. Returns how many photos."""
    if problem := store_problem():
        logger.warning("Nothing is removed from the trash: %s", problem)
        return 0
    due = timezone.now() - timedelta(days=settings.TRASH_RETENTION_DAYS)
    ids = list(Photo.objects.trashed().filter(trashed_at__lte=due).values_list("pk", flat=True))
    removed = 0
    try:
        for photo_id in ids:
            removed += purge_photo(photo_id=photo_id)
    except CannotPurge as reason:
        logger.info("%s What is due in the trash waits.", reason)
    return removed


@dataclass(frozen=True)
class Purge:
    """Photos of the trash that would be removed for good now, and what their files weigh."""

    photo_ids: Sequence[int]
    size: int


def planned_purge(*, user: User, photo_ids: Sequence[int] | None = None) -> Purge:
    """What `purge_now` would remove: these photos of the trash or all, the oldest first, MAX_PURGED_AT_ONCE at most."""
    if not user.has_role(PURGE_ROLE):
        return Purge([], 0)
    trashed = Photo.objects.trashed().editable_by(user).order_by("trashed_at", "pk")
    if photo_ids is not None:
        trashed = trashed.filter(pk__in=photo_ids)
    rows = list(trashed.values_list("pk", "file_size")[:MAX_PURGED_AT_ONCE])
    return Purge([pk for pk, _ in rows], sum(size for _, size in rows))


def purge_now(*, user: User, photo_ids: Sequence[int] | None, count: int) -> int:
    """Remove photos of the trash for good before their time. Returns how many were.

    Raises CountChanged, removing none, when there are not `count` of them: the person confirmed another number; and
    BackupRuns and StorageAway, when it is not the time to remove anything.
    """
    plan = planned_purge(user=user, photo_ids=photo_ids)
    if len(plan.photo_ids) != count:
        raise CountChanged(f"There are {len(plan.photo_ids)} photos to remove now, not {count}.")
    removed = sum(purge_photo(photo_id=pk) for pk in plan.photo_ids)
    logger.info("%s removed %d photos of the trash for good", user.get_username(), removed)
    return removed


def purge_photo(*, photo_id: int) -> bool:
    """Remove a trashed photo for good, and its bytes when no other photo has them. Returns whether it did.

    The row goes first: should the process die between the two steps, a file is left over that no photo names, and
    never a row whose file is gone. Raises BackupRuns, and StorageAway where the store is not ours or not there.
    """
    require_store()
    with no_backup():
        sha256 = delete_trashed_row(photo_id)
        if sha256 is None:
            return False
        remove_unused_original(sha256)
    return True


@contextmanager
def no_backup() -> Iterator[None]:
    """Hold off backups for a block of code: one copies what its snapshot of the rows names. Raises BackupRuns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock_shared(%s)", [BACKUP_LOCK])
        if not cursor.fetchone()[0]:
            raise BackupRuns("A backup is being made, which needs all files. Try again when it is done.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [BACKUP_LOCK])


def backup_runs() -> bool:
    """Whether a backup is being made at the moment."""
    try:
        with no_backup():
            return False
    except BackupRuns:
        return True


@transaction.atomic
def delete_trashed_row(photo_id: int) -> str | None:
    """Delete the row of a trashed photo; its stored SHA-256, or None when it is not in the trash any more."""
    trashed = Photo.objects.trashed().filter(pk=photo_id)
    sha256 = trashed.values_list("upload_sha256", flat=True).first()
    if sha256 is None:
        return None
    # Content before photo, as intake does: an upload that has found this photo brings it back before it can go.
    lock_content(sha256)
    photo = trashed.select_for_update(of=("self",)).first()
    if photo is None:
        return None
    photo.delete()
    return photo.stored_sha256


@transaction.atomic
def remove_unused_original(sha256: str) -> None:
    """Remove a content that no photo names any more; the lock keeps a new upload of it waiting meanwhile."""
    lock_content(sha256)
    if Photo.objects.filter(stored_sha256=sha256).exists():
        return
    delete_previews(sha256)
    OriginalCheck.objects.filter(pk=sha256).delete()
    originals_storage().delete(original_name(sha256))
