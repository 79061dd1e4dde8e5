"""What a run found, and its JSON file, which is written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dedup.folder.finding import Problem
    from dedup.folder.groups import FolderGroup
    from dedup.folder.pairs import FoundPair


@dataclass(frozen=True)
class Result:
    """Pairs (nearest and strongest first), groups (by the name of the keeper), and files that took no part.

    `counts` are of files, pictures (files that were compared), candidates and pairs; `seconds` are wall time by stage.
    """

    pairs: Sequence[FoundPair]
    groups: Sequence[FolderGroup]
    problems: Sequence[Problem]
    counts: Mapping[str, int]
    seconds: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """The result as the file has it."""
        return {
            "pairs": [_pair(pair) for pair in self.pairs],
            "groups": [_group(group) for group in self.groups],
            "errors": [{"file": problem.file, "why": problem.why} for problem in self.problems],
            "counts": dict(self.counts),
            "timings": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
        }


def write_json(path: Path, content: object) -> None:
    """Write `content` to a file beside `path`, save it for good, and only then give it that name. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    written = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        written.chmod(_usual_mode())
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _usual_mode() -> int:
    """What new files of this process may be read by; temporary ones are private."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _pair(pair: FoundPair) -> dict[str, Any]:
    found: dict[str, Any] = {
        "a": pair.low.name,
        "b": pair.high.name,
        "kind": pair.kind.value,
        "confidence": pair.confidence,
        "why": pair.why,
    }
    return found if pair.distance is None else {**found, "distance": round(pair.distance, 3)}


def _group(group: FolderGroup) -> dict[str, Any]:
    return {
        "members": [picture.name for picture in group.members],
        "keeper": group.keeper.name,
        "kind": group.kind.value,
        "confidence": group.confidence,
        "why": list(group.why),
    }
