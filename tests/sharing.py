"""How a parallel run shares the tests out: files on one running site stay together, and what takes longest begins.

A plugin for `--dist loadfile --no-loadscope-reorder`. Each process that needs a running site starts one of its own,
which costs as much as some hundred short tests; and a slow file that comes last keeps one process busy alone.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # xdist ships no types

from gallery.embedded import cores
from tests.environment import REPOSITORY

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer  # type: ignore[import-untyped]  # xdist ships no types

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
    """Begin with the sites, then with the files that hold something slow; all else keeps its random order."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not site_of(item.nodeid.split("::", 1)[0]), item.path not in slow))
