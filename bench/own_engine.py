"""The engine of `manage.py duplicates` on a folder, with what each step costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dedup.compare import fingerprint
from dedup.compare.kinds import Kind
from dedup.folder.engines import LIKENESS_TASKS
from dedup.folder.finding import Problem, find_files
from dedup.folder.likeness import Watch, candidates_of, prove
from dedup.folder.pairs import FoundPair, listed_pairs, pair_of
from dedup.folder.parts import Part, Scope, parts_of
from dedup.folder.reading import Picture, read_pictures
from dedup.folder.run import opened_shelf
from gallery.imaging import decode

Pairs = set[tuple[str, str]]

# So many pictures are fingerprinted once more in this process, for the CPU time without the decoding.
TIMED_PICTURES = 100


@dataclass(frozen=True)
class OwnRun:
    """What the engine found and what it cost. Seconds are wall time; the others are CPU milliseconds.

    `compared` are all pairs worth comparing by name, those of equal bytes with them.
    """

    found: Sequence[FoundPair]
    compared: Pairs
    problems: Sequence[Problem]
    pictures: int
    seconds: float
    fingerprint_ms: float
    candidates_ms: float
    comparing_ms: float
    comparisons: int

    def pairs(self) -> Pairs:
        """The copies by name; other shots of a scene are none."""
        return {(one.low.name, one.high.name) for one in self.found if one.kind is not Kind.NEAR_SHOT}

    def print_costs(self) -> None:
        """What a picture and a pair cost."""
        each = max(1, self.pictures)
        print(
            f"CPU per photo: fingerprint {self.fingerprint_ms:.1f} ms, candidates {self.candidates_ms / each:.2f} ms, "
            f"comparing {self.comparing_ms / each:.1f} ms ({self.comparisons} pairs of "
            f"{self.comparing_ms / max(1, self.comparisons):.1f} ms); all in {self.seconds:.0f} s"
        )


def run_engine(folder: Path, *, jobs: int, cache: Path | None = None) -> OwnRun:
    """Find the copies among the pictures of a folder. What is in `cache` is not computed again."""
    started = time.monotonic()
    with opened_shelf(cache) as shelf:
        files, problems = find_files(folder, recursive=True)
        pictures, unread = read_pictures(files, shelf, LIKENESS_TASKS, jobs=jobs, progress=_silent)
        part = next(iter(parts_of(pictures, Scope.ALL)), Part((), {}))
        before = time.process_time()
        candidates = list(candidates_of(shelf, part.pictures, lambda picture: 0))
        candidates_ms = 1000 * (time.process_time() - before)
        watch = Watch()
        proofs = prove(iter(candidates), shelf, jobs=jobs, progress=_silent, watch=watch)
    found = sorted(listed_pairs(part, map(pair_of, proofs)), key=FoundPair.order)
    return OwnRun(
        found=found,
        compared=_names_of(part, candidates),
        problems=[*problems, *unread],
        pictures=len(pictures),
        seconds=time.monotonic() - started,
        fingerprint_ms=_fingerprint_ms(part.pictures[:: max(1, len(part.pictures) // TIMED_PICTURES)]),
        candidates_ms=candidates_ms,
        comparing_ms=1000 * watch.comparing_cpu_seconds,
        comparisons=watch.compared,
    )


def _names_of(part: Part, candidates: Sequence[tuple[Picture, Picture]]) -> Pairs:
    """The candidates by name, with the files of equal bytes."""
    as_found = [FoundPair(low, high, Kind.SAME_PICTURE, 1.0, "") for low, high in candidates]
    return {(pair.low.name, pair.high.name) for pair in listed_pairs(part, as_found)}


def _fingerprint_ms(pictures: Sequence[Picture]) -> float:
    """The mean CPU time of a fingerprint, the decoding apart."""
    cv2.setNumThreads(1)
    spent = []
    for picture in pictures:
        decoded = decode.open_picture(picture.file.path)
        decoded.rgb(fingerprint.PICTURE_SIDE_PX)
        before = time.process_time()
        fingerprint.compute(decoded)
        spent.append(1000 * (time.process_time() - before))
    return float(np.mean(spent)) if spent else 0.0


def _silent(stage: str, done: int, total: int) -> None:
    """A bench prints its results alone."""
