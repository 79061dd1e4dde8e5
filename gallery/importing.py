"""Taking files from a folder tree into the library, each through the same intake as an upload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gallery.intake import Outcome, RefusedFile, UploadOptions, accept_upload
from gallery.models import Priority
from gallery.storage import chunks_of
from gallery.uploads import FileTooLarge, receive_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from gallery.intake import Accepted
    from gallery.models import User


@dataclass
class ImportCounts:
    """What became of the files so far."""

    added: int = 0
    known: int = 0
    bytes: int = 0
    errors: list[str] = field(default_factory=list)
    photo_ids: list[int] = field(default_factory=list)
    """The photos that were added."""

    @property
    def files(self) -> int:
        return self.added + self.known + len(self.errors)


def files_below(paths: Iterable[Path], *, recursive: bool) -> Iterator[tuple[Path, str]]:
    """Files in the order of their names, each with its folder's name relative to where it was found.

    Hidden files (.gitkeep, .DS_Store, ...) are left out. A path that is a file counts without a folder.
    """
    for path in paths:
        if path.is_file():
            yield path, ""
            continue
        for file in sorted(path.rglob("*") if recursive else path.glob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield file, str(file.parent.relative_to(path)).removeprefix(".")


def import_files(
    *, owner: User, files: Iterable[tuple[Path, str]], tags: Sequence[str], folders_as_albums: bool
) -> Iterator[ImportCounts]:
    """Take the files in one after the other, yielding the same growing counts after each.

    A file that is no picture, is too large or cannot be read is counted as an error and the run goes on. Running it
    again takes nothing in twice. Raises StorageFull and BrokenWrite: without a disk there is no use in going on.
    """
    counts = ImportCounts()
    for file, folder in files:
        options = UploadOptions(
            tags=tags, album=folder if folders_as_albums else "", priority=Priority.BULK, source=folder
        )
        try:
            accepted = import_file(owner, file, options)
        except (RefusedFile, FileTooLarge) as error:
            counts.errors.append(str(error))
        except (PermissionError, FileNotFoundError, IsADirectoryError) as error:
            counts.errors.append(f"{file}: {error.strerror}")
        else:
            if accepted.outcome is Outcome.CREATED:
                counts.added += 1
                counts.photo_ids.append(accepted.photo.pk)
            else:
                counts.known += 1
            counts.bytes += file.stat().st_size
        yield counts


def import_file(owner: User, file: Path, options: UploadOptions) -> Accepted:
    """Take one file in. Raises as `accept_upload` does, and OSError when the file cannot be read."""
    with file.open("rb") as content:
        received = receive_file(file.name, chunks_of(content))
    return accept_upload(owner=owner, received=received, options=options)
