"""The library's own engine on the pictures of a folder: candidates from fingerprints, verdicts from pixels."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import cv2

from dedup.compare.bulk_candidates import candidate_pairs
from dedup.compare.fingerprint import PICTURE_SIDE_PX, Fingerprint, read
from dedup.compare.preview_pixels import decode_preview
from dedup.compare.verdict import Side, Verdict
from dedup.examine import examine
from dedup.folder.facts import FINGERPRINT, PREVIEW
from dedup.folder.flow import flow
from dedup.folder.shelf import Shelf
from gallery.imaging.guard import GuardedDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from dedup.folder.reading import Picture, Progress

    Judging = Callable[[Iterator["_Chunk"]], Iterator[tuple["_Chunk", tuple[list["Proof"], float]]]]

# Each loaded side holds up to 2 MB of preview pixels.
SIDES_KEPT_MAX = 100
# Pairs that share a picture lie near each other after sorting so many; each is then read once or twice.
SORTED_PAIRS = 4_000
# So many pairs go to a process at a time (some 100 ms of work).
CHUNK_PAIRS = 50
AHEAD_PER_JOB = 3

PicturePair = tuple["Picture", "Picture"]
_Chunk = list[PicturePair]


@dataclass(frozen=True)
class Proof:
    """A proven pair; `low` comes before `high` in the order of names."""

    low: Picture
    high: Picture
    verdict: Verdict


@dataclass
class Watch:
    """Seconds of wall time spent on the two halves of the work, CPU seconds of the comparison, and pairs compared.

    Candidates are found while others are compared: `looked_up` of `pictures` have been looked up so far, and when
    `has_all` is set, `candidates` is how many pairs there are to compare.
    """

    candidates_seconds: float = 0.0
    comparing_seconds: float = 0.0
    comparing_cpu_seconds: float = 0.0
    compared: int = 0
    looked_up: int = 0
    pictures: int = 0
    candidates: int = 0
    has_all: bool = False

    def tell(self, progress: Progress) -> None:
        """Say how far the comparison is: of all pairs once these are known, before that by the pictures looked up."""
        if self.has_all:
            progress("compared", self.compared, self.candidates)
        else:
            progress(f"compared {self.compared} pairs; looked up", self.looked_up, self.pictures)


class StoredPrints(Sequence[Fingerprint]):
    """The fingerprints of pictures, read from the shelf when they are asked for."""

    def __init__(self, shelf: Shelf, pictures: Sequence[Picture]) -> None:
        self._shelf = shelf
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    @overload
    def __getitem__(self, place: int) -> Fingerprint: ...
    @overload
    def __getitem__(self, place: slice) -> list[Fingerprint]: ...
    def __getitem__(self, place: int | slice) -> Fingerprint | list[Fingerprint]:
        if isinstance(place, slice):
            return [fingerprint_of(self._shelf, picture) for picture in self._pictures[place]]
        return fingerprint_of(self._shelf, self._pictures[place])


class Judge:
    """Compares pairs in this process, holding the pictures that it saw last."""

    def __init__(self, shelf_folder: Path) -> None:
        self._shelf = Shelf(shelf_folder)
        self._decoder = GuardedDecoder()
        self._side = lru_cache(SIDES_KEPT_MAX)(partial(side_of, self._shelf))

    def __call__(self, pairs: Sequence[PicturePair]) -> tuple[list[Proof], float]:
        """The proven ones among the pairs, and the CPU seconds that all took."""
        started = time.process_time()
        proofs = [proof for pair in pairs if (proof := self._proof(*pair)) is not None]
        return proofs, time.process_time() - started

    def close(self) -> None:
        """End the decoder and let go of the shelf."""
        self._decoder.close()
        self._shelf.close()

    def _proof(self, low: Picture, high: Picture) -> Proof | None:
        equal = partial(self._decoder.pixels_equal, low.file.path, high.file.path)
        verdict = examine(self._side(low), self._side(high), equal, partial(self._compared, low, high))
        return None if verdict is None else Proof(low, high, verdict)

    def _compared(self, low: Picture, high: Picture, aligned: bool) -> Mapping[str, Any] | None:
        return self._decoder.compare_copies(low.file.path, high.file.path, aligned=aligned)


def fingerprint_of(shelf: Shelf, picture: Picture) -> Fingerprint:
    """The fingerprint on the shelf."""
    return read(shelf.finding(picture.sha256, FINGERPRINT.key)["features"])


def side_of(shelf: Shelf, picture: Picture) -> Side:
    """The picture as the engine compares it."""

    def load_preview() -> NDArray[np.uint8]:
        return decode_preview(shelf.finding(picture.sha256, PREVIEW.key)["preview"], PICTURE_SIDE_PX)

    return Side(
        fingerprint=fingerprint_of(shelf, picture),
        width=picture.width,
        height=picture.height,
        load_preview=load_preview,
        media_type=picture.media_type,
        animated=picture.frame_count > 1,
    )


def candidates_of(
    shelf: Shelf, pictures: Sequence[Picture], key: Callable[[Picture], object]
) -> Iterator[PicturePair]:
    """The pairs of pictures worth comparing whose keys are equal."""
    if len(pictures) < 2:  # as in most folders of a large tree that is compared folder by folder
        return
    for one, other in candidate_pairs(StoredPrints(shelf, pictures)):
        low, high = pictures[min(one, other)], pictures[max(one, other)]
        if key(low) == key(high):
            yield low, high


def prove(
    candidates: Iterator[PicturePair], shelf: Shelf, *, jobs: int, progress: Progress, watch: Watch
) -> list[Proof]:
    """Compare the candidates in `jobs` processes; the proven pairs, in the order of names."""
    started = time.monotonic()
    before = watch.candidates_seconds
    proofs: list[Proof] = []
    told_all = True
    with _judging(shelf.folder, jobs) as judged:
        for chunk, (found, cpu_seconds) in judged(_chunks(_timed(candidates, watch))):
            proofs += found
            watch.compared += len(chunk)
            watch.comparing_cpu_seconds += cpu_seconds
            told_all = watch.has_all
            watch.tell(progress)
    if not told_all:
        watch.tell(progress)
    watch.comparing_seconds += time.monotonic() - started - (watch.candidates_seconds - before)
    return sorted(proofs, key=lambda proof: (proof.low.name, proof.high.name))


@contextmanager
def _judging(shelf_folder: Path, jobs: int) -> Iterator[Judging]:
    """A function that judges chunks: here, or in processes of its own."""
    if jobs == 1:
        cv2.setNumThreads(1)
        judge = Judge(shelf_folder)
        try:
            yield lambda chunks: ((chunk, judge(chunk)) for chunk in chunks)
        finally:
            judge.close()
        return
    # Not forked: this process has threads, and libraries that do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _begin, (shelf_folder,)) as pool:
        try:
            yield partial(flow, pool, _judge_chunk, ahead=AHEAD_PER_JOB * jobs)
        finally:
            pool.shutdown(cancel_futures=True)  # when interrupted, what has not begun is left


def _begin(shelf_folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    cv2.setNumThreads(1)
    _judges.append(Judge(shelf_folder))


def _judge_chunk(pairs: _Chunk) -> tuple[list[Proof], float]:
    return _judges[0](pairs)


_judges: list[Judge] = []  # one in each process of the pool


def _timed(candidates: Iterator[PicturePair], watch: Watch) -> Iterator[PicturePair]:
    while True:
        started = time.monotonic()
        pair = next(candidates, None)
        watch.candidates_seconds += time.monotonic() - started
        if pair is None:
            watch.has_all = True
            return
        watch.candidates += 1
        yield pair


def _chunks(pairs: Iterator[PicturePair]) -> Iterator[_Chunk]:
    """The pairs in chunks, those with a common picture near each other."""
    while near := sorted(islice(pairs, SORTED_PAIRS), key=lambda pair: (pair[0].name, pair[1].name)):
        for start in range(0, len(near), CHUNK_PAIRS):
            yield near[start : start + CHUNK_PAIRS]
