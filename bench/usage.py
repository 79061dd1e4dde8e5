"""What the processes of a site use: CPU by the part that they play, and memory over time."""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from bench.site import OwnSite

SAMPLE_EVERY_S = 3.0
# Processes that live as long as the site and work on photos.
WATCHED = ("worker", "decoder", "embed", "query")


@dataclass(frozen=True)
class Usage:
    """What a span of time took: wall seconds, CPU seconds by role, and what the machine's cores were idle."""

    wall: float
    cpu: dict[str, float]
    idle: float

    @property
    def all_cpu(self) -> float:
        return sum(self.cpu.values())

    def beside_decoding(self) -> float:
        """CPU of queue and database."""
        return sum(self.cpu.get(role, 0.0) for role in ("worker", "postgres", "redis", "beat"))

    def print_per_photo(self, photos: int) -> None:
        parts = sorted(self.cpu.items(), key=lambda part: -part[1])
        words = ", ".join(f"{role} {1000 * spent / photos:.1f}" for role, spent in parts)
        print(f"  {self.wall:.0f} s; CPU milliseconds a photo: {1000 * self.all_cpu / photos:.1f} = {words}")


@contextmanager
def metered(site: OwnSite) -> Iterator[list[Usage]]:
    """Measure a block; the list holds its usage afterwards. Commands that end within it count as "import"."""
    usage: list[Usage] = []
    started, before, idle = time.monotonic(), cpu_seconds(site), idle_seconds()
    yield usage
    after = cpu_seconds(site)
    spent = {role: after[role] - before.get(role, 0.0) for role in after}
    usage.append(Usage(time.monotonic() - started, spent, idle_seconds() - idle))


def idle_seconds() -> float:
    """Seconds that the machine's cores had nothing to do since it started."""
    times = psutil.cpu_times()
    return float(times.idle + getattr(times, "iowait", 0.0))


def cpu_seconds(site: OwnSite) -> dict[str, float]:
    """CPU seconds by role since the start; those of ended children count for what they were.

    Only decoders end below a worker: what a worker's ended children used is theirs.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = {"import": ended.ru_utime + ended.ru_stime}
    for role, process in site.processes():
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent[role] = spent.get(role, 0.0) + times.user + times.system
        heirs = "decoder" if role == "worker" else role
        spent[heirs] = spent.get(heirs, 0.0) + times.children_user + times.children_system
    return spent


def resident_bytes(site: OwnSite) -> dict[str, int]:
    """Resident memory by role and process; a decoder goes by the worker that holds it, as it is replaced at times."""
    sizes = {}
    for role, process in site.processes():
        try:
            number = process.ppid() if role == "decoder" else process.pid
            sizes[f"{role} {number}"] = int(process.memory_info().rss)
        except psutil.NoSuchProcess:
            continue
    return sizes


class MemoryWatch:
    """Samples of the memory of the WATCHED processes, with how many photos were done by then."""

    def __init__(self, site: OwnSite) -> None:
        self._site = site
        self._last = 0.0
        self.samples: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def look(self, photos: int) -> None:
        """Take a sample, unless the last one is recent."""
        if time.monotonic() - self._last < SAMPLE_EVERY_S:
            return
        self._last = time.monotonic()
        for name, size in resident_bytes(self._site).items():
            if name.split()[0] in WATCHED:
                self.samples[name].append((photos, size))

    def growth(self, settled: int, span: int) -> dict[str, tuple[int, int]]:
        """By process: the highest sizes in the `span` photos after `settled`, and in the last `span` photos."""
        found = {}
        for name, samples in self.samples.items():
            last = samples[-1][0]
            early = [size for photos, size in samples if settled <= photos < settled + span]
            late = [size for photos, size in samples if photos >= last - span]
            if early and late:
                found[name] = (max(early), max(late))
        return found
