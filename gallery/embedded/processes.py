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


def clean_environment() -> dict[str, str]:
    """The present environment for a server: without marks, and without what libpq or a loader would take up."""
    unwanted = ("PG", "LIKENESS_", "LD_LIBRARY_PATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def marked(data: Path, mark: str = MARK) -> list[psutil.Process]:
    """Living processes that carry the mark of `data`, without this process and those above it."""
    value = str(data.resolve())
    spared = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    found = (process for process in psutil.process_iter() if process.pid not in spared)
    return [process for process in found if _value(process, mark) == value]


def end_marked(data: Path, *, patience_s: float, mark: str = MARK) -> int:
    """End the processes that carry the mark of `data`; kill those still there after `patience_s`.

    Returns how many there were.
    """
    found = marked(data, mark)
    _each(found, "terminate")
    _, stubborn = psutil.wait_procs(found, timeout=patience_s)
    # Children that were started in the meantime carry the mark as well.
    rest = {process.pid: process for process in (*stubborn, *marked(data, mark))}
    _each(rest.values(), "kill")
    psutil.wait_procs(list(rest.values()), timeout=patience_s)
    return len(found)


def _value(process: psutil.Process, mark: str) -> str | None:
    try:
        return process.environ().get(mark)
    except (psutil.Error, OSError):
        return None


def _each(processes: Iterable[psutil.Process], method: str) -> None:
    for process in processes:
        try:
            getattr(process, method)()
        except psutil.NoSuchProcess:
            continue
