"""The process that decodes: started by `guard`, fed through its standard input, killed without regret.

It reads requests, decodes the file they name, runs the analysers over the picture and answers with plain
values. Run as `python -m gallery.imaging.guard_child PARENT_PID DATA_BYTES`.
"""

import ctypes
import importlib
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pi_heif

from gallery.imaging.copies import compare_copies
from gallery.imaging.decode import Picture, open_picture
from gallery.imaging.frames import Message, packed, read_frame
from gallery.imaging.loaders import allow_only_picture_loaders
from gallery.imaging.optimise import optimise
from gallery.imaging.pixels import pixels_equal
from gallery.imaging.sniff import Refused
from gallery.imaging.unusual import LeftAlone

_PR_SET_PDEATHSIG = 1  # prctl(2)
Compute = Callable[[Picture], dict[str, Any]]


def main() -> None:
    """Serve requests until standard input ends."""
    requests, answers = _private_pipes()
    _die_with_parent(int(sys.argv[1]))
    _limit_this_process(int(sys.argv[2]))
    allow_only_picture_loaders()
    _send(answers, packed({"ready": True}))
    _silence_stderr()
    while (request := read_frame(requests)) is not None:
        _send(answers, _answer(request, answers))


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes to the guard, moved away from standard input and output, so that nothing that a library
    prints can get between the messages."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return requests, answers


def _silence_stderr() -> None:
    """Libraries write what they think of a broken file straight to the terminal. Until here an error at start
    is still told there."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    logging.lastResort = None


def _die_with_parent(parent_pid: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit(0)  # it died before the call above


def _limit_this_process(data_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # All that is written to, of the heap and of private mappings (Linux 4.7); other systems mean something else.
        resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, data_bytes))
    # Workers grow by processes; threads in each would only fight.
    pi_heif.options.DECODE_THREADS = 1
    # What is not shown need not be decoded.
    pi_heif.options.THUMBNAILS = False
    pi_heif.options.DEPTH_IMAGES = False
    pi_heif.options.AUX_IMAGES = False


def _send(answers: BinaryIO, frame: bytes) -> None:
    answers.write(frame)
    answers.flush()


def _answer(request: Message, answers: BinaryIO) -> bytes:
    """The answer as a frame; packing it may fail too, on an analyser's result that is no plain value."""
    try:
        if request["do"] == "compare":
            return packed(_comparison(request, answers))
        if request["do"] == "copies":
            return packed(_copies(request, answers))
        if request["do"] == "optimise":
            return packed(_optimisation(request, answers))
        return packed(_analysis(request, answers))
    except Refused as refusal:
        return packed({"refused": refusal.reason})
    except MemoryError:
        pass  # the answer is packed below, when what took the memory is let go of
    except Exception as fault:  # noqa: BLE001 - the boundary: an analyser's fault is told, with its name
        return packed({"failed": f"{type(fault).__name__}: {fault}"[:500]})
    return packed({"out_of_memory": True})


def _comparison(request: Message, answers: BinaryIO) -> Message:
    def opened(width: int, height: int) -> None:
        _send(answers, packed({"megapixels": 2 * width * height / 1e6}))

    return {"equal": pixels_equal(Path(request["first"]), Path(request["second"]), opened=opened)}


def _copies(request: Message, answers: BinaryIO) -> Message:
    def opened(width: int, height: int) -> None:
        _send(answers, packed({"megapixels": 2 * width * height / 1e6}))

    first, second = Path(request["first"]), Path(request["second"])
    return dict(compare_copies(first, second, aligned=request["aligned"], opened=opened))


def _optimisation(request: Message, answers: BinaryIO) -> Message:
    def opened(width: int, height: int) -> None:
        _send(answers, packed({"megapixels": 2 * width * height / 1e6}))

    try:
        optimise(Path(request["path"]), Path(request["target"]), opened=opened)
    except LeftAlone as reason:
        return {"left": str(reason)}
    return {"done": True}


def _analysis(request: Message, answers: BinaryIO) -> Message:
    def opened(width: int, height: int) -> None:
        _send(answers, packed({"megapixels": width * height / 1e6}))

    picture = open_picture(Path(request["path"]), opened=opened)
    results = {name: _compute(where)(picture) for name, where in request["analysers"]}
    return {
        "media_type": picture.sniffed.media_type,
        "width": picture.width,
        "height": picture.height,
        "damaged": picture.damaged,
        "has_alpha": picture.has_alpha,
        "frame_count": picture.frame_count,
        "warnings": picture.warnings,
        "results": results,
    }


@cache
def _compute(where: str) -> Compute:
    """The pure function at a dotted path, "package.module:function"."""
    module, _, function = where.partition(":")
    compute: Compute = getattr(importlib.import_module(module), function)
    return compute


if __name__ == "__main__":
    main()
