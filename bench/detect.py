"""Measure how well and how fast copies are found, beside other tools.

    python -m bench.detect FOLDER                       compares all pictures of a folder and lists the pairs
    python -m bench.detect PHOTOS --tools TOOLS         scores sets that TOOLS/make_variants.py makes of the photos
    python -m bench.detect PHOTOS --crop-pairs FOLDER --look-alikes FOLDER ...

Sets: dense (every change of --sources photos among all photos and traps), sparse (one change of every photo) and harder
(see bench.harder_kinds), for each of --seeds. TOOLS/score_pairs.py scores the pairs of every tool; shots of another
moment (near-shot) do not count as found. FOLDER of --crop-pairs holds NNN_full and NNN_crop of the same photos; in the
folders of --look-alikes every pair is false, unless it has identical pixels.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.own_engine import OwnRun, Pairs, run_engine
from bench.rivals import Rival, rivals
from bench.sets import Truth, dense_set, harder_set, read_truth, sparse_set
from dedup.compare.kinds import Kind
from gallery.embedded import cores

OWN = "Likeness"
SCORER = "score_pairs.py"
SET_KINDS = ("dense", "sparse", "harder")
FALSE_SHOWN = 50
_SUMMARY = re.compile(
    r"mean (?P<mean>[\d.]+)\s+true-pair recall (?P<recall>[\d.]+)\s+precision (?P<precision>[\d.]+)\s+"
    r"false photo pairs (?P<photos>\d+)\s+false trap pairs (?P<traps>\d+)"
)
_KIND = re.compile(r"^(\w+)\s+([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Score:
    """How a tool did on a set: the share (percent) of each kind that was paired with its original, and the sums."""

    tool: str
    kinds: dict[str, float]
    summary: dict[str, str]
    seconds: float


def main(arguments: Sequence[str]) -> None:
    """Measure what the options name."""
    options = _options(arguments)
    if not options.tools and not options.crop_pairs and not options.look_alikes:
        list_pairs(options.photos, options.out, options.jobs)
        return
    present = [] if options.no_rivals else _present()
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as work:
        for seed in options.seeds if options.tools else ():
            for kind in options.sets:
                measure_set(
                    options, _made(options, kind, seed, Path(work) / f"{kind}-{seed}"), kind, seed, present
                )
    if options.crop_pairs:
        measure_crop_pairs(options.crop_pairs, options.jobs, present)
    for folder in options.look_alikes:
        measure_look_alikes(folder, options.jobs, present)


def list_pairs(folder: Path, out: Path, jobs: int) -> None:
    """Print every pair of a folder and what finding them cost; write the names of the copies to out/pairs.json."""
    run = run_engine(folder, jobs=jobs)
    for pair in run.found:
        print(f"{pair.kind:16s} {pair.confidence:.3f} {pair.low.name} {pair.high.name}: {pair.why}")
    for problem in run.problems:
        print(f"not read: {problem.file}: {problem.why}")
    print(f"{run.pictures} pictures, {len(run.found)} pairs")
    run.print_costs()
    (out / "pairs.json").write_text(json.dumps(sorted(run.pairs())))


def measure_set(
    options: argparse.Namespace, folder: Path, kind: str, seed: int, present: Sequence[Rival]
) -> None:
    """Print the table of one set, what is false by name, and what our own engine cost."""
    truth = read_truth(folder)
    run = run_engine(folder / "images", jobs=options.jobs)
    scores = [_score(options.tools, folder, OWN, run.pairs(), run.seconds)]
    for rival in present:
        pairs, seconds = _timed(partial(rival.pairs, folder / "images", options.jobs))
        scores.append(_score(options.tools, folder, rival.name, pairs, seconds))
    print(f"\n== {kind} set, seed {seed}: {len(truth)} files of {options.photos}")
    _print_table(scores)
    _print_own(run, truth)


def measure_crop_pairs(folder: Path, jobs: int, present: Sequence[Rival]) -> None:
    """Print how many of the crops are paired with their photo, and what else is paired."""
    names = sorted(path.name for path in folder.iterdir())
    by_number = collections.defaultdict(list)
    for name in names:
        by_number[name.partition("_")[0]].append(name)
    true = {(files[0], files[1]) for files in by_number.values() if len(files) == 2}
    run = run_engine(folder, jobs=jobs)
    found = {OWN: run.pairs(), **{rival.name: rival.pairs(folder, jobs) for rival in present}}
    print(f"\n== crops in {folder}: {len(true)} true pairs")
    for tool, pairs in found.items():
        print(
            f"{tool:24s} {100 * len(pairs & true) / max(1, len(true)):6.1f} % found, {len(pairs - true)} false"
        )
    _print_false(run, run.pairs() - true)
    run.print_costs()


def measure_look_alikes(folder: Path, jobs: int, present: Sequence[Rival]) -> None:
    """Print what is said to be a copy where nothing is, other than identical pixels."""
    run = run_engine(folder, jobs=jobs)
    identical = {(pair.low.name, pair.high.name) for pair in run.found if pair.kind is Kind.IDENTICAL_PIXELS}
    possible = run.pictures * (run.pictures - 1) // 2
    found = {OWN: run.pairs(), **{rival.name: rival.pairs(folder, jobs) for rival in present}}
    print(f"\n== look-alikes in {folder}: {run.pictures} pictures, {possible} pairs")
    for tool, pairs in found.items():
        false = len(pairs - identical)
        print(f"{tool:24s} {false:6d} said to be copies, {10_000 * false / max(1, possible):.2f} in 10,000")
    shots = sum(pair.kind is Kind.NEAR_SHOT for pair in run.found)
    print(f"{shots} more are said to be another shot or another state of the screen (near-shot)")
    _print_false(run, run.pairs() - identical)


def _made(options: argparse.Namespace, kind: str, seed: int, folder: Path) -> Path:
    makers: dict[str, Callable[[], Path]] = {
        "dense": lambda: dense_set(
            options.tools, options.photos, folder, seed=seed, sources=options.sources, jobs=options.jobs
        ),
        "sparse": lambda: sparse_set(options.tools, options.photos, folder, seed=seed),
        "harder": lambda: harder_set(options.photos, folder, seed=seed, sources=options.sources),
    }
    return makers[kind]()


def _present() -> list[Rival]:
    """The rivals that are installed; the others are named."""
    present = []
    for rival in rivals():
        if absence := rival.absence():
            print(f"absent: {rival.name} ({absence})")
        else:
            present.append(rival)
    return present


def _timed(find: Callable[[], Pairs]) -> tuple[Pairs, float]:
    started = time.monotonic()
    return find(), time.monotonic() - started


def _score(tools: Path, folder: Path, tool: str, pairs: Pairs, seconds: float) -> Score:
    """What the scorer says of the pairs."""
    file = folder / "pairs.json"
    file.write_text(json.dumps(sorted(pairs)))
    command = [sys.executable, str(tools / SCORER), str(folder), str(file)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    summary = _SUMMARY.search(said)
    if summary is None:
        raise SystemExit(f"{tools / SCORER} said something else than expected:\n{said}")
    kinds = {kind: float(share) for kind, share in _KIND.findall(said)}
    return Score(tool, kinds, summary.groupdict(), seconds)


def _print_table(scores: Sequence[Score]) -> None:
    """Kinds of change downwards, tools across; then the sums, a tool in a line."""
    width = max(len(score.tool) for score in scores)
    for number, score in enumerate(scores):
        print(f"  [{number}] {score.tool}")
    print(f"{'kind':16s}" + "".join(f"{f'[{number}]':>7s}" for number in range(len(scores))))
    for kind in sorted(scores[0].kinds):
        print(f"{kind:16s}" + "".join(f"{score.kinds[kind]:7.1f}" for score in scores))
    print(f"{'':{width}s}    mean  recall  precision  false photo  false trap  seconds")
    for score in scores:
        sums = score.summary
        print(
            f"{score.tool:{width}s}  {sums['mean']:>6s}  {sums['recall']:>6s}  {sums['precision']:>9s}"
            f"  {sums['photos']:>11s}  {sums['traps']:>10s}  {score.seconds:7.1f}"
        )


def _print_own(run: OwnRun, truth: Truth) -> None:
    """Candidates, costs, and false pairs by name."""
    sizes = collections.Counter(group for group, _ in truth.values())
    total = sum(count * (count - 1) // 2 for count in sizes.values())
    true = sum(truth[low][0] == truth[high][0] for low, high in run.compared)
    print(f"candidates: {len(run.compared)} pairs, {100 * true / max(1, total):.2f} % of the true ones")
    run.print_costs()
    _print_false(run, {pair for pair in run.pairs() if truth[pair[0]][0] != truth[pair[1]][0]})


def _print_false(run: OwnRun, false: Pairs) -> None:
    print(f"{len(false)} false pairs of {OWN}{':' if false else ''}")
    listed = [pair for pair in run.found if (pair.low.name, pair.high.name) in false]
    for pair in listed[:FALSE_SHOWN]:
        print(f"  {pair.kind} {pair.low.name} {pair.high.name}: {pair.why}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--tools", type=Path, help="the folder of make_variants.py and score_pairs.py")
    parser.add_argument("--seeds", type=_numbers, default=[1])
    parser.add_argument("--sets", type=_set_kinds, default=list(SET_KINDS))
    parser.add_argument("--sources", type=int, default=115)
    parser.add_argument("--crop-pairs", type=Path)
    parser.add_argument("--look-alikes", type=Path, nargs="+", default=[])
    parser.add_argument("--no-rivals", action="store_true")
    parser.add_argument("--jobs", type=int, default=cores())
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args(arguments)
    for folder in [options.photos, options.tools, options.crop_pairs, *options.look_alikes]:
        if folder is not None and not folder.is_dir():
            raise SystemExit(f"There is no folder {folder}.")
    return options


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _set_kinds(text: str) -> list[str]:
    kinds = text.split(",")
    if not set(kinds) <= set(SET_KINDS):
        raise argparse.ArgumentTypeError(f"there are the sets {', '.join(SET_KINDS)}")
    return kinds


if __name__ == "__main__":
    main(sys.argv[1:])
