"""How fast a stage goes and how long what it owes will take, from what was seen in the last minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.cache import cache

if TYPE_CHECKING:
    from gallery.jobs import StageCounts

WINDOW_SECONDS = 120.0
"""Older observations say nothing about how fast it goes now."""
STEP_SECONDS = 2.0
"""Observations nearer together than this add nothing: the page asks every two seconds, for each of its readers."""


@dataclass(frozen=True)
class Pace:
    """Photos per minute (0 while none was seen to be done), and the seconds that the rest takes at that pace."""

    per_minute: float = 0.0
    seconds_left: float | None = None


def pace_of(stage: str, counts: StageCounts) -> Pace:
    """The pace of a stage, given its counts now, which become an observation themselves."""
    owed = counts.owed + counts.running
    first = observe(stage, counts.done, time.time())
    if not owed or first is None:
        return Pace()
    seconds, done = first
    if seconds <= 0 or done <= 0:
        return Pace()
    return Pace(60 * done / seconds, owed * seconds / done)


def observe(stage: str, done: int, now: float) -> tuple[float, int] | None:
    """Remember how much was done; the seconds since the oldest observation of the window and what was done since."""
    key = f"pace:{stage}"
    seen: list[tuple[float, int]] = cache.get(key, [])
    recent = [(at, count) for at, count in seen if now - at < WINDOW_SECONDS and count <= done]
    if not recent or now - recent[-1][0] >= STEP_SECONDS:
        cache.set(key, [*recent, (now, done)], WINDOW_SECONDS)
    if not recent:
        return None
    at, count = recent[0]
    return now - at, done - count


def duration(seconds: float) -> str:
    """A length of time as people say it: one unit, rounded."""
    units = [("day", 86_400), ("hour", 3_600), ("minute", 60)]
    for name, length in units:
        if seconds >= 1.5 * length:
            return f"{round(seconds / length)} {name}s"
    return "a minute" if seconds >= 45 else "less than a minute"
