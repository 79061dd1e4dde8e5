"""Moving all but the keeper of each group out of the folder, and back. Nothing is ever deleted.

The list of moves is written before the first one, into a folder of its own below the one that was asked for, where the
files go as well, under their old names. Files are renamed, never copied, so that a move happens whole or not at all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dedup.folder.finding import Problem
from dedup.folder.result import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedup.folder.finding import FoundFile
    from dedup.folder.groups import FolderGroup

LIST_NAME = "moves.json"


class MovesError(Exception):
    """Nothing can be moved; the message says why and what to do."""


@dataclass(frozen=True)
class Move:
    """A file that is to go, and the one that stays for it."""

    file: FoundFile
    keeper: FoundFile


@dataclass(frozen=True)
class Moved:
    """How many files were moved, and those that were not."""

    count: int
    problems: tuple[Problem, ...]


def moves_of(groups: Sequence[FolderGroup]) -> list[Move]:
    """All but the keeper of each group."""
    return [Move(member.file, group.keeper.file) for group in groups for member in group.members[1:]]


def check_target(folder: Path, target: Path) -> None:
    """Raise MovesError where files of `folder` cannot be moved to `target`, which is made."""
    if target.resolve().is_relative_to(folder.resolve()):
        raise MovesError(
            f"{target} lies inside {folder}: the next run would find the same copies there. Name a folder outside."
        )
    try:
        target.mkdir(parents=True, exist_ok=True)
        same_disk = target.stat().st_dev == folder.stat().st_dev
    except OSError as error:
        raise MovesError(f"{target} cannot be used: {error.strerror}.") from error
    if not same_disk:
        raise MovesError(
            f"{target} lies on another disk than {folder}. Files are renamed, never copied: name one on the same disk."
        )


def write_list(folder: Path, target: Path, moves: Sequence[Move], now: datetime) -> Path:
    """Make the folder of this run below `target` and write there what is to be moved. Raises MovesError."""
    place = target / f"{now:%Y-%m-%d-%H%M%S-%f}"
    content = {
        "folder": str(folder.absolute()),
        "moves": [
            {"file": move.file.name, "bytes": move.file.size, "kept": move.keeper.name} for move in moves
        ],
    }
    try:
        place.mkdir()
        write_json(place / LIST_NAME, content)
    except OSError as error:
        raise MovesError(f"The list of moves cannot be written to {place}: {error.strerror}.") from error
    return place / LIST_NAME


def carry_out(moves: Sequence[Move], move_list: Path) -> Moved:
    """Move the files to where the list lies. What changed since it was compared stays, and so does its copy."""
    count = 0
    problems = []
    for move in moves:
        if why := _move(move, move_list.parent / move.file.name):
            problems.append(Problem(move.file.name, why))
        else:
            count += 1
    return Moved(count, tuple(problems))


def undo(move_list: Path) -> Moved:
    """Move the files of a list back. What lies at the old place meanwhile is not touched. Raises MovesError."""
    folder, names = _read_list(move_list)
    count = 0
    problems = []
    for name in names:
        here, there = move_list.parent / name, folder / name
        if not here.exists():
            continue  # it was never moved, or is back already
        if why := _rename(here, there):
            problems.append(Problem(name, why))
        else:
            count += 1
    return Moved(count, tuple(problems))


def _move(move: Move, target: Path) -> str:
    """Move one file; why it was not moved, "" when it was."""
    if not move.file.is_unchanged():
        return "The file changed since it was compared."
    if not move.keeper.is_unchanged():
        return f"The copy that was to stay, {move.keeper.name}, changed since it was compared."
    return _rename(move.file.path, target)


def _rename(source: Path, target: Path) -> str:
    """Why the file could not be renamed, "" when it was. What has the name already is never replaced."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() or target.is_symlink():
            return f"Another file lies at {target}."
        source.rename(target)
    except OSError as error:
        return f"It cannot be moved to {target}: {error.strerror}."
    return ""


def _read_list(move_list: Path) -> tuple[Path, list[str]]:
    """The folder and the names of a list. A name that leads out of the folder is not followed."""
    try:
        content = json.loads(move_list.read_text(encoding="ascii"))
        folder, names = Path(content["folder"]), [str(move["file"]) for move in content["moves"]]
    except OSError as error:
        raise MovesError(f"The list {move_list} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise MovesError(f"{move_list} is no list of moves that this command wrote.") from error
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in names):
        raise MovesError(f"{move_list} names files outside {folder}; nothing was moved.")
    return folder, names
