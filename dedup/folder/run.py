"""A whole run over a folder: find the files, read them, find candidates, compare, group."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from dedup.compare.kinds import Kind
from dedup.folder.engines import LIKENESS, LIKENESS_TASKS, SIMPLE_ENGINES
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
    parts = parts_of(pictures, options.filters.scope)
    watch = Watch()
    if options.engine == LIKENESS:
        found = _proven(parts, options, shelf, progress, watch)
    else:
        found = [list(_simple(part, options, shelf, watch)) for part in parts]
    seconds |= {"candidates": watch.candidates_seconds, "comparing": watch.comparing_seconds}
    with _timed(seconds, "grouping"):
        pairs, groups = _listed(parts, found, options.kinds, shelf)
    return Result(
        pairs=pairs,
        groups=groups,
        problems=sorted([*problems, *unread], key=lambda problem: problem.file),
        counts={
            "files": len(files),
            "pictures": len(pictures),
            "compared": watch.compared,
            "pairs": len(pairs),
        },
        seconds={**seconds, "total": sum(seconds.values())},
    )


def _proven(
    parts: Sequence[Part], options: Options, shelf: Shelf, progress: Progress, watch: Watch
) -> list[list[FoundPair]]:
    """For each part the pairs that the library's engine proves."""
    watch.pictures = sum(len(part.pictures) for part in parts)
    by_part = (_candidates(part, options, shelf, watch) for part in parts)
    candidates = chain.from_iterable(by_part)
    place = {picture.name: number for number, part in enumerate(parts) for picture in part.pictures}
    found: list[list[FoundPair]] = [[] for _ in parts]
    for proof in prove(candidates, shelf, jobs=options.jobs, progress=progress, watch=watch):
        found[place[proof.low.name]].append(pair_of(proof))
    return found


def _candidates(
    part: Part, options: Options, shelf: Shelf, watch: Watch
) -> Iterator[tuple[Picture, Picture]]:
    """The pairs of a part that are worth comparing; `watch` learns how many pictures have been looked up."""
    before = watch.looked_up
    place = {picture.name: number for number, picture in enumerate(part.pictures, 1)}
    for low, high in candidates_of(shelf, part.pictures, options.filters.key):
        watch.looked_up = before + place[high.name]
        yield low, high
    watch.looked_up = before + len(part.pictures)


def _listed(
    parts: Sequence[Part], found: Sequence[Sequence[FoundPair]], kinds: Collection[Kind], shelf: Shelf
) -> tuple[list[FoundPair], list[FolderGroup]]:
    """The pairs and groups of these kinds, files with equal bytes among them, in order."""
    pairs: list[FoundPair] = []
    groups: list[FolderGroup] = []
    for part, proven in zip(parts, found, strict=True):
        own = part if Kind.IDENTICAL_PIXELS in kinds else part.without_equals()
        wanted = [pair for pair in proven if pair.kind in kinds]
        pairs += listed_pairs(own, wanted)
        groups += groups_of(own, wanted, lambda picture: shelf.finding(picture.sha256, FACTS.key))
    return sorted(pairs, key=FoundPair.order), sorted(groups, key=lambda group: group.keeper.name)


def _simple(part: Part, options: Options, shelf: Shelf, watch: Watch) -> Iterator[FoundPair]:
    """Pairs by a simple engine, which looks only at pictures that pass the same prefilters."""
    engine = SIMPLE_ENGINES[options.engine]
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
