"""`manage.py restore`: a library out of a backup, into an installation that has none yet."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

from gallery import marker, pipeline
from gallery.backup import BackupError
from gallery.backup.files import Copied, Route, copy_originals, copy_previews
from gallery.backup.manifest import (
    SECRET_KEY_NAME,
    BackupFolder,
    Manifest,
    check_files,
    read_manifest,
)
from gallery.backup.schema import bring_to, require_known
from gallery.backup.tables import load_tables, originals_in
from gallery.heartbeat import living_workers
from gallery.models import Album, Embedding, Job, Photo, Priority, SharedState, Tag, User
from gallery.originals import originals_storage
from gallery.previews import previews_storage
from gallery.vector_index import ensure_vector_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from gallery.storage import ListedStore


@dataclass(frozen=True)
class Restored:
    """The snapshot that was restored, what was copied, and how many photos wait for their previews."""

    folder: Path
    manifest: Manifest
    copied: Copied
    owed: int


def restore_backup(root: Path, snapshot: str, tell: Callable[[Copied], None]) -> Restored:
    """Bring the library of a snapshot into this empty installation.

    The originals come first, each checked, then the tables in one transaction: what is interrupted is done again.
    Raises BackupError, StorageFull, BrokenWrite and StorageAway.
    """
    folder = BackupFolder(root)
    chosen = folder.choose(snapshot)
    manifest = read_manifest(chosen)
    require_known(manifest.migrations)
    require_empty()
    require_free_store(manifest)
    check_files(chosen, manifest)
    route = Route(folder.originals, originals_storage(), Path(settings.UPLOAD_TEMP_DIR))
    copied = copy_originals(route, originals_in(chosen), verify=True, tell=tell)
    require_complete(copied, manifest)
    has_previews = manifest.has_previews
    if has_previews:
        copy_previews(folder.previews, cast("ListedStore", previews_storage()))
    bring_to(manifest.migrations)
    owed = load(chosen, manifest, has_previews=has_previews)
    restore_secret_key(chosen)
    return Restored(chosen, manifest, copied, owed)


def require_empty() -> None:
    """Raise BackupError where there is a library already, or a site runs."""
    try:
        workers = living_workers()
    except redis.RedisError:
        workers = []
    if workers:
        raise BackupError("The site runs: stop it first, then restore.")
    if Photo._meta.db_table not in connection.introspection.table_names():
        return
    counts = {
        "photos": Photo.objects.count(),
        "albums": Album.objects.count(),
        "tags": Tag.objects.count(),
        "accounts beside the first": max(0, User.objects.count() - 1),
    }
    if any(counts.values()):
        there = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        raise BackupError(
            f"There is a library here already ({there}). Restore into an empty installation: set GALLERY_DATA and "
            "DATABASE_URL to new ones. To put back single originals, use --originals-only."
        )


def require_free_store(manifest: Manifest) -> None:
    """Raise BackupError where the store of originals is marked as another library's."""
    store = originals_storage()
    found = marker.marker_of(store)
    if found and found not in (manifest.instance, own_mark()):
        raise BackupError(f"{marker.sentence(store, found)} Nothing was restored.")


def own_mark() -> str:
    """The id of the empty installation, where it was started before."""
    if SharedState._meta.db_table not in connection.introspection.table_names():
        return ""
    return marker.instance_id()


def require_complete(copied: Copied, manifest: Manifest) -> None:
    """Raise BackupError when the backup lacks originals that it should have."""
    lost = sorted(set(copied.lacking) - set(manifest.lacking))
    if lost:
        raise BackupError(
            f"The backup is damaged: {len(lost)} originals are missing or changed, the first is {lost[0]}. "
            "The tables were not loaded. Repair the backup (`manage.py backup FOLDER --verify` copies them again from "
            "the library), or choose another snapshot."
        )


def load(snapshot: Path, manifest: Manifest, *, has_previews: bool) -> int:
    """Fill the tables, bring them to this program's state, and owe what is to be made again. Returns how many."""
    try:
        with transaction.atomic():
            load_tables(manifest.tables, snapshot)
            forget_workers()
    except ValueError as error:
        raise BackupError(f"The backup is damaged: {error} Choose another snapshot.") from error
    call_command("migrate", interactive=False, verbosity=0)
    marker.settle_on(manifest.instance)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for model, dimensions in models_with_vectors():
        ensure_vector_index(model, dimensions)
    return 0 if has_previews else owe_previews()


def forget_workers() -> None:
    """Free the work that processes of the old site held."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("UPDATE {} SET worker = '', lease_until = NULL, attempts = 0 WHERE worker <> ''").format(
                sql.Identifier(Job._meta.db_table)
            )
        )


def models_with_vectors() -> list[tuple[str, int]]:
    """The models whose vectors were restored, with the lengths of these."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT DISTINCT ON (model) model, vector_dims(vector) FROM {}").format(
                sql.Identifier(Embedding._meta.db_table)
            )
        )
        return list(cursor.fetchall())


@transaction.atomic
def owe_previews() -> int:
    """Note that there are no previews, and owe them. Returns to how many photos."""
    photos = Photo.objects.filter(previews_version__gt=0)
    ids = list(photos.values_list("pk", flat=True))
    photos.update(previews_version=0, preview_sizes=[])
    pipeline.owe_stage(pipeline.first_stage().name, ids, Priority.REINDEX)
    return len(ids)


def restore_secret_key(snapshot: Path) -> None:
    """Put the secret key back into the data folder."""
    source = snapshot / SECRET_KEY_NAME
    if source.is_file():
        target = Path(settings.GALLERY_DATA) / SECRET_KEY_NAME
        target.unlink(missing_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(source.read_bytes())
