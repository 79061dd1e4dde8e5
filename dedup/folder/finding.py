"""The files of a folder, in the order of their names."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file: `name` is relative to the folder, with slashes; size in bytes, time in nanoseconds."""

    name: str
    path: Path
    size: int
    modified_ns: int

    def is_unchanged(self) -> bool:
        """Whether a file of the same size and time still lies there."""
        try:
            now = self.path.lstat()
        except OSError:
            return False
        same = (now.st_size, now.st_mtime_ns) == (self.size, self.modified_ns)
        return same and stat.S_ISREG(now.st_mode)


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or folder (name relative to the folder) that takes no part, and why."""

    file: str
    why: str


def find_files(
    folder: Path, *, recursive: bool, left_out: Collection[Path] = ()
) -> tuple[list[FoundFile], list[Problem]]:
    """All files of a folder, on every level or on the first alone, and what could not be looked at.

    Hidden files and folders (.gitkeep, .DS_Store, ...) and links are passed over, and so are the paths `left_out`.
    """
    problems: list[Problem] = []
    found = []
    kept_away = {path.absolute() for path in left_out}
    for path in _paths(folder, recursive, kept_away, problems):
        name = path.relative_to(folder).as_posix()
        try:
            name.encode()
            facts = path.lstat()
        except UnicodeEncodeError:
            problems.append(Problem(name, "The file's name is no valid UTF-8. Rename it."))
            continue
        except OSError as error:
            problems.append(Problem(name, f"The file cannot be read: {error.strerror}."))
            continue
        if stat.S_ISREG(facts.st_mode):
            found.append(FoundFile(name, path, facts.st_size, facts.st_mtime_ns))
    return sorted(found, key=lambda file: file.name), problems


def _paths(
    folder: Path, recursive: bool, kept_away: Collection[Path], problems: list[Problem]
) -> Iterator[Path]:
    def note(error: OSError) -> None:
        name = Path(error.filename).relative_to(folder).as_posix()
        problems.append(Problem(name, f"The folder cannot be read: {error.strerror}."))

    for here, folders, files in os.walk(folder, onerror=note):
        inside = Path(here)
        folders[:] = [
            name
            for name in folders
            if recursive and not name.startswith(".") and (inside / name).absolute() not in kept_away
        ]
        for name in files:
            if not name.startswith(".") and (inside / name).absolute() not in kept_away:
                yield inside / name
