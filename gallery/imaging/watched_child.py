"""A decoder process and the watch over what it takes of memory and time."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

import psutil

from gallery.imaging.frames import LENGTH_BYTES, BadFrame, Message, body_length, packed, unpacked

# Large pictures may take longer, up to 45 s at the 400 megapixels that are accepted at all.
TIME_PER_MEGAPIXEL_SECONDS = 0.1
TIME_FREE_MEGAPIXELS = 50
_MOST_MEGAPIXELS = 400
_WATCH_INTERVAL_SECONDS = 0.02
# Between two looks a child could touch much memory. It gets no more than the limit from the kernel in the first
# place, less what files that are mapped into memory (its libraries, 44 MB) may take beside its own data, of which some
# 25 MB are never touched.
_OF_FILES_BYTES = 32 * 2**20
# Imports of libvips, Pillow, NumPy and OpenCV, on a machine that is busy and cold.
_START_LIMIT_SECONDS = 60.0
# Above this after a file, whatever holds it, the next file gets a fresh child.
_RECYCLE_ABOVE_BYTES = 400 * 2**20

TOO_MUCH_MEMORY = "Decoding the picture needed too much memory and was stopped."


class DeathCause(StrEnum):
    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"
    FAULT = "fault"


class DecoderDied(Exception):
    """Decoding came to no end of its own; `reason` is a sentence for people, `cause` says what ended it.

    FAULT is an error raised by an analyser: the child lives on.
    """

    def __init__(self, cause: DeathCause, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause
        self.reason = reason


@dataclass(frozen=True)
class Limits:
    """What one file may take: resident bytes, and seconds before its size is known."""

    memory_bytes: int
    seconds: float

    def seconds_for(self, megapixels: object) -> float:
        """The time for a picture of so many megapixels; what is no number counts as small."""
        if not isinstance(megapixels, int | float):
            return self.seconds
        over = min(max(megapixels, TIME_FREE_MEGAPIXELS), _MOST_MEGAPIXELS) - TIME_FREE_MEGAPIXELS
        return self.seconds + TIME_PER_MEGAPIXEL_SECONDS * over


class WatchedChild:
    """The process, its two pipes and the watch over it."""

    def __init__(self, limits: Limits) -> None:
        self.files_done = 0
        self._is_answering = False
        self._limits = limits
        self._owner_pid = os.getpid()
        # A file, not a pipe: nobody has to read it for the child to go on.
        with tempfile.TemporaryFile() as complaints:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and this package
                [
                    sys.executable,
                    "-m",
                    "gallery.imaging.guard_child",
                    str(self._owner_pid),
                    str(limits.memory_bytes - _OF_FILES_BYTES),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=_child_environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for the parent to handle
            )
            self._watched = psutil.Process(self._process.pid)
            self._await_ready(complaints)

    def ask(self, request: Message) -> Message:
        """Send a request and return the answer. Raises DecoderDied."""
        self._is_answering = True
        started = time.monotonic()
        self._deadline = started + self._limits.seconds
        try:
            _pipe(self._process.stdin).write(packed(request))
            _pipe(self._process.stdin).flush()
        except BrokenPipeError:
            raise self._death() from None
        answer = self._read_message()
        while "megapixels" in answer:  # the header is read; how far the limit moves is bounded
            self._deadline = started + self._limits.seconds_for(answer["megapixels"])
            answer = self._read_message()
        self.files_done += 1
        self._is_answering = False
        return answer

    def is_ours(self) -> bool:
        """False in a process that was forked from the one that started the child."""
        return self._owner_pid == os.getpid()

    def is_fit(self) -> bool:
        """Whether it lives, owes no answer and has given back the memory of the last file.

        It owes one where an exception came in between, such as a time limit of the caller's own; that answer
        must not be taken for the next file's.
        """
        if self._is_answering or self._process.poll() is not None:
            return False
        return self._resident_bytes() < _RECYCLE_ABOVE_BYTES

    def forget(self) -> None:
        """Let go of another process's child without touching it."""
        self._close_pipes()
        self._process.returncode = 0  # not ours to wait for

    def end(self) -> None:
        """Kill and reap."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                _pipe(pipe).close()

    def _await_ready(self, complaints: IO[bytes]) -> None:
        self._deadline = time.monotonic() + _START_LIMIT_SECONDS
        try:
            self._read_message()
        except DecoderDied as death:
            self.end()
            complaints.seek(0)
            last_lines = complaints.read()[-2000:].decode(errors="replace")
            raise RuntimeError(f"The decoder process does not start: {last_lines}") from death

    def _read_message(self) -> Message:
        try:
            return unpacked(self._read_exactly(body_length(self._read_exactly(LENGTH_BYTES))))
        except BadFrame:
            self._process.kill()
            raise DecoderDied(DeathCause.CRASH, "The decoder answered with nonsense on this file.") from None

    def _read_exactly(self, count: int) -> bytes:
        received = bytearray()
        descriptor = _pipe(self._process.stdout).fileno()
        while len(received) < count:
            readable, _, _ = select.select([descriptor], [], [], _WATCH_INTERVAL_SECONDS)
            if readable:
                part = os.read(descriptor, count - len(received))
                if not part:
                    raise self._death()
                received += part
            self._enforce_limits()
        return bytes(received)

    def _enforce_limits(self) -> None:
        if time.monotonic() > self._deadline:
            self._process.kill()
            raise DecoderDied(DeathCause.TIME, "Decoding the picture took too long and was stopped.")
        if self._resident_bytes() > self._limits.memory_bytes:
            self._process.kill()
            raise DecoderDied(DeathCause.MEMORY, TOO_MUCH_MEMORY)

    def _resident_bytes(self) -> int:
        try:
            return int(self._watched.memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def _death(self) -> DecoderDied:
        code = self._process.wait()
        if code == -signal.SIGTRAP:  # how GLib, below libvips, ends where memory is refused
            return DecoderDied(DeathCause.MEMORY, TOO_MUCH_MEMORY)
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return DecoderDied(DeathCause.CRASH, f"The decoder crashed on this file ({how}).")


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("The child was started without this pipe.")
    return stream


def _child_environment() -> dict[str, str]:
    """One thread per library (workers grow by processes), no secrets, and this package importable."""
    root = str(Path(__file__).resolve().parents[2])
    passed_on = {
        name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ
    }
    libraries = ("VIPS_CONCURRENCY", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
    one_thread = dict.fromkeys([*libraries, "RAYON_NUM_THREADS"], "1")
    return {**passed_on, **one_thread, "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"}
