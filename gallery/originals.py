"""The content-addressed store of uploaded bytes. Names are SHA-256 digests; nothing here ever unlinks one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from gallery.marker import originals_store, require_store
from gallery.storage import RemoteStorage, StorageAway, sha256_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from django.core.files.base import File

    from gallery.storage import OriginalsStore

SHARE_OF_DISK_KEPT_FREE = 0.05


ASIDE_BY_UPLOAD = "replaced-by-upload"


def originals_storage() -> OriginalsStore:
    return originals_store()


def original_name(sha256: str) -> str:
    """Where the original with this digest lies, relative to the store."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def put_original(received: Path, sha256: str) -> None:
    """Move a received, fsynced file with this digest into the store; the same content already there is kept.

    What lies under its name with another content (a disk has lost bits) is put aside. Raises StorageFull, BrokenWrite
    or StorageAway; then nothing has appeared under the final name.
    """
    name = original_name(sha256)
    storage = originals_storage()
    require_store()
    if storage.exists(name):
        if holds_content(storage, sha256):
            return
        storage.set_aside(name, f"{sha256}.{ASIDE_BY_UPLOAD}")
    storage.take(received, name, sha256)


def holds_content(storage: OriginalsStore, sha256: str) -> bool:
    """Whether the file of this name hashes to it: reads all of it."""
    try:
        with storage.as_local_file(original_name(sha256)) as path:
            return sha256_of(path) == sha256
    except FileNotFoundError:
        return False


def open_original(sha256: str) -> File[bytes]:
    """Open the original for reading. Raises FileNotFoundError when the store lacks it."""
    return originals_storage().open(original_name(sha256), "rb")


def local_original(sha256: str) -> AbstractContextManager[Path]:
    """The original as a file on this machine: itself in a local store, else a copy for the while.

    Raises FileNotFoundError when the store lacks it.
    """
    return originals_storage().as_local_file(original_name(sha256))


def store_problem() -> str:
    """Why originals cannot be read and written, in a sentence; empty when they can. A store elsewhere is asked."""
    storage = originals_storage()
    if isinstance(storage, RemoteStorage) and (problem := storage.problem()):
        return problem
    try:
        require_store()
    except StorageAway as error:
        return str(error)
    return ""


def free_bytes_needed() -> int:
    """How much must stay free on the disk of the store: a fixed amount or a share, whichever is less.

    On a small disk 5 % is what matters, on a large one the fixed amount.
    """
    usage = shutil.disk_usage(existing_parent(Path(settings.UPLOAD_TEMP_DIR)))
    return min(settings.MIN_FREE_BYTES, int(usage.total * SHARE_OF_DISK_KEPT_FREE))


def has_room_for(size: int) -> bool:
    """Whether a file of `size` bytes can be taken without running the disk low."""
    usage = shutil.disk_usage(existing_parent(Path(settings.UPLOAD_TEMP_DIR)))
    return usage.free - size >= free_bytes_needed()


def existing_parent(folder: Path) -> Path:
    """`folder` itself, or its nearest parent that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder
