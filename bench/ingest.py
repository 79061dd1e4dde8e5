"""Measure how a site of its own takes photos in: what the queue costs, how busy the cores are, memory, and answers.

    python -m bench.ingest FOLDER [--photos 5000] [--model tiny|off] [--large-share 0.0] [--pictures FOLDER]

FOLDER holds real photos; the pictures that are imported are made from them (bench/pictures.py), so that no two are
copies. A tenth of --photos is imported with matching and embedding paused, for the cost of queue and database beside
the decoding; two fifths with all stages, for the speed; and the rest while a person uploads and looks at pages. The
model "tiny" is trained first (a minute); it does all that the real one does, only sooner.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psutil

from bench.pictures import make_pictures
from bench.probe import Probe, median_and_p99
from bench.site import OwnSite
from bench.usage import MemoryWatch, metered
from gallery.demo.tiny_clip import train

OVERHEAD_GOAL = 0.30
BUSY_GOAL = 0.8
GROWTH_GOAL = 0.15
UPLOAD_P99_GOAL_S = 1.5
PAGE_P99_GOAL_S = 0.5
# With its first photos a process loads libraries and fills caches.
SETTLING_PHOTOS = 500
POLL_S = 1.0
PERSONS_PHOTOS_MAX = 2_000
# What the person's photos alone may owe at any time: each comes before the import's, but one comes each second.
PERSONS_WORK = 20
STAGES = ("analyse", "embed", "match")
NO_MODEL = {"CLIP_MODEL": "none.json", "CLIP_PRETRAINED": "none.pt", "HF_HUB_OFFLINE": "1"}


@dataclass
class Bench:
    """The running site, what is imported into it, and what was found."""

    site: OwnSite
    api: httpx2.Client
    pictures: Callable[[range, str], Path]
    memory: MemoryWatch
    missed: list[str] = field(default_factory=list)

    def title(self, text: str) -> None:
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"\n{text}   [load of the machine {load}]", flush=True)

    def goal(self, name: str, figure: str, *, reached: bool) -> None:
        """Print whether a goal is reached."""
        if not reached:
            self.missed.append(name)
        print(f"  {'reached' if reached else 'MISSED '}  {name}: {figure}", flush=True)

    def set_paused(self, stages: Sequence[str], *, paused: bool) -> None:
        for stage in stages:
            self.api.post(f"jobs/{stage}/{'pause' if paused else 'resume'}").raise_for_status()

    def wait_until_idle(self, left: int = 0) -> None:
        """Return when no more than `left` pieces of work run or are owed that could run."""
        while self.owed() > left:
            time.sleep(POLL_S)

    def owed(self) -> int:
        """How much runs or is owed that could run; looks at the memory as well."""
        stages = self.api.get("jobs").json()["stages"]
        self.memory.look(stages["analyse"]["done"])
        able = [stage for stage in stages.values() if not (stage["paused"] or stage["unavailable"])]
        return sum(stage["owed"] + stage["running"] for stage in able)

    def import_all(self, folder: Path, left: int = 0) -> None:
        """Import a folder and wait until its photos are done, but for `left` pieces of work."""
        importing = self.site.start_import(folder)
        while importing.poll() is None:
            self.owed()
            time.sleep(POLL_S)
        if importing.returncode:
            raise SystemExit(f"The import of {folder} failed; its last words are above.")
        self.wait_until_idle(left)


def measure_queue(bench: Bench, numbers: range) -> None:
    """The analysis alone, of photos that were imported before: what is not the decoders' is overhead."""
    bench.set_paused(STAGES, paused=True)
    bench.site.manage("import", str(bench.pictures(numbers, "queue")))
    bench.title(
        f"Queue and database beside the decoders: the analysis of {len(numbers)} photos, nothing else"
    )
    with metered(bench.site) as usage:
        bench.set_paused(["analyse"], paused=False)
        bench.wait_until_idle()
    usage[0].print_per_photo(len(numbers))
    beside = usage[0].beside_decoding()
    share = beside / (beside + usage[0].cpu["decoder"])
    goal = f"at most {OVERHEAD_GOAL:.0%} of the CPU is overhead"
    bench.goal(goal, f"{share:.1%}", reached=share <= OVERHEAD_GOAL)
    bench.title("The stages after it, for the same photos")
    with metered(bench.site) as usage:
        bench.set_paused(["embed", "match"], paused=False)
        bench.wait_until_idle()
    usage[0].print_per_photo(len(numbers))


