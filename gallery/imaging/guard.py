"""Decodes strangers' files in a child process that may die, so that its parent does not.

The child has 1 GiB of resident memory and 10 s (more for large pictures, see `watched_child`), and what it answers
is not trusted further than its form.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gallery.imaging.frames import Message
from gallery.imaging.sniff import RAW_MEDIA_TYPES, Refused, UnsupportedFile
from gallery.imaging.watched_child import TOO_MUCH_MEMORY, DeathCause, DecoderDied, Limits, WatchedChild

__all__ = ["Analysis", "DeathCause", "DecoderDied", "GuardedDecoder", "Refused", "UnsupportedFile"]

MEMORY_LIMIT_BYTES = 2**30
TIME_LIMIT_SECONDS = 10.0
# Leaks in decoders are small; a fresh process now and then makes them nothing.
MAX_FILES_PER_CHILD = 500
Analyser = tuple[str, str]


@dataclass(frozen=True)
class Analysis:
    """What one decode gave.

    width, height: upright pixels of the whole picture. damaged: only a part of it could be decoded. warnings:
    sentences. results: by the analyser's name, what its compute function returned. seconds: wall time.
    """

    media_type: str
    width: int
    height: int
    damaged: bool
    has_alpha: bool
    frame_count: int
    warnings: list[str]
    results: dict[str, dict[str, Any]]
    seconds: float


class GuardedDecoder:
    """One persistent child process that decodes; started when first needed, replaced when it dies, after
    `max_files` files, and in a forked process. Safe to share between threads, which then take turns."""

    def __init__(
        self,
        *,
        max_files: int = MAX_FILES_PER_CHILD,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
    ) -> None:
        self._max_files = max_files
        self._limits = Limits(memory_bytes=memory_limit_bytes, seconds=time_limit_seconds)
        self._child: WatchedChild | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def analyse(self, path: Path, analysers: Sequence[Analyser], media_type: str | None = None) -> Analysis:
        """Decode the picture at `path` once and run `analysers`, pairs of a name and "module:function".

        `media_type` is what the file was taken for when it arrived, where that is known.
        Raises Refused when the file is no picture that is taken (or is not of `media_type`), and DecoderDied.
        """
        request = {"do": "analyse", "path": str(path), "analysers": [list(pair) for pair in analysers]}
        started = time.monotonic()
        answer = self._ask(request)
        try:
            analysis = _checked_analysis(answer, time.monotonic() - started)
        except DecoderDied:
            self.close()
            raise
        if media_type not in (None, analysis.media_type) and not _is_late_raw(
            media_type, analysis.media_type
        ):
            raise Refused(f"The file was taken for {media_type}, but its bytes are {analysis.media_type}.")
        return analysis

    def decode_example(self, path: Path, analysers: Sequence[Analyser] = ()) -> Analysis:
        """Analyse a picture that somebody searches by; results["pixels"] holds it small, for
        `example_pixels`.

        Raises as `analyse` does.
        """
        return self.analyse(path, [("pixels", "gallery.imaging.previews:compute_pixels"), *analysers])

    def pixels_equal(self, first: Path, second: Path) -> bool:
        """Tell whether two files show the very same pixels, as `pixels.pixels_equal` defines it.

        False as well for files that are refused, damaged, or too much for the decoder: what cannot be shown
        to be equal is not equal.
        """
        try:
            answer = self._ask({"do": "compare", "first": str(first), "second": str(second)})
        except (Refused, DecoderDied):
            return False
        return answer.get("equal") is True

    def compare_copies(self, first: Path, second: Path, *, aligned: bool) -> dict[str, Any] | None:
        """What the whole pixels of two copies tell, as `copies.compare_copies` says it; None for files that are
        refused, or too much for the decoder."""
        request = {"do": "copies", "first": str(first), "second": str(second), "aligned": aligned}
        try:
            return self._ask(request)
        except (Refused, DecoderDied):
            return None

    def close(self) -> None:
        """End the child. The next request would start another."""
        with self._lock:
            self._drop_child()

    def _ask(self, request: Message) -> Message:
        with self._lock:
            child, is_fresh = self._ready_child()
            try:
                answer = child.ask(request)
            except DecoderDied as death:
                self._drop_child()
                if is_fresh or death.cause is DeathCause.TIME:
                    raise
                # An earlier file may have done the harm: no file is blamed for a child that was not its own.
                answer = self._ask_fresh_child(request)
            return _plain_answer(answer)

    def _ask_fresh_child(self, request: Message) -> Message:
        child, _ = self._ready_child()
        try:
            return child.ask(request)
        except DecoderDied:
            self._drop_child()
            raise

    def _ready_child(self) -> tuple[WatchedChild, bool]:
        """The child to ask, and whether it is new."""
        child = self._child
        if child is not None and not child.is_ours():
            child.forget()
            self._child = child = None
        if child is not None and (child.files_done >= self._max_files or not child.is_fit()):
            self._drop_child()
            child = None
        if child is None:
            self._child = child = WatchedChild(self._limits)
        return child, child.files_done == 0

    def _drop_child(self) -> None:
        child, self._child = self._child, None
        if child is not None and child.is_ours():
            child.end()
        elif child is not None:
            child.forget()


def example_pixels(analysis: Analysis) -> NDArray[np.uint8]:
    """Return the small picture in the answer of `decode_example`: height x width x 3, uint8 sRGB."""
    pixels = analysis.results["pixels"]
    return np.frombuffer(pixels["rgb"], np.uint8).reshape(pixels["height"], pixels["width"], 3)


def _is_late_raw(taken_for: str | None, found: str) -> bool:
    """Whether a camera RAW counted as a TIFF, as its first directory lies beyond the first bytes."""
    return taken_for == "image/tiff" and found in RAW_MEDIA_TYPES.values()


def _plain_answer(answer: Message) -> Message:
    """The answer, where it is neither a refusal nor a failure."""
    if isinstance(answer.get("refused"), str):
        raise Refused(answer["refused"])
    if answer.get("out_of_memory"):
        raise DecoderDied(DeathCause.MEMORY, TOO_MUCH_MEMORY)
    if "failed" in answer:
        raise DecoderDied(DeathCause.FAULT, f"The picture could not be analysed ({answer['failed']}).")
    return answer


_FIELD_TYPES = {
    "media_type": str,
    "width": int,
    "height": int,
    "damaged": bool,
    "has_alpha": bool,
    "frame_count": int,
    "warnings": list,
    "results": dict,
}


def _checked_analysis(answer: Message, seconds: float) -> Analysis:
    for name, kind in _FIELD_TYPES.items():
        if not isinstance(answer.get(name), kind):
            raise DecoderDied(DeathCause.CRASH, "The decoder answered with nonsense on this file.")
    return Analysis(**{name: answer[name] for name in _FIELD_TYPES}, seconds=seconds)
