"""From files to pictures: hashed, decoded once in guarded children, and put on the shelf."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from dedup.folder.finding import FoundFile, Problem
from dedup.folder.flow import flow
from gallery.imaging.guard import DecoderDied, GuardedDecoder, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dedup.folder.facts import Task
    from dedup.folder.shelf import Finding, Shelf

    Progress = Callable[[str, int, int], None]

RECORD = "record/1"
DAMAGED = "The picture is damaged; it is not compared."
CHANGED = "The file changed while it was read."
# Results wait in memory until they are written; each holds a preview of some 100 kB.
AHEAD_PER_JOB = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A readable picture: its file, the SHA-256 of its bytes, and its upright size in px."""

    file: FoundFile
    sha256: bytes
    media_type: str
    width: int
    height: int
    frame_count: int

    @property
    def name(self) -> str:
        """The name relative to the folder."""
        return self.file.name


@dataclass(frozen=True, slots=True)
class _Failure:
    """A file of which nothing was learned. `lasting`: the same bytes would fail again."""

    why: str
    lasting: bool


def read_pictures(
    files: Sequence[FoundFile], shelf: Shelf, tasks: Sequence[Task], *, jobs: int, progress: Progress
) -> tuple[list[Picture], list[Problem]]:
    """The pictures among the files, in their order, with the results of all tasks on the shelf; and the others.

    Each picture is decoded once, whatever number of files holds its bytes, and not at all where the shelf has it.
    """
    hashes, problems = _hash_files(files, shelf, jobs, progress)
    failures = _analyse_files(_not_on_shelf(hashes, shelf, tasks), shelf, tasks, jobs, progress)
    shelf.commit()
    pictures = []
    for file, sha256 in hashes:
        picture = failures.get(sha256) or _picture(file, sha256, shelf.finding(sha256, RECORD))
        if isinstance(picture, Picture):
            pictures.append(picture)
        else:
            problems.append(Problem(file.name, picture))
    return pictures, sorted(problems, key=lambda problem: problem.file)


def _hash_files(
    files: Sequence[FoundFile], shelf: Shelf, jobs: int, progress: Progress
) -> tuple[list[tuple[FoundFile, bytes]], list[Problem]]:
    known = {file.name: sha256 for file in files if (sha256 := shelf.sha256_of(file)) is not None}
    unknown = [file for file in files if file.name not in known]
    problems = []
    with ThreadPoolExecutor(jobs) as pool:
        for done, (file, outcome) in enumerate(flow(pool, _sha256, unknown, ahead=AHEAD_PER_JOB * jobs), 1):
            progress("read", done, len(unknown))
            if isinstance(outcome, _Failure):
                problems.append(Problem(file.name, outcome.why))
            else:
                known[file.name] = outcome
                shelf.remember_file(file, outcome)
    return [(file, known[file.name]) for file in files if file.name in known], problems


def _sha256(file: FoundFile) -> bytes | _Failure:
    try:
        with file.path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").digest()
    except OSError as error:
        return _Failure(f"The file cannot be read: {error.strerror}.", lasting=False)
    return digest if file.is_unchanged() else _Failure(CHANGED, lasting=False)


def _not_on_shelf(
    hashes: Sequence[tuple[FoundFile, bytes]], shelf: Shelf, tasks: Sequence[Task]
) -> list[tuple[FoundFile, bytes]]:
    """One file for each picture of which something is still to be computed."""
    names = [task.key for task in tasks]
    first = {sha256: file for file, sha256 in reversed(hashes)}
    return [
        (file, sha256)
        for sha256, file in reversed(first.items())
        if not shelf.has(sha256, [RECORD]) or (_is_sound(shelf, sha256) and not shelf.has(sha256, names))
    ]


def _is_sound(shelf: Shelf, sha256: bytes) -> bool:
    return not shelf.finding(sha256, RECORD)["refused"]


def _analyse_files(
    files: Sequence[tuple[FoundFile, bytes]],
    shelf: Shelf,
    tasks: Sequence[Task],
    jobs: int,
    progress: Progress,
) -> dict[bytes, str]:
    """Decode the files and fill the shelf; the reasons of those that may do better next time, by SHA-256."""
    failures = {}
    with ExitStack() as stack:
        decoders: SimpleQueue[GuardedDecoder] = SimpleQueue()
        for _ in range(min(jobs, len(files))):
            decoders.put(stack.enter_context(GuardedDecoder()))
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        stack.callback(pool.shutdown, cancel_futures=True)  # when interrupted, what has not begun is left

        def analyse(item: tuple[FoundFile, bytes]) -> dict[str, Finding] | _Failure:
            decoder = decoders.get()
            try:
                return _analysed(decoder, item[0], tasks)
            finally:
                decoders.put(decoder)

        for done, ((_, sha256), outcome) in enumerate(
            flow(pool, analyse, files, ahead=AHEAD_PER_JOB * jobs), 1
        ):
            progress("decoded", done, len(files))
            if not isinstance(outcome, _Failure):
                shelf.remember(sha256, outcome)
            elif outcome.lasting:
                shelf.remember(sha256, {RECORD: {"refused": outcome.why}})
            else:
                failures[sha256] = outcome.why
    return failures


def _analysed(
    decoder: GuardedDecoder, file: FoundFile, tasks: Sequence[Task]
) -> dict[str, Finding] | _Failure:
    try:
        analysis = decoder.analyse(file.path, [(task.key, task.where) for task in tasks])
    except Refused as refusal:
        return _Failure(refusal.reason, lasting=True)
    except DecoderDied as death:
        return _Failure(death.reason, lasting=False)
    if not file.is_unchanged():
        return _Failure(CHANGED, lasting=False)
    if analysis.damaged:
        return _Failure(" ".join([DAMAGED, *analysis.warnings[:1]]), lasting=True)
    record = {
        "refused": "",
        "media_type": analysis.media_type,
        "width": analysis.width,
        "height": analysis.height,
        "frame_count": analysis.frame_count,
    }
    return {RECORD: record, **analysis.results}


def _picture(file: FoundFile, sha256: bytes, record: Finding) -> Picture | str:
    """The picture, or why there is none."""
    if record["refused"]:
        return str(record["refused"])
    return Picture(
        file, sha256, record["media_type"], record["width"], record["height"], record["frame_count"]
    )
