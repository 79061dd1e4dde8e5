"""`manage.py backup`: first the tables as they are at one moment, then the originals that they name."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from psycopg.errors import LockNotAvailable

from gallery.backup import BackupError
from gallery.backup.files import Copied, Route, copy_originals, copy_previews
from gallery.backup.manifest import (
    ORIGINALS_LIST,
    SECRET_KEY_NAME,
    BackupFolder,
    Manifest,
    read_manifest,
    write_manifest,
)
from gallery.backup.tables import dump_tables, originals_in, own_connection
from gallery.marker import instance_id, require_store
from gallery.originals import originals_storage
from gallery.previews import previews_storage
from gallery.storage import free_name, make_folder_durably, sha256_of
from gallery.trash import BACKUP_LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg import Connection

    from gallery.storage import ListedStore

LOCK_PATIENCE = "60s"
SPARE_BYTES = 100_000_000
"""So much stays free on the disk of the backup."""


@dataclass(frozen=True)
class BackupOptions:
    """What is wanted beside the folder."""

    keep: int = 7
    verify: bool = False
    with_previews: bool = False


@dataclass(frozen=True)
class Made:
    """A finished snapshot, what was copied for it, and how many old ones were removed."""

    folder: Path
    manifest: Manifest
    copied: Copied
    removed: int


def make_backup(root: Path, options: BackupOptions, tell: Callable[[Copied], None]) -> Made:
    """Make a snapshot; the earlier ones stay valid until this one is finished, and after it as many as are kept.

    Uploads go on meanwhile; the trash is not emptied. Raises BackupError, StorageFull and StorageAway.
    """
    folder = BackupFolder(root)
    check_target(folder)
    require_store()
    with alone() as raw:
        folder.drop_unfinished()
        return make_snapshot(folder, options, raw, tell)


def check_target(folder: BackupFolder) -> None:
    """Raise BackupError for a place that is no good for a backup of this library."""
    data = Path(settings.GALLERY_DATA).resolve()
    if folder.root == data or data in folder.root.parents or folder.root in data.parents:
        raise BackupError(
            f"{folder.root} and the data folder {data} lie in each other: a backup belongs on another disk."
        )
    own = instance_id()
    for snapshot in folder.finished()[-1:]:
        other = read_manifest(snapshot).instance
        if other != own:
            raise BackupError(
                f"{folder.root} holds backups of another library ({other}): choose another folder."
            )
    try:
        folder.snapshots.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackupError(
            f"{folder.root} cannot be written ({error.strerror}): choose another folder."
        ) from error


@contextmanager
def alone() -> Iterator[Connection[Any]]:
    """A connection that keeps purges and other backups away while it lives. Raises BackupError."""
    wrapper = own_connection()
    try:
        wrapper.connection.execute(f"SET lock_timeout = '{LOCK_PATIENCE}'")
        wrapper.connection.execute("SELECT pg_advisory_lock(%s)", [BACKUP_LOCK])
        try:
            yield wrapper.connection
        finally:
            # At once: the server takes a moment to notice that a connection has gone.
            wrapper.connection.execute("SELECT pg_advisory_unlock(%s)", [BACKUP_LOCK])
    except LockNotAvailable as error:
        raise BackupError(
            "Another backup is being made, or the trash is being emptied: try again when that has ended."
        ) from error
    finally:
        wrapper.close()


def make_snapshot(
    folder: BackupFolder, options: BackupOptions, raw: Connection[Any], tell: Callable[[Copied], None]
) -> Made:
    """Tables, originals, secret key, and the manifest last."""
    now = datetime.now(UTC)
    snapshot = free_name(folder.snapshots, f"{now:%Y-%m-%dT%H%M%S}")
    make_folder_durably(snapshot)
    # It holds the hashes of passwords and tokens.
    snapshot.chmod(0o700)
    tables, migrations = dump_tables(raw, snapshot)
    check_room(folder, snapshot)
    route = Route(originals_storage(), folder.originals, folder.incoming)
    copied = copy_originals(route, originals_in(snapshot), verify=options.verify, tell=tell)
    # What was lacking may have been put back meanwhile, or the whole store may have gone.
    require_store()
    if options.with_previews:
        copy_previews(cast("ListedStore", previews_storage()), folder.previews)
    copy_secret_key(snapshot)
    manifest = Manifest(
        instance=instance_id(),
        made_at=now.isoformat(timespec="seconds"),
        migrations=migrations,
        tables=tables,
        originals=copied.files + copied.there,
        bytes=sum(size for _, size in originals_in(snapshot)),
        originals_sha256=sha256_of(snapshot / ORIGINALS_LIST),
        has_previews=options.with_previews,
        lacking=copied.lacking,
    )
    write_manifest(snapshot, manifest)
    return Made(snapshot, manifest, copied, folder.drop_old(options.keep))


def check_room(folder: BackupFolder, snapshot: Path) -> None:
    """Raise BackupError when the originals that are new do not fit on the disk."""
    needed = 0
    for sha256, size in originals_in(snapshot):
        path = folder.root / "originals" / sha256[:2] / sha256[2:4] / sha256
        needed += 0 if path.exists() else size
    free = shutil.disk_usage(folder.root).free
    if needed + SPARE_BYTES > free:
        raise BackupError(
            f"The new originals have {needed / 1e6:.0f} MB, and the disk of {folder.root} has {free / 1e6:.0f} MB "
            "free: make room there, or choose a larger disk."
        )


def copy_secret_key(snapshot: Path) -> None:
    """Copy the file with the secret key, where the key is in one, for its owner's eyes alone."""
    source = Path(settings.GALLERY_DATA) / SECRET_KEY_NAME
    if source.is_file():
        handle = os.open(snapshot / SECRET_KEY_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(source.read_bytes())
