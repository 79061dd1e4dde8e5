"""File storages that finish what they start: a name appears with its whole content, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.core.files.base import File
from django.core.files.storage import Storage
from django.core.files.utils import validate_file_name

if TYPE_CHECKING:
    from collections.abc import Iterator

COPY_CHUNK_BYTES = 1024 * 1024
TEMP_PREFIX = ".writing-"
QUARANTINE = "quarantine"
OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT)


class StorageFull(OSError):
    """The disk has no room for the file; nothing of it was kept."""


class BrokenWrite(OSError):
    """What was read back from the disk is not what was written; nothing of it was kept."""


class StorageAway(OSError):
    """The store does not answer, or refuses to work; nothing was changed."""


def write_all(descriptor: int, chunk: bytes | memoryview) -> None:
    """Write the whole `chunk`, however little each call takes. Raises StorageFull when the disk is full."""
    view = memoryview(chunk)
    while view:
        try:
            written = os.write(descriptor, view)
        except OSError as error:
            if error.errno in OUT_OF_SPACE:
                raise StorageFull(error.errno, "The disk is full.") from error
            raise
        view = view[written:]


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder_durably(folder: Path) -> None:
    """Create `folder` and its missing parents, each name fsynced into its parent."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
        sync_folder(new.parent)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Stored:
    """A file of a store: its name, its bytes, and when it was written (seconds since 1970)."""

    name: str
    size: int
    written_at: float


class ListedStore(Storage, ABC):
    """A store whose files can be gone through, and put aside when something is wrong with them."""

    @abstractmethod
    def stored_files(self) -> Iterator[Stored]:
        """All files, folder by folder in the order of their names; little of it is in memory at any time."""

    @abstractmethod
    def set_aside(self, name: str, aside_name: str) -> None:
        """Move a file out of the store, to `aside_name` in the quarantine beside it. Nothing is overwritten there.

        Raises FileNotFoundError.
        """

    @abstractmethod
    def place(self) -> str:
        """Where the store is, for people."""


class OriginalsStore(ListedStore):
    """What a store of originals can do besides: take a received file for good, and lend one as a local file."""

    @abstractmethod
    def take(self, received: Path, name: str, sha256: str) -> None:
        """Keep the received, fsynced file with this digest under `name`, checked, or keep nothing."""

    @abstractmethod
    def as_local_file(self, name: str) -> AbstractContextManager[Path]:
        """The file on this machine, for a block of code. Raises FileNotFoundError when the store lacks it."""


class RemoteStorage(OriginalsStore):
    """A store on other machines, from which a web server can fetch by a signed address."""

    @abstractmethod
    def signed_url(self, name: str) -> str:
        """An address that gives the file to whoever has it, for a short time."""

    @abstractmethod
    def problem(self) -> str:
        """Why the store cannot be used, in a sentence; empty when it answers."""


def chunks_of(content: IO[bytes] | File[bytes]) -> Iterator[bytes]:
    while chunk := content.read(COPY_CHUNK_BYTES):
        yield chunk


def files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All files below a folder in the order of their names, in memory one folder of each depth at a time."""
    with os.scandir(folder) as entries:
        inside = sorted(entries, key=lambda entry: entry.name)
    for entry in inside:
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(Path(entry.path))
        else:
            yield entry


def free_name(folder: Path, name: str) -> Path:
    """`name` in the folder, or with a number behind it where that is taken."""
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{name}.{number}"
    return target


class AtomicFileStorage(ListedStore):
    """Files below `location`; a save replaces the whole file in one step or leaves the old one."""

    durable = False

    def __init__(self, location: str | Path) -> None:
        self.location = Path(location)

    def path(self, name: str) -> str:
        validate_file_name(name, allow_relative_path=True)
        return str(self.location / name)

    def exists(self, name: str) -> bool:
        return Path(self.path(name)).is_file()

    def size(self, name: str) -> int:
        return Path(self.path(name)).stat().st_size

    def delete(self, name: str) -> None:
        Path(self.path(name)).unlink(missing_ok=True)

    def stored_files(self) -> Iterator[Stored]:
        """All files; one that goes away meanwhile is left out."""
        for entry in files_below(self.location) if self.location.is_dir() else ():
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield Stored(os.path.relpath(entry.path, self.location), facts.st_size, facts.st_mtime)

    def set_aside(self, name: str, aside_name: str) -> None:
        """Move a file into the folder `quarantine` beside this store's."""
        source, folder = Path(self.path(name)), self.location.parent / QUARANTINE
        make_folder_durably(folder)
        target = free_name(folder, aside_name)
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # The store is a volume of its own: copy first, whole and durable.
            self._copy_durably(source, target)
            source.unlink()
        sync_folder(folder)
        sync_folder(source.parent)

    def _copy_durably(self, source: Path, target: Path) -> None:
        with source.open("rb") as file, target.open("xb") as copy:
            shutil.copyfileobj(file, copy, COPY_CHUNK_BYTES)
            copy.flush()
            os.fsync(copy.fileno())

    def place(self) -> str:
        return f"the folder {self.location}"

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Names come from content and version, so the same name means the same file."""
        return name

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return File(Path(self.path(name)).open("rb"), name=name)

    def _save(self, name: str, content: File[bytes]) -> str:
        target = Path(self.path(name))
        make_folder_durably(target.parent)
        descriptor, temporary = tempfile.mkstemp(prefix=TEMP_PREFIX, dir=target.parent)
        try:
            expected = self._write(descriptor, content)
            self.publish(Path(temporary), target, expected)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return name

    def _write(self, descriptor: int, content: File[bytes]) -> str:
        digest = hashlib.sha256()
        try:
            for chunk in chunks_of(content):
                digest.update(chunk)
                write_all(descriptor, chunk)
            os.fchmod(descriptor, 0o640)
            if self.durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return digest.hexdigest()

    def publish(self, temporary: Path, target: Path, expected_sha256: str) -> None:
        """Give a finished file on the same file system its final name."""
        temporary.replace(target)


class DerivedFileStorage(AtomicFileStorage):
    """For what can be made again (previews): whole files, but no wait for the disk."""


class DurableFileStorage(AtomicFileStorage, OriginalsStore):
    """For what must never be lost (originals): fsynced, read back and hashed, then renamed, folder fsynced."""

    durable = True

    def take(self, received: Path, name: str, sha256: str) -> None:
        """Move a file on the same file system into the store. Raises BrokenWrite."""
        self.publish(received, Path(self.path(name)), sha256)

    def as_local_file(self, name: str) -> AbstractContextManager[Path]:
        """The file itself."""
        return nullcontext(Path(self.path(name)).resolve(strict=True))

    def publish(self, temporary: Path, target: Path, expected_sha256: str) -> None:
        """Check what the disk holds against `expected_sha256`, then rename and fsync the folder.

        Raises BrokenWrite when it differs; the caller removes the temporary file.
        """
        if sha256_of(temporary) != expected_sha256:
            raise BrokenWrite(errno.EIO, f"{temporary.name} was not written as it was received.")
        make_folder_durably(target.parent)
        temporary.replace(target)
        sync_folder(target.parent)