def measure_speed(bench: Bench, numbers: range) -> None:
    """An import with all stages: how near its rate comes to what the cores could do."""
    cores = psutil.cpu_count() or 1
    folder = bench.pictures(numbers, "speed")
    bench.title(f"Import of {len(numbers)} photos, all stages, {cores} cores")
    with metered(bench.site) as usage:
        bench.import_all(folder)
    used = usage[0]
    used.print_per_photo(len(numbers))
    print(f"  {len(numbers) / used.wall:.1f} photos a second")
    share = used.all_cpu / (cores * used.wall)
    # Other programs may run on the machine: what counts is how much of the cores stayed idle.
    share_of_rest = used.all_cpu / (used.all_cpu + used.idle)
    bench.goal(
        f"rate at least {BUSY_GOAL} of cores / CPU of a photo",
        f"{share:.2f} of the cores, {share_of_rest:.2f} of what other programs left of them",
        reached=share_of_rest >= BUSY_GOAL,
    )


def measure_answers(bench: Bench, numbers: range, persons: range) -> None:
    """An import with all stages while a person uploads and looks at pages."""
    folder = bench.pictures(numbers, "answers")
    own = sorted(bench.pictures(persons, "person").iterdir())
    bench.title(f"Answers to a person while {len(numbers)} photos are imported")
    with Probe(bench.site, own) as probe:
        bench.import_all(folder, left=PERSONS_WORK)
    bench.goal("no request fails", f"{len(probe.errors)} failed {probe.errors[:3]}", reached=not probe.errors)
    for kind, seconds in sorted(probe.seconds.items()):
        median, p99 = median_and_p99(seconds)
        figure = f"p50 {1000 * median:.0f} ms, p99 {1000 * p99:.0f} ms ({len(seconds)} times)"
        if kind == "upload until ready":
            print(f"           {kind}: {figure}")
            continue
        goal_s = UPLOAD_P99_GOAL_S if kind == "upload" else PAGE_P99_GOAL_S
        bench.goal(f"{kind}: p99 at most {1000 * goal_s:.0f} ms", figure, reached=p99 <= goal_s)


def report_memory(bench: Bench, settled: int, span: int) -> None:
    """How much each process grew from the photos after `settled` to the last ones."""
    bench.title(f"Memory: the most in the {span} photos after the first {settled}, and in the last {span}")
    for name, (early, late) in sorted(bench.memory.growth(settled, span).items()):
        growth = late / early - 1
        figure = f"{early / 1e6:.0f} MB, then {late / 1e6:.0f} MB: {growth:+.1%}"
        goal = f"{name.split()[0]} grows by less than {GROWTH_GOAL:.0%}"
        bench.goal(goal, figure, reached=growth < GROWTH_GOAL)


def report_matches(bench: Bench) -> None:
    """The pictures are meant to have no copies; if they had, matching them would have been measured."""
    groups = bench.api.get("duplicates", params={"status": "open"}).json()["groups"]
    print(f"\nGroups of copies that were found among the made pictures: {len(groups)} on the first page")


def run(photos: Path, work: Path, options: argparse.Namespace, model: dict[str, str]) -> list[str]:
    """Measure everything; the goals that were missed."""
    count, pictures = options.photos, options.pictures or work / "pictures"
    first, second = count // 10, count // 2

    def made(numbers: range, name: str) -> Path:
        make_pictures(photos, pictures / name, numbers=numbers, large_share=options.large_share)
        return pictures / name

    with OwnSite(work / "site", model) as site, site.api() as api:
        bench = Bench(site, api, made, MemoryWatch(site))
        measure_queue(bench, range(first))
        measure_speed(bench, range(first, second))
        measure_answers(bench, range(second, count), range(count, count + min(count, PERSONS_PHOTOS_MAX)))
        settled = min(SETTLING_PHOTOS, first)
        report_memory(bench, settled, settled)
        report_matches(bench)
    return bench.missed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--model", choices=["tiny", "off"], default="tiny")
    parser.add_argument("--large-share", type=float, default=0.0, help="share of 12 megapixels")
    parser.add_argument("--pictures", type=Path, help="keep the made pictures here for the next time")
    options = parser.parse_args()
    # So that the site is stopped, too, when this is asked to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as work:
        model = NO_MODEL
        if options.model == "tiny":
            files = train(Path(work) / "model")
            model = {"CLIP_MODEL": str(files.config), "CLIP_PRETRAINED": str(files.checkpoint)}
        missed = run(options.folder, Path(work), options, model)
    print(f"\n{len(missed)} goals missed" + "".join(f"\n  {name}" for name in missed))


if __name__ == "__main__":
    main()
