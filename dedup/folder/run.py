"""A whole run over a folder: find the files, read them, find candidates, compare, group."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dedup.compare.kinds import Kind
from dedup.folder.engines import LIKENESS, LIKENESS_TASKS, SIMPLE_ENGINES, SimpleEngine
from dedup.folder.facts import FACTS
from dedup.folder.finding import find_files
from dedup.folder.groups import FolderGroup, groups_of
from dedup.folder.likeness import Watch, candidates_of, prove
from dedup.folder.pairs import FoundPair, listed_pairs, pair_of
from dedup.folder.parts import Filters, Part, parts_of
from dedup.folder.reading import Picture, read_pictures
from dedup.folder.result import Result
from dedup.folder.shelf import Shelf

if TYPE_CHECKING:
    from dedup.folder.facts import Task
    from dedup.folder.reading import Progress


@dataclass(frozen=True)
class Options:
    """What a run looks at and how. `distance` is for the simple engines; None means the engine's own."""

    folder: Path
    engine: str = LIKENESS
    distance: float | None = None
    recursive: bool = True
    filters: Filters = field(default_factory=Filters)
    kinds: frozenset[Kind] = frozenset(Kind)
    jobs: int = 1
    left_out: tuple[Path, ...] = ()

    @property
    def tasks(self) -> Sequence[Task]:
        """What is computed from each picture."""
        return LIKENESS_TASKS if self.engine == LIKENESS else SIMPLE_ENGINES[self.engine].tasks


@contextmanager
def opened_shelf(cache: Path | None) -> Iterator[Shelf]:
    """The shelf in the folder `cache`, or a temporary one that is gone afterwards. Raises ShelfError."""
    if cache is not None:
        with Shelf(cache) as shelf:
            yield shelf
        return
    with tempfile.TemporaryDirectory(prefix="likeness-") as folder, Shelf(Path(folder)) as shelf:
        yield shelf


def find_duplicates(options: Options, shelf: Shelf, progress: Progress) -> Result:
    """All pairs and groups of copies in the folder. Equal options and files give equal results."""
    seconds: dict[str, float] = {}
    left_out = (shelf.folder, *options.left_out)
    with _timed(seconds, "finding"):
        files, problems = find_files(options.folder, recursive=options.recursive, left_out=left_out)
    with _timed(seconds, "loading"):
        pictures, unread = read_pictures(files, shelf, options.tasks, jobs=options.jobs, progress=progress)
    watch = Watch()
    pairs: list[FoundPair] = []
    groups: list[FolderGroup] = []
    for part in parts_of(pictures, options.filters.scope):
        found = [pair for pair in _found(part, options, shelf, progress, watch) if pair.kind in options.kinds]
        with _timed(seconds, "grouping"):
            own = part if Kind.IDENTICAL_PIXELS in options.kinds else part.without_equals()
            pairs += listed_pairs(own, found)
            groups += groups_of(own, found, lambda picture: shelf.finding(picture.sha256, FACTS.key))
    seconds |= {"candidates": watch.candidates_seconds, "comparing": watch.comparing_seconds}
    return Result(
        pairs=sorted(pairs, key=FoundPair.order),
        groups=sorted(groups, key=lambda group: group.keeper.name),
        problems=sorted([*problems, *unread], key=lambda problem: problem.file),
        counts={
            "files": len(files),
            "pictures": len(pictures),
            "compared": watch.compared,
            "pairs": len(pairs),
        },
        seconds={**seconds, "total": sum(seconds.values())},
    )


def _found(
    part: Part, options: Options, shelf: Shelf, progress: Progress, watch: Watch
) -> Iterable[FoundPair]:
    if options.engine == LIKENESS:
        candidates = candidates_of(shelf, part.pictures, options.filters.key)
        return map(pair_of, prove(candidates, shelf, jobs=options.jobs, progress=progress, watch=watch))
    return _simple(part, options, SIMPLE_ENGINES[options.engine], shelf, watch)


def _simple(
    part: Part, options: Options, engine: SimpleEngine, shelf: Shelf, watch: Watch
) -> Iterator[FoundPair]:
    """Pairs by a simple engine, which looks only at pictures that pass the same prefilters."""
    distance_max = engine.distance if options.distance is None else options.distance
    alike: dict[object, list[Picture]] = {}
    for picture in part.pictures:
        alike.setdefault(options.filters.key(picture), []).append(picture)
    started = time.monotonic()
    for pictures in alike.values():
        values = [shelf.finding(picture.sha256, engine.task.key)["values"] for picture in pictures]
        watch.compared += len(pictures) * (len(pictures) - 1) // 2
        for one, other, distance in engine.pairs(values, distance_max):
            yield FoundPair(
                pictures[one],
                pictures[other],
                Kind.SAME_PICTURE,
                engine.likeness(distance),
                engine.sentence(distance),
                distance,
            )
    watch.comparing_seconds += time.monotonic() - started


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[stage] = seconds.get(stage, 0.0) + time.monotonic() - started
