"""Starting a server as a child of this process, and noticing its end whichever part of the program stops it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from gallery.embedded.machine import Account
from gallery.embedded.processes import clean_environment

LOG_MAX_BYTES = 10_000_000
"""A server's log that is longer than this is set aside at the next start, in place of the one set aside before."""

_children: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that this process started, by process id. The system keeps a dead one listed until its parent looks."""


def launch(command: Sequence[str], *, folder: Path, account: Account | None, output: IO[bytes] | int) -> int:
    """Start a server in `folder` as `account`; returns its process id.

    It gets a session of its own: Ctrl-C in the terminal must not reach it before its users have ended.
    """
    for pid in list(_children):
        has_ended(pid)
    child = subprocess.Popen(  # noqa: S603 - our own programs and paths
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=folder,
        env=clean_environment(),
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    _children[child.pid] = child
    return child.pid


def set_aside(log: Path) -> None:
    """Begin a new log where the present one has become long."""
    if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
        log.replace(log.with_name(f"{log.name}.old"))


def has_ended(pid: int) -> bool:
    """Whether a child with this id has ended (or was never ours)."""
    child = _children.get(pid)
    if child is not None and child.poll() is None:
        return False
    _children.pop(pid, None)
    return True
