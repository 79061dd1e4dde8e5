"""How a parallel run shares the tests out: files on one running site stay together, and what takes longest begins.

A plugin for `--dist loadfile --no-loadscope-reorder`. Each process that needs a running site starts one of its own,
which costs as much as some hundred short tests; and a slow file that comes last keeps one process busy alone.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # xdist ships no types

from gallery.embedded import cores
from tests.environment import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xdist.remote import Producer  # type: ignore[import-untyped]  # xdist ships no types

    from tests.live import EndsEarly

SITES = {
    "the site": re.compile(r"\b(live_site|open_page|page: Page)\b"),
    "the stack behind nginx": re.compile(r"\b(stack: Stack|anna: Person)\b"),
}
"""What is started once for a process, and what a file is told by that uses it."""
WAITING_PROCESSES = 1
"""More processes than cores: with two on two cores, a third of the time was spent waiting for servers and beats."""


class ByFileOrSite(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """Hands out whole files, and all files of a running site at once."""

    def _split_scope(self, nodeid: str) -> str:
        name: str = super()._split_scope(nodeid)
        return site_of(name) or name


@cache
def site_of(name: str) -> str:
    """Which running site the tests of a file use; empty for none."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    return next((site for site, sign in SITES.items() if sign.search(text)), "")


def pytest_xdist_auto_num_workers() -> int:
    """How many processes `--numprocesses auto` means."""
    return cores() + WAITING_PROCESSES


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFileOrSite | None:
    """Share out by file and site."""
    return ByFileOrSite(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with one site after the other, then the files that hold something slow; all else keeps its random order."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    turns = [*SITES, ""]
    items.sort(key=lambda item: (turns.index(site_of(file_of(item))), item.path not in slow))


def file_of(item: pytest.Item) -> str:
    return item.nodeid.split("::", 1)[0]


ENDS: dict[str, Callable[[], None]] = {}
"""How each running site of this process is ended."""


@pytest.fixture(scope="session")
def ends_early() -> EndsEarly:
    """`with ends_early("the site", end):` calls `end` as soon as no more files need that site."""

    @contextmanager
    def kept(site: str, end: Callable[[], None]) -> Iterator[None]:
        ENDS[site] = end
        yield
        ENDS.pop(site, None)

    return kept


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """End what no more files need: it would take memory and time from all others."""
    for site in list(ENDS):
        if nextitem is not None and site_of(file_of(nextitem)) != site:
            ENDS.pop(site)()
