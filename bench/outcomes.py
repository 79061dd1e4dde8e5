"""Send every file of a folder to a running site, and say what became of each.

    LIKENESS_TOKEN=lk_... python -m bench.outcomes FOLDER... [--site http://127.0.0.1:8000] [--site-pid PID]

One file at a time, so that the seconds are those of the file. For each: the status of the answer, the state that the
photo came to, the seconds from sending to that state, and the reason or warnings. At the end the answers, the states,
the answers of 500 and above, the files over the limit of time, and the most memory that a decoding child held: of the
children below --site-pid (`manage.py start`), else of all on this machine.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import psutil

POLL_SECONDS = 0.05
SLOW_SECONDS = 10.0
GIVE_UP_SECONDS = 180.0
MEMORY_LIMIT_MIB = 1024
CHILD_MODULE = "gallery.imaging.guard_child"
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    file: Path
    status: int
    state: str
    seconds: float
    words: str


class PeakMemory:
    """The high-water mark of resident memory (MiB) of the decoding children, while the block runs."""

    def __init__(self, site_pid: int | None) -> None:
        self.mib = 0
        self._site_pid = site_pid
        self._children: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        looked = 0.0
        while not self._stop.wait(LOOK_SECONDS):
            if time.monotonic() - looked > 0.25:  # new children come seldom, and finding them costs more
                self._children, looked = self._decoding_children(), time.monotonic()
            self.mib = max([self.mib, *(high_water_mib(pid) for pid in self._children)])

    def _decoding_children(self) -> list[int]:
        try:
            below = (
                psutil.Process(self._site_pid).children(recursive=True)
                if self._site_pid
                else psutil.process_iter()
            )
            return [process.pid for process in below if decodes(process)]
        except psutil.NoSuchProcess:
            return self._children


def decodes(process: psutil.Process) -> bool:
    """Whether the process is a child that decodes."""
    try:
        return CHILD_MODULE in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def high_water_mib(pid: int) -> int:
    """The most resident memory that a process ever had; 0 for one that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) // 1024


def outcome_of(client: httpx2.Client, file: Path) -> Outcome:
    """Upload a file and wait for its final state."""
    started = time.monotonic()
    answer = client.post("photos", files={"file": (file.name, file.read_bytes())})
    body: dict[str, Any] = answer.json() if answer.content[:1] == b"{" else {}
    state, words = "not taken", str(body.get("detail", body))
    while "id" in body:
        photo = client.get(f"photos/{body['id']}").raise_for_status().json()
        state, words = photo["state"], photo["state_reason"] or " ".join(photo["warnings"])
        if state != "processing" or time.monotonic() - started > GIVE_UP_SECONDS:
            break
        time.sleep(POLL_SECONDS)
    return Outcome(file, answer.status_code, state, time.monotonic() - started, words)


def print_totals(outcomes: list[Outcome], peak_mib: int) -> bool:
    """Print the sums; whether all is as it should be."""
    statuses = collections.Counter(outcome.status for outcome in outcomes)
    states = collections.Counter(outcome.state for outcome in outcomes)
    failures = sum(outcome.status >= 500 for outcome in outcomes)
    slow = [outcome for outcome in outcomes if outcome.seconds > SLOW_SECONDS]
    print(f"\n{len(outcomes)} files: answers {dict(statuses)}, states {dict(states)}")
    print(f"answers of 500 and above: {failures}")
    print(f"over {SLOW_SECONDS:.0f} s: {len(slow)} {[outcome.file.name for outcome in slow]}")
    print(f"slowest: {max(outcome.seconds for outcome in outcomes):.1f} s")
    print(f"most memory of a decoding child: {peak_mib} MiB")
    return not failures and not slow and peak_mib <= MEMORY_LIMIT_MIB and not states["processing"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--site", default="http://127.0.0.1:8000")
    parser.add_argument("--site-pid", type=int)
    options = parser.parse_args()
    token = os.environ.get("LIKENESS_TOKEN")
    if not token:
        sys.exit("Set LIKENESS_TOKEN to a token; `manage.py create_token USER` prints one.")
    files = sorted(path for folder in options.folder for path in folder.iterdir() if path.is_file())
    if not files:
        sys.exit("There is no file in there.")
    client = httpx2.Client(
        base_url=f"{options.site}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=120
    )
    outcomes = []
    with PeakMemory(options.site_pid) as peak:
        for file in files:
            outcome = outcome_of(client, file)
            outcomes.append(outcome)
            print(
                f"{outcome.status} {outcome.state:10} {outcome.seconds:6.2f} s  {file.name}: {outcome.words}"
            )
    sys.exit(not print_totals(outcomes, peak.mib))


if __name__ == "__main__":
    main()
