"""Finding and ending the processes that belong to one data folder.

Every process that `manage.py start` brings up, and every one that those start in turn, carries the data
folder's name in its environment. So a later start finds what a killed supervisor left, whatever became of the
family tree.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import psutil

MARK = "LIKENESS_RUN"


def marked_environment(data: Path) -> dict[str, str]:
    """The present environment with the mark of `data`."""
    return {**os.environ, MARK: str(data.resolve())}


def marked(data: Path) -> list[psutil.Process]:
    """Living processes that carry the mark of `data`, without this process and those above it."""
    mark = str(data.resolve())
    spared = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    return [
        process for process in psutil.process_iter() if process.pid not in spared and _mark(process) == mark
    ]


def end_marked(data: Path, *, patience_s: float) -> int:
    """End the processes that carry the mark of `data`; kill those still there after `patience_s`.

    Returns how many there were.
    """
    found = marked(data)
    _each(found, "terminate")
    _, stubborn = psutil.wait_procs(found, timeout=patience_s)
    # Children that were started in the meantime carry the mark as well.
    rest = {process.pid: process for process in (*stubborn, *marked(data))}
    _each(rest.values(), "kill")
    psutil.wait_procs(list(rest.values()), timeout=patience_s)
    return len(found)


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def _each(processes: Iterable[psutil.Process], method: str) -> None:
    for process in processes:
        try:
            getattr(process, method)()
        except psutil.NoSuchProcess:
            continue
