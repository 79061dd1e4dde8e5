"""What was found out about files, kept on disk, so that memory does not grow with the folder.

One SQLite database holds, for each file (path, size, time), the SHA-256 of its bytes, and for each SHA-256 what was
computed from the picture: previews, fingerprints, hashes. Kept from run to run, it makes the next one quick. One
process writes; others may read at the same time.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any, Self

import msgpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from dedup.folder.finding import FoundFile

FILE_NAME = "likeness-duplicates.sqlite"
LAYOUT_VERSION = 1
# Another run with the same cache may be writing.
LOCK_WAIT_SECONDS = 30.0
# A crash costs what was not committed: a few seconds of work.
COMMIT_EVERY_WRITES = 200

Finding = dict[str, Any]


class ShelfError(Exception):
    """The cache cannot be used; the message says why and what to do."""


class Shelf:
    """The database in a folder, which is made if it is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsaved = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(folder / FILE_NAME, timeout=LOCK_WAIT_SECONDS)
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise ShelfError(
                f"The cache in {folder} cannot be used ({error}). Name another folder."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sha256_of(self, file: FoundFile) -> bytes | None:
        """The SHA-256 of the file as it was when it had this size and time; None when it was never read so."""
        key = (os.fsencode(file.path.absolute()), file.size, file.modified_ns)
        row = self._database.execute(
            "SELECT sha256 FROM files WHERE path = ? AND size = ? AND modified_ns = ?", key
        ).fetchone()
        return None if row is None else bytes(row[0])

    def remember_file(self, file: FoundFile, sha256: bytes) -> None:
        """Note what bytes the file holds."""
        key = (os.fsencode(file.path.absolute()), file.size, file.modified_ns, sha256)
        self._write("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", key)

    def has(self, sha256: bytes, names: Iterable[str]) -> bool:
        """Whether all of these were computed from the picture."""
        known = self._database.execute("SELECT name FROM findings WHERE sha256 = ?", (sha256,))
        return set(names) <= {row[0] for row in known}

    def finding(self, sha256: bytes, name: str) -> Finding:
        """What was computed under this name. KeyError when it was not."""
        row = self._database.execute(
            "SELECT content FROM findings WHERE sha256 = ? AND name = ?", (sha256, name)
        ).fetchone()
        if row is None:
            raise KeyError(f"{name} of {sha256.hex()}")
        found: Finding = msgpack.unpackb(row[0])
        return found

    def remember(self, sha256: bytes, findings: Mapping[str, Finding]) -> None:
        """Keep what was computed from a picture, by name."""
        for name, found in findings.items():
            self._write(
                "INSERT OR REPLACE INTO findings VALUES (?, ?, ?)", (sha256, name, msgpack.packb(found))
            )

    def commit(self) -> None:
        """Let other processes, and the next run, see everything. Raises ShelfError, on a full disk for one."""
        try:
            self._database.commit()
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        self._unsaved = 0

    def close(self) -> None:
        """Save and let go."""
        try:
            self.commit()
        finally:
            self._database.close()

    def _prepare(self) -> None:
        database = self._database
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, LAYOUT_VERSION):
            raise sqlite3.DatabaseError(f"it was made by version {version} of this command")
        database.execute(
            "CREATE TABLE IF NOT EXISTS files"
            " (path BLOB PRIMARY KEY, size INTEGER, modified_ns INTEGER, sha256 BLOB)"
        )
        database.execute(
            "CREATE TABLE IF NOT EXISTS findings (sha256 BLOB, name TEXT, content BLOB, PRIMARY KEY (sha256, name))"
        )
        database.execute(f"PRAGMA user_version = {LAYOUT_VERSION}")
        database.commit()

    def _unusable(self, error: Exception) -> ShelfError:
        return ShelfError(f"The cache in {self.folder} cannot be used ({error}). Name another folder.")

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        self._unsaved += 1
        if self._unsaved >= COMMIT_EVERY_WRITES:
            self.commit()
