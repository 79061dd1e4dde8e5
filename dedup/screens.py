"""A folder of screenshots taken again and again: decoded in guarded children, in order of time, judged one by one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from dedup.compare.screen_change import Screen
from dedup.compare.screen_names import monitor_of, time_of
from dedup.compare.stream import Judgement, Outcome, Stream
from dedup.folder.finding import Problem
from dedup.folder.flow import flow
from gallery.imaging.guard import DecoderDied, GuardedDecoder, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dedup.compare.ssim import Similarity
    from dedup.folder.finding import FoundFile

HALF, FULL = "half", "full"
COMPUTE = {scale: f"dedup.compare.screen_pixels:compute_{scale}" for scale in (HALF, FULL)}
# Screens that wait decoded, for each decoder; one of 1920 x 1080 px has 1.5 MB at half size.
AHEAD_PER_JOB = 2
CHANGED = "The file changed while it was read."
DAMAGED = "The picture is damaged; it is not compared."


@dataclass(frozen=True)
class Wanted:
    """How to compare: how many kept screens each is compared with, at which scale, and in how many processes."""

    window: int
    scale: str
    jobs: int


@dataclass(frozen=True)
class Shot:
    """A screenshot that was judged: its file, when and where it was taken, its size in px, and what it is."""

    file: FoundFile
    taken: datetime
    monitor: str
    width: int
    height: int
    judgement: Judgement


@dataclass
class Report:
    """All screenshots in order of time, what could not be read, and seconds spent.

    `load` counts the decoders' seconds, which run beside each other and beside the comparing.
    """

    shots: list[Shot] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: {"load": 0.0, "compare": 0.0, "total": 0.0})

    def of(self, outcome: Outcome) -> list[Shot]:
        """The screenshots with this outcome."""
        return [shot for shot in self.shots if shot.judgement.outcome is outcome]

    def kept_for(self, shot: Shot) -> FoundFile:
        """The file that stays when this one is moved: what it is like, or what that is like, up to a kept one."""
        by_name = {one.file.name: one for one in self.shots}
        while (other := shot.judgement.other) is not None:
            shot = by_name[other]
        return shot.file

    def to_json(self) -> dict[str, Any]:
        """The report as values of JSON: names of what is kept, the others with what they are like, and times."""
        count = max(1, len(self.shots))
        return {
            "kept": [shot.file.name for shot in self.of(Outcome.KEPT)],
            "duplicates": [shot_json(shot, "duplicate_of") for shot in self.of(Outcome.DUPLICATE)],
            "similar": [shot_json(shot, "similar_to") for shot in self.of(Outcome.SIMILAR)],
            "errors": [{"file": problem.file, "why": problem.why} for problem in self.problems],
            "counts": {outcome.value: len(self.of(outcome)) for outcome in Outcome},
            "timings": {name: round(seconds, 3) for name, seconds in self.seconds.items()},
            "ms_per_screenshot": {
                name: round(1000 * seconds / count, 1) for name, seconds in self.seconds.items()
            },
        }


def shot_json(shot: Shot, relation: str) -> dict[str, Any]:
    """One screenshot that is like another."""
    area = shot.judgement.largest_change
    change = {} if area is None else {"largest_change": [area.left, area.top, area.width, area.height]}
    return {
        "file": shot.file.name,
        relation: shot.judgement.other,
        "ssim": shot.judgement.score,
        "taken": shot.taken.isoformat(),
        "monitor": shot.monitor,
        **change,
    }


def examine(files: Sequence[FoundFile], wanted: Wanted, similarity: Similarity) -> Report:
    """Judge the screenshots in order of time, each against the last ones of its monitor and its size."""
    started = time.monotonic()
    report = Report()
    streams: dict[tuple[str, int, int], Stream] = {}
    for file, found in decoded(sorted(files, key=lambda file: (taken(file), file.name)), wanted):
        if isinstance(found, str):
            report.problems.append(Problem(file.name, found))
            continue
        screen, seconds = found
        report.seconds["load"] += seconds
        compared = time.monotonic()
        stream = streams.setdefault(screen.key, Stream(wanted.window, similarity))
        judgement = stream.judge(screen)
        report.seconds["compare"] += time.monotonic() - compared
        report.shots.append(Shot(file, taken(file), *screen.key, judgement))
    report.seconds["total"] = time.monotonic() - started
    return report


def taken(file: FoundFile) -> datetime:
    """When the screenshot was taken: as its name says, else when the file was last written."""
    return time_of(file.name) or datetime.fromtimestamp(file.modified_ns / 1e9)


def decoded(
    files: Sequence[FoundFile], wanted: Wanted
) -> Iterator[tuple[FoundFile, tuple[Screen, float] | str]]:
    """Each file with its screen and the seconds that reading took, or with the reason why there is none."""
    with ExitStack() as stack:
        decoders: SimpleQueue[GuardedDecoder] = SimpleQueue()
        for _ in range(wanted.jobs):
            decoders.put(stack.enter_context(GuardedDecoder()))
        pool = stack.enter_context(ThreadPoolExecutor(wanted.jobs))
        stack.callback(pool.shutdown, cancel_futures=True)  # when interrupted, what has not begun is left

        def read(file: FoundFile) -> tuple[Screen, float] | str:
            decoder = decoders.get()
            try:
                return screen_of(file, decoder, wanted.scale)
            finally:
                decoders.put(decoder)

        yield from flow(pool, read, files, ahead=AHEAD_PER_JOB * wanted.jobs)


def screen_of(file: FoundFile, decoder: GuardedDecoder, scale: str) -> tuple[Screen, float] | str:
    """The screen in a file and the seconds that it took, or why there is none."""
    try:
        analysis = decoder.analyse(file.path, [("pixels", COMPUTE[scale])])
    except (Refused, DecoderDied) as error:
        return error.reason
    if not file.is_unchanged():
        return CHANGED
    if analysis.damaged:
        return DAMAGED
    pixels = analysis.results["pixels"]
    rgb = np.frombuffer(pixels["rgb"], np.uint8).reshape(pixels["height"], pixels["width"], 3)
    key = (monitor_of(file.name), analysis.width, analysis.height)
    return Screen(file.name, rgb, scale == HALF, key), analysis.seconds
