"""Measure how well copies are told from look-alikes: captioned templates, screens, flat pictures and shots of them.

    python -m bench.look_alikes [--memes FOLDER] [--screens FOLDER] [--seed 1] [--numbers 4] [--half first|second]

FOLDER of --memes holds templates, that of --screens screens of one application; the flat pictures are drawn. Printed
are, for each role of a set, how many of the true pairs were found and as what, and how many pairs of different pictures
were called copies. Pairs are compared whether the index would propose them or not. With --half, only every other
template and screen is used, so that what is tuned on one half can be reported on the other.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random

import cv2

from bench.look_alike_sets import (
    Member,
    captioned_templates,
    copied_screens,
    flat_pictures,
    pictures_in,
    shots,
)
from dedup.compare import fingerprint
from dedup.compare.kinds import Kind
from dedup.compare.side import Side
from dedup.compare.verdict import compare
from gallery.embedded import cores
from gallery.imaging import decode

HALVES = {"first": 0, "second": 1}
SETS = ("memes", "screens", "flat", "shots")
NAMED_MAX = 30
NONE = "no pair"

Make = Callable[[Path], Iterator[Member]]
Pair = tuple[Member, Member]


def main() -> None:
    """Make and measure each set that the options name."""
    options = _options()
    for name, make in _sets(options):
        if name not in options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="likeness-bench-") as work:
            members = list(make(Path(work)))
            pairs = pairs_of(members, options.others, Random(options.seed))
            print(f"\n== {name}, seed {options.seed}: {len(members)} pictures", flush=True)
            tell(zip(pairs, judged(pairs, options.jobs), strict=True))


def pairs_of(members: Sequence[Member], others: int, random: Random) -> list[Pair]:
    """All true pairs, all pairs of different originals of a family, and so many other pairs of a family."""
    families = collections.defaultdict(list)
    for member in members:
        families[member.family].append(member)
    pairs = [pair for family in families.values() for pair in itertools.combinations(family, 2)]
    first = [
        pair for pair in pairs if pair[0].group == pair[1].group or (pair[0].original and pair[1].original)
    ]
    rest = sorted(set(pairs) - set(first), key=lambda pair: (pair[0].path, pair[1].path))
    return [*first, *random.sample(rest, min(others, len(rest)))]


def judged(pairs: Sequence[Pair], jobs: int) -> list[str]:
    """The kind of each pair."""
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(_kind, pairs, chunksize=64))


_sides: dict[Path, Side] = {}


def _kind(pair: Pair) -> str:
    cv2.setNumThreads(1)
    verdict = compare(*(_side(member.path) for member in pair))
    return str(verdict.kind) if verdict else NONE


def _side(path: Path) -> Side:
    """What is compared of a file; kept, since each is compared with many."""
    if path not in _sides:
        picture = decode.open_picture(path)
        stored = fingerprint.compute(picture)["features"]
        if not isinstance(stored, bytes):
            raise TypeError("A fingerprint holds its features as bytes.")
        preview = picture.rgb(fingerprint.PICTURE_SIDE_PX)
        _sides[path] = Side(fingerprint.read(stored), picture.width, picture.height, lambda: preview)
    return _sides[path]


def tell(judged_pairs: Iterable[tuple[Pair, str]]) -> None:
    """Print what was found of the true pairs by role, and what was called a copy wrongly."""
    found: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    different: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    false = []
    for (low, high), kind in judged_pairs:
        roles = " - ".join(sorted((low.role, high.role)))
        if low.group == high.group:
            found[roles][kind] += 1
            continue
        different[roles if low.original and high.original else "copies of different ones"][kind] += 1
        if kind not in (NONE, Kind.NEAR_SHOT):
            false.append(f"  {kind} {low.path.name} {high.path.name}")
    _print_kinds("true pairs", found)
    _print_kinds("pairs of different pictures", different)
    print("\n".join(false[:NAMED_MAX]), flush=True)


def _print_kinds(title: str, by_roles: dict[str, collections.Counter[str]]) -> None:
    print(f"{title + ':':32s}  copies  edited      of")
    every = sum(by_roles.values(), collections.Counter())
    for roles, counts in [*sorted(by_roles.items()), ("all", every)]:
        total = max(1, counts.total())
        copies = 100 * (total - counts[NONE] - counts[str(Kind.NEAR_SHOT)]) / total if counts else 0.0
        kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
        print(
            f"  {roles:30s} {copies:7.2f} {100 * counts[str(Kind.EDITED)] / total:7.2f} {total:7d}: {kinds}"
        )


def _sets(options: argparse.Namespace) -> Iterator[tuple[str, Make]]:
    def chosen(folder: Path) -> list[Path]:
        paths = pictures_in(folder)
        return paths[HALVES[options.half] :: 2] if options.half else paths

    seed, numbers = options.seed, range(options.numbers)
    if options.memes:
        yield "memes", partial(captioned_templates, chosen(options.memes), seed=seed)
    if options.screens:
        yield "screens", partial(copied_screens, chosen(options.screens), seed=seed)
    yield "flat", partial(flat_pictures, numbers, seed=seed)
    yield "shots", partial(shots, numbers, seed=seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--memes", type=Path, help="a folder of templates")
    parser.add_argument("--screens", type=Path, help="a folder of screens of one application")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--numbers", type=int, default=4, help="how many layouts of each kind are drawn")
    parser.add_argument("--half", choices=HALVES, help="use every other template and screen")
    parser.add_argument("--only", nargs="+", choices=SETS, default=SETS)
    parser.add_argument(
        "--others", type=int, default=1000, help="so many pairs of copies of different pictures"
    )
    parser.add_argument("--jobs", type=int, default=cores())
    options = parser.parse_args()
    for folder in (options.memes, options.screens):
        if folder is not None and not folder.is_dir():
            raise SystemExit(f"There is no folder {folder}.")
    return options


if __name__ == "__main__":
    main()
