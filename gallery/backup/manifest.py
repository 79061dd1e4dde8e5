"""What a snapshot says of itself, and the folder of a backup."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.backup import BackupError
from gallery.storage import DerivedFileStorage, DurableFileStorage, sha256_of, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
"""Grows when a snapshot is laid out in another way."""
MANIFEST_NAME = "manifest.json"
ORIGINALS_LIST = "originals.tsv.gz"
SECRET_KEY_NAME = "secret_key"  # noqa: S105  # a file's name


@dataclass(frozen=True)
class TableFile:
    """A table in a file of PostgreSQL's text format: its columns in order, how many rows, and the file's SHA-256."""

    name: str
    columns: list[str]
    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A finished snapshot."""

    instance: str
    made_at: str
    migrations: list[list[str]]
    tables: list[TableFile]
    originals: int
    bytes: int
    originals_sha256: str
    """The SHA-256 of the list of originals."""
    has_previews: bool = False
    lacking: list[str] = field(default_factory=list)
    """Digests that the library itself could not give."""
    format: int = FORMAT


class BackupFolder:
    """The folder that a backup is kept in."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.snapshots = self.root / "snapshots"
        self.incoming = self.root / "incoming"
        self.originals = DurableFileStorage(self.root / "originals")
        self.previews = DerivedFileStorage(self.root / "previews")

    def finished(self) -> list[Path]:
        """The folders of finished snapshots, the oldest first."""
        return [folder for folder in self._folders() if (folder / MANIFEST_NAME).is_file()]

    def unfinished(self) -> list[Path]:
        """What interrupted runs left."""
        return [folder for folder in self._folders() if not (folder / MANIFEST_NAME).exists()]

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.snapshots.glob("*") if path.is_dir())

    def choose(self, name: str) -> Path:
        """The snapshot whose name begins so, or the newest. Raises BackupError."""
        found = [folder for folder in self.finished() if folder.name.startswith(name)]
        if not found:
            names = ", ".join(folder.name for folder in self.finished()) or "none at all"
            what = f"no snapshot {name}" if name else "no finished snapshot"
            raise BackupError(f"There is {what} in {self.root}; there is {names}.")
        return found[-1]

    def drop_old(self, keep: int) -> int:
        """Remove all but the newest finished snapshots. Originals stay. Returns how many were removed."""
        old = self.finished()[:-keep]
        for folder in old:
            # Without its manifest it does not count any more, however far the removal gets.
            (folder / MANIFEST_NAME).unlink()
            shutil.rmtree(folder)
        return len(old)

    def drop_unfinished(self) -> None:
        """Remove what interrupted runs left."""
        for folder in [*self.unfinished(), self.incoming]:
            shutil.rmtree(folder, ignore_errors=not folder.exists())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Finish a snapshot: durable, and whole or not there."""
    temporary = folder / f".{MANIFEST_NAME}"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / MANIFEST_NAME)
    sync_folder(folder)


def read_manifest(folder: Path) -> Manifest:
    """What a snapshot says of itself. Raises BackupError when it cannot be understood."""
    path = folder / MANIFEST_NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise BackupError(
                f"{path} has format {values['format']}, this program reads format {FORMAT}: "
                "use the version of Likeness that made it, or a newer one."
            )
        tables = [TableFile(**table) for table in values.pop("tables")]
        return Manifest(tables=tables, **values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path} cannot be understood ({error}): choose another snapshot.") from error


def table_path(folder: Path, table: str) -> Path:
    return folder / "tables" / f"{table}.tsv.gz"


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raise BackupError unless every file of the snapshot is as it was written."""
    for path, sha256 in files_of(folder, manifest):
        if not path.is_file():
            raise BackupError(f"The backup is damaged: {path} is missing. Choose another snapshot.")
        if sha256_of(path) != sha256:
            raise BackupError(f"The backup is damaged: {path} has changed. Choose another snapshot.")


def files_of(folder: Path, manifest: Manifest) -> Iterator[tuple[Path, str]]:
    """The files that a snapshot's manifest vouches for, with their SHA-256."""
    yield folder / ORIGINALS_LIST, manifest.originals_sha256
    for table in manifest.tables:
        yield table_path(folder, table.name), table.sha256
