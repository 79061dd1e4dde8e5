"""A person at the site while it works: uploads a photo a second, looks at pages, and notes how long each takes."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from bench.site import OwnSite

UPLOAD_EVERY_S = 1.0
PAGE_EVERY_S = 0.25
LOOK_EVERY_S = 0.25
READY_PATIENCE_S = 120.0
FINAL_STATES = {"ready", "damaged", "refused", "failed"}


class Probe:
    """Runs in threads of its own between entering and leaving. `seconds` holds what was measured, by kind."""

    def __init__(self, site: OwnSite, pictures: Sequence[Path]) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self._site = site
        self._pictures = pictures
        self._sent: list[tuple[int, float]] = []
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=run) for run in (self._upload, self._look_at_pages, self._watch)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _upload(self) -> None:
        with self._site.api() as api:
            for picture in self._pictures:
                started = time.monotonic()
                answer = api.post("photos", files={"file": (picture.name, picture.read_bytes())})
                self._note("upload", started, answer.status_code, 201)
                if answer.status_code == 201:
                    self._sent.append((answer.json()["id"], started))
                if self._ending.wait(max(0.0, started + UPLOAD_EVERY_S - time.monotonic())):
                    return

    def _look_at_pages(self) -> None:
        browser = self._site.browser()
        for kind, address in self._addresses():
            started = time.monotonic()
            self._note(kind, started, browser.get(address).status_code, 200)
            if self._ending.wait(PAGE_EVERY_S):
                break
        browser.close()

    def _addresses(self) -> Iterator[tuple[str, str]]:
        for turn in itertools.count():
            yield "library", "/"
            yield "grid layout", "/grid/layout"
            if self._sent:
                yield "photo page", f"/photos/{self._sent[turn % len(self._sent)][0]}"
            yield "search", "/search?q=camera"
            yield "search results", f"/grid/layout?q=camera%3A%22camera+{turn % 7}%22"
            yield "jobs", "/jobs/"

    def _watch(self) -> None:
        """Note when uploaded photos are ready."""
        waiting: list[tuple[int, float]] = []
        taken = 0
        with self._site.api() as api:
            while not self._ending.wait(LOOK_EVERY_S) or (waiting and not self._is_late(waiting)):
                waiting += self._sent[taken:]
                taken = len(self._sent)
                # One after the other is worked on, so the first few are enough to ask for.
                for photo_id, started in waiting[:4]:
                    if api.get(f"photos/{photo_id}").json()["state"] in FINAL_STATES:
                        self.seconds["upload until ready"].append(time.monotonic() - started)
                        waiting.remove((photo_id, started))

    def _is_late(self, waiting: list[tuple[int, float]]) -> bool:
        time.sleep(LOOK_EVERY_S)
        return time.monotonic() - waiting[0][1] > READY_PATIENCE_S

    def _note(self, kind: str, started: float, status: int, expected: int) -> None:
        self.seconds[kind].append(time.monotonic() - started)
        if status != expected:
            self.errors.append(f"{kind}: {status}")


def median_and_p99(seconds: Sequence[float]) -> tuple[float, float]:
    """The median, and what 99 of 100 stay below."""
    ordered = sorted(seconds)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
