"""Receiving a file: bytes stream to the originals' file system while SHA-256 is computed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from gallery.marker import require_store
from gallery.originals import has_room_for
from gallery.storage import StorageAway, StorageFull, make_folder_durably, write_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    BytesFile = UploadedFile[bytes]
else:
    BytesFile = UploadedFile

HEAD_BYTES = 4096
NO_FILE = Path()


class FileTooLarge(ValueError):
    """The file is larger than MAX_UPLOAD_MB allows."""


Problem = StorageFull | StorageAway | FileTooLarge


@dataclass
class ReceivedFile:
    """A fully received, fsynced file waiting in the temporary folder, or the reason why it was not kept."""

    name: str
    path: Path
    size: int
    sha256: str
    head: bytes
    problem: Problem | None = None

    def discard(self) -> None:
        """Remove the temporary file; harmless after it was moved into the store."""
        if self.path != NO_FILE:
            self.path.unlink(missing_ok=True)


@dataclass
class FileReceiver:
    """Writes chunks to a temporary file. After a problem it goes on taking them, so that the sender gets an answer."""

    name: str
    problem: Problem | None = None
    size: int = 0
    head: bytes = b""
    _digest: Any = field(default_factory=hashlib.sha256)
    _descriptor: int = -1
    path: Path = NO_FILE

    def __post_init__(self) -> None:
        try:
            # Before any folder is made: the place of an unmounted volume must stay empty.
            require_store()
        except StorageAway as problem:
            self.problem = problem
            return
        folder = Path(settings.UPLOAD_TEMP_DIR)
        make_folder_durably(folder)
        self._descriptor, path = tempfile.mkstemp(prefix="upload-", dir=folder)
        self.path = Path(path)

    def write(self, chunk: bytes) -> None:
        if self.problem:
            return
        if len(self.head) < HEAD_BYTES:
            self.head += chunk[: HEAD_BYTES - len(self.head)]
        self.size += len(chunk)
        if self.size > settings.MAX_UPLOAD_BYTES:
            limit = settings.MAX_UPLOAD_BYTES // 1_000_000
            self._give_up(FileTooLarge(f"{self.name} is larger than the {limit} MB that one file may have."))
            return
        self._digest.update(chunk)
        try:
            if not has_room_for(len(chunk)):
                raise StorageFull(f"There is no room for {self.name}: the library's disk is nearly full.")
            write_all(self._descriptor, chunk)
        except StorageFull as problem:
            self._give_up(problem)

    def finish(self) -> ReceivedFile:
        """Make the bytes durable and hand the file over; the caller discards or stores it."""
        if not self.problem:
            os.fchmod(self._descriptor, 0o640)
            os.fsync(self._descriptor)
        self.close()
        return ReceivedFile(
            self.name, self.path, self.size, self._digest.hexdigest(), self.head, self.problem
        )

    def abort(self) -> None:
        """Forget the file, because the sender went away."""
        self.close()
        if self.path != NO_FILE:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _give_up(self, problem: Problem) -> None:
        self.problem = problem
        os.ftruncate(self._descriptor, 0)


def receive_file(name: str, chunks: Iterable[bytes]) -> ReceivedFile:
    """Receive a file from `chunks` (import from disk, tests)."""
    receiver = FileReceiver(name)
    try:
        for chunk in chunks:
            receiver.write(chunk)
    except BaseException:
        receiver.abort()
        raise
    return receiver.finish()


class ReceivedUpload(BytesFile):
    """What a view finds in request.FILES: nothing in memory, the received file beside it."""

    def __init__(self, received: ReceivedFile, content_type: str | None) -> None:
        super().__init__(None, received.name, content_type, received.size)
        self.received = received

    def close(self) -> None:
        """Called by Django when the request ends: what was not stored by then is not wanted."""
        self.received.discard()


class HashingUploadHandler(FileUploadHandler):
    """Django's door for multipart files; holds one chunk in memory at a time."""

    chunk_size = 256 * 1024
    receiver: FileReceiver | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.receiver = FileReceiver(self.file_name or "unnamed")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self.receiver is not None  # noqa: S101  Django calls new_file first.
        self.receiver.write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedUpload:
        assert self.receiver is not None  # noqa: S101
        received, self.receiver = self.receiver.finish(), None
        return ReceivedUpload(received, self.content_type)

    def upload_interrupted(self) -> None:
        if self.receiver is not None:
            self.receiver.abort()
            self.receiver = None
