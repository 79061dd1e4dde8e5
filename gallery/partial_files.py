"""The bytes of uploads that arrive in parts: one file each, which only grows, and one writer at a time.

The lock is the kernel's (flock), so it goes with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from gallery.marker import require_store
from gallery.originals import has_room_for
from gallery.storage import StorageFull, make_folder_durably, sha256_of, sync_folder, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "partial-"


class UploadBusy(Exception):
    """Another request is writing to this upload."""


@dataclass(frozen=True)
class PartialFile:
    """A file that this process alone may change while the lock is held."""

    path: Path
    descriptor: int

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def append(self, block: bytes) -> None:
        """Write the whole block at the end. Raises StorageFull; what was written until then stays."""
        if not has_room_for(len(block)):
            raise StorageFull("The library's disk is nearly full.")
        write_all(self.descriptor, block)

    def cut(self, size: int) -> None:
        """Forget what lies behind `size`, durably."""
        os.ftruncate(self.descriptor, size)
        self.sync()

    def sync(self) -> None:
        os.fsync(self.descriptor)

    def head(self, size: int) -> bytes:
        return os.pread(self.descriptor, size, 0)

    def sha256(self) -> str:
        return sha256_of(self.path)


def partial_path(upload_id: uuid.UUID) -> Path:
    return Path(settings.UPLOAD_TEMP_DIR) / f"{PREFIX}{upload_id}"


def create_partial_file(upload_id: uuid.UUID) -> None:
    """Make the empty file, durably. Raises StorageAway, before any folder is made."""
    path = partial_path(upload_id)
    require_store()
    make_folder_durably(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
    sync_folder(path.parent)


def durable_size(upload_id: uuid.UUID) -> int:
    """How many bytes are here and outlast a power cut. Raises FileNotFoundError, StorageAway."""
    require_store()
    descriptor = os.open(partial_path(upload_id), os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return size


def size_now(upload_id: uuid.UUID) -> int | None:
    """How many bytes are here at the moment, to be shown; None where there is no file."""
    try:
        return partial_path(upload_id).stat().st_size
    except FileNotFoundError:
        return None


@contextmanager
def locked_partial_file(upload_id: uuid.UUID) -> Iterator[PartialFile]:
    """The file, for this process alone. Raises UploadBusy at once, FileNotFoundError for no file, StorageAway."""
    require_store()
    path = partial_path(upload_id)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadBusy("Another request is sending to this upload; try again in a moment.") from error
        yield PartialFile(path, descriptor)
    finally:
        os.close(descriptor)


def old_partial_files(*, older_than_seconds: float) -> Iterator[uuid.UUID]:
    """The uploads whose files nobody has written to for that long."""
    folder = Path(settings.UPLOAD_TEMP_DIR)
    for file in folder.glob(f"{PREFIX}*") if folder.is_dir() else ():
        try:
            age = time.time() - file.stat().st_mtime
        except FileNotFoundError:
            continue
        if age > older_than_seconds:
            yield uuid.UUID(file.name.removeprefix(PREFIX))
