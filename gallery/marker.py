"""The mark that ties a store of originals to this library: a file there and a row here hold the same id.

An unmounted volume looks like an empty folder, and a library that takes it for its store loses photos: it would write
beside the volume, call every original missing and purge rows whose files it cannot see.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, cast

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection, transaction

from gallery.models import Photo, SharedState
from gallery.storage import RemoteStorage, StorageAway

if TYPE_CHECKING:
    from gallery.storage import OriginalsStore

MARKER_NAME = "likeness-instance"
STATE_KEY = "instance"
SETTLE_LOCK = 0x11BE55_3A6
ASK_REMOTE_AGAIN_S = 10.0
ASK_DATABASE_AGAIN_S = 1.0
SAMPLE = 20
"""So many of the latest originals are looked for where a library of before this mark meets its store."""
MAX_ID_BYTES = 100


class WrongStore(StorageAway):
    """What lies at the place of the originals is not this library's store; the message says what to do."""


class _Known:
    """What this process has found out: ids never change while it runs, a remote store is not asked each time."""

    def __init__(self) -> None:
        self.instance = ""
        self.no_instance_until = 0.0
        self.remote_sound_until = 0.0


_known = _Known()


def forget() -> None:
    """Ask database and store again at the next question."""
    _known.__init__()  # type: ignore[misc]  # the initial state, in place


def originals_store() -> OriginalsStore:
    return cast("OriginalsStore", storages["originals"])


def instance_id() -> str:
    """This library's id; empty before the first start has given it one."""
    if not _known.instance and time.monotonic() > _known.no_instance_until:
        _known.instance = _kept_id()
        _known.no_instance_until = time.monotonic() + ASK_DATABASE_AGAIN_S
    return _known.instance


def _kept_id() -> str:
    value = SharedState.objects.filter(key=STATE_KEY).values_list("value", flat=True).first()
    return str(value.get("id", "")) if value else ""


def marker_of(store: OriginalsStore) -> str:
    """The id that the store holds; empty where it holds none. Raises StorageAway when it cannot be read."""
    try:
        with store.open(MARKER_NAME) as file:
            return str(file.read(MAX_ID_BYTES), "ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except StorageAway:
        raise
    except OSError as error:
        raise StorageAway(f"The photos in {store.place()} cannot be read: {error.strerror}.") from error


def require_store() -> None:
    """Raise StorageAway unless the store is there and is this library's. Cheap: one small file is read."""
    expected, store = instance_id(), originals_store()
    is_remote = isinstance(store, RemoteStorage)
    if not expected or (is_remote and time.monotonic() < _known.remote_sound_until):
        return
    found = marker_of(store)
    if found != expected:
        raise WrongStore(sentence(store, found))
    if is_remote:
        _known.remote_sound_until = time.monotonic() + ASK_REMOTE_AGAIN_S


def sentence(store: OriginalsStore, found: str) -> str:
    """What is wrong with the store, and what to do."""
    if not found:
        is_remote = isinstance(store, RemoteStorage)
        remedy = "Is STORAGE_URL right?" if is_remote else "Is the volume not mounted? Mount it."
        return f"The photos are not in {store.place()}: the file {MARKER_NAME}, which marks it, is missing. {remedy}"
    return (
        f"The photos in {store.place()} belong to another library (the file {MARKER_NAME} there names {found}). "
        "Set GALLERY_DATA, STORAGE_URL and DATABASE_URL to what belongs together."
    )


@transaction.atomic
def settle(*, adopt: bool = False) -> None:
    """At a start: mark a new store, or check that the marked one is ours.

    While the database has photos, a store without the mark or with another one is refused (WrongStore), unless the
    library is older than the mark, or `adopt` is given, and the store holds the latest originals.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETTLE_LOCK])
    store = originals_store()
    kept, found = _kept_id(), marker_of(store)
    if kept and kept == found:
        return
    if Photo.objects.exists() and not ((adopt or not kept) and holds_latest(store)):
        hint = " If it is the right one all the same, run `manage.py prepare --adopt-store`."
        raise WrongStore(sentence(store, found) + ("" if adopt else hint))
    settle_on(found or kept or uuid.uuid4().hex)


def settle_on(instance: str) -> None:
    """Write the id to both sides."""
    store = originals_store()
    if marker_of(store) != instance:
        store.save(MARKER_NAME, ContentFile(f"{instance}\n".encode("ascii")))
    SharedState.objects.update_or_create(key=STATE_KEY, defaults={"value": {"id": instance}})
    forget()


def holds_latest(store: OriginalsStore) -> bool:
    """Whether most of the latest originals are there."""
    digests = list(Photo.objects.order_by("-pk").values_list("stored_sha256", flat=True)[:SAMPLE])
    there = sum(store.exists(f"{sha256[:2]}/{sha256[2:4]}/{sha256}") for sha256 in digests)
    return 2 * there > len(digests)
