"""Analysers that do what a hostile file could make a decoder do. They run in the guarded child."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from gallery.imaging.decode import Picture


def tell_pid(picture: Picture) -> dict[str, Any]:
    return {"pid": os.getpid(), "size": [picture.width, picture.height]}


def hang(picture: Picture) -> dict[str, Any]:
    threading.Event().wait()
    return {}


def eat_memory(picture: Picture) -> dict[str, Any]:
    hoard = []
    while True:
        hoard.append(b"x" * 2**22)


def eat_memory_at_once(picture: Picture) -> dict[str, Any]:
    """Ask for three times the memory of the test's limit in one go and touch it all, faster than a watch can look."""
    np.ones(900 * 2**20, np.uint8)
    return {}


def tell_peak(picture: Picture) -> dict[str, Any]:
    """The most memory that this program ever held: getrusage would count the process that started it as well."""
    status = Path("/proc/self/status").read_text()
    return {"kib": int(status.partition("VmHWM:")[2].split()[0])}


def abort_as_glib(picture: Picture) -> dict[str, Any]:
    """End as the library below libvips does when memory is refused to it."""
    os.kill(os.getpid(), signal.SIGTRAP)
    return {}


def keep_memory(picture: Picture) -> dict[str, Any]:
    """Leave half a gigabyte behind, as a leaking decoder would."""
    _KEPT.append(b"x" * 2**29)
    return {"pid": os.getpid()}


_KEPT: list[bytes] = []


def crash(picture: Picture) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def crash_in_used_child(picture: Picture) -> dict[str, Any]:
    """Crash unless this is the first file of the child."""
    _FILES.append(picture.path.name)
    if len(_FILES) > 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    return {"files": len(_FILES)}


_FILES: list[str] = []


def fail(picture: Picture) -> dict[str, Any]:
    raise ValueError("seven is not a colour")


def answer_strangely(picture: Picture) -> dict[str, Any]:
    return {"value": object()}


def shout(picture: Picture) -> dict[str, Any]:
    """Write to standard output and error, from Python and from below it."""
    print("noise")  # noqa: T201
    os.write(1, b"noise\n" * 1000)
    os.write(2, b"noise\n" * 1000)
    sys.stderr.flush()
    return {"said": "noise"}


def flood(picture: Picture) -> dict[str, Any]:
    """Answer with more than a message may hold."""
    return {"bytes": bytes(70 * 2**20)}


def tell_environment(picture: Picture) -> dict[str, Any]:
    return dict(os.environ)
