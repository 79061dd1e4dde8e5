"""Measure the comparison on a folder of pictures.

    python -m bench.detect SET [--scorer SCRIPT] [--candidates words|hash|brute] [--jobs 2] [--out FOLDER]

SET is a folder with `images/` and `truth.csv` (columns file, group, kind: two files are a true pair when their group is
equal), or a folder of pictures, whose pairs are then listed. SCRIPT is called with SET and the pairs found (near-shots
left out), written to FOLDER (default: the current one) as pairs.json. Times are CPU milliseconds.
"""

import argparse
import collections
import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from dedup.compare import fingerprint, local_features
from dedup.compare.kinds import Kind
from dedup.compare.phash import turn_distances
from dedup.compare.verdict import Side, Verdict, compare

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff"}
HASH_RADIUS_BITS = 31
SHARED_WORDS_MIN = 3
COMMON_WORD_SHARE = 0.02
SIDES_KEPT = 150

Pair = tuple[str, str]
Judged = tuple[Pair, Verdict | None, float]


class FilePicture:
    """A picture file as the fingerprint wants it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rgb(self, long_side_px: int) -> NDArray[np.uint8]:
        """Return the upright picture, uint8 (height, width, 3)."""
        image = pyvips.Image.thumbnail(str(self._path), long_side_px, height=long_side_px, size="down")
        image = image.colourspace("srgb")
        image = image.flatten(background=255) if image.hasalpha() else image
        return np.asarray(image.extract_band(0, n=3).cast("uchar").numpy(), np.uint8)


def take_fingerprint(path: Path) -> tuple[str, bytes, tuple[int, int], float]:
    """Return name, stored fingerprint, upright size and CPU milliseconds (decoding apart)."""
    cv2.setNumThreads(1)
    picture = FilePicture(path)
    rgb = picture.rgb(fingerprint.PICTURE_SIDE_PX)
    picture.rgb = lambda long_side_px: rgb  # type: ignore[method-assign]  # decode outside of the clock
    start = time.process_time()
    record = fingerprint.compute(picture)
    spent = 1000 * (time.process_time() - start)
    stored = record["features"]
    header = pyvips.Image.new_from_file(str(path)).autorot()
    return path.name, stored if isinstance(stored, bytes) else b"", (header.width, header.height), spent


def word_candidates(prints: dict[str, fingerprint.Fingerprint]) -> set[Pair]:
    """Return pairs that share words, upright or mirrored; words that very many pictures have do not count."""
    names = sorted(prints)
    common = max(50, int(COMMON_WORD_SHARE * len(names)))
    holders: dict[int, list[int]] = collections.defaultdict(list)
    for place, name in enumerate(names):
        for word in local_features.words(prints[name].features).tolist():
            holders[word].append(place)
    found = set()
    for name in names:
        features = prints[name].features
        for view in (features, features.mirrored()):
            lists = [holders.get(word, []) for word in local_features.words(view).tolist()]
            votes = collections.Counter(other for one in lists if len(one) <= common for other in one)
            found |= {
                _pair(name, names[other]) for other, count in votes.items() if count >= SHARED_WORDS_MIN
            }
    return {pair for pair in found if pair[0] != pair[1]}


def hash_candidates(prints: dict[str, fingerprint.Fingerprint]) -> set[Pair]:
    """Return pairs whose hashes lie within the radius in one of the eight turns."""
    names = sorted(name for name, one in prints.items() if one.quality >= 50)
    return {
        (first, second)
        for place, first in enumerate(names)
        for second in names[place + 1 :]
        if min(turn_distances(prints[first].turned, prints[second].turned[0])) <= HASH_RADIUS_BITS
    }


class Judge:
    """Compares pairs of one folder, holding the previews of the latest."""

    def __init__(self, folder: Path, stored: dict[str, tuple[bytes, tuple[int, int]]]) -> None:
        self._folder = folder
        self._stored = stored
        self._side = lru_cache(SIDES_KEPT)(self._load)

    def __call__(self, pairs: Iterable[Pair]) -> list[Judged]:
        cv2.setNumThreads(1)
        return list(self._judge(pairs))

    def _judge(self, pairs: Iterable[Pair]) -> Iterator[Judged]:
        for pair in pairs:
            low, high = self._side(pair[0]), self._side(pair[1])
            start = time.process_time()
            verdict = compare(low, high)
            yield pair, verdict, 1000 * (time.process_time() - start)

    def _load(self, name: str) -> Side:
        stored, (width, height) = self._stored[name]
        rgb = FilePicture(self._folder / name).rgb(fingerprint.PICTURE_SIDE_PX)
        return Side(fingerprint.read(stored), width, height, load_preview=lambda: rgb)


def judge_all(
    folder: Path, stored: dict[str, tuple[bytes, tuple[int, int]]], pairs: list[Pair], jobs: int
) -> list[Judged]:
    """Compare all pairs in `jobs` processes; pairs that share pictures stay together."""
    pairs = sorted(pairs)
    size = max(1, min(400, len(pairs) // (4 * jobs) + 1))
    chunks = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(folder, stored)) as pool:
        return [judged for chunk in pool.map(_judge_chunk, chunks) for judged in chunk]


def _begin(folder: Path, stored: dict[str, tuple[bytes, tuple[int, int]]]) -> None:
    _judges.append(Judge(folder, stored))


def _judge_chunk(pairs: list[Pair]) -> list[Judged]:
    return _judges[0](pairs)


_judges: list[Judge] = []  # one in each process of the pool


def report(judged: list[Judged], truth: dict[str, tuple[str, str]]) -> None:
    """Print which kinds of verdict each kind of change got, and every false pair by name."""
    verdicts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    false = []
    for (first, second), verdict, _ in judged:
        same = truth[first][0] == truth[second][0]
        kinds = {truth[first][1], truth[second][1]} - {"original"}
        if same and len(kinds) == 1 and "original" in (truth[first][1], truth[second][1]):
            verdicts[kinds.pop()][str(verdict.kind) if verdict else "none"] += 1
        if not same and verdict is not None:
            false.append(f"{verdict.kind} {first} {second}: {verdict.sentence}")
    for kind, counts in sorted(verdicts.items()):
        print(f"{kind:12s}", ", ".join(f"{name} {count}" for name, count in counts.most_common()))
    print(f"{len(false)} false pairs, near-shots included")
    for line in false:
        print("  false:", line)


def times(prints: list[float], judged: list[Judged]) -> None:
    """Print CPU milliseconds per fingerprint and per comparison."""
    accepted = [spent for _, verdict, spent in judged if verdict is not None]
    refused = [spent for _, verdict, spent in judged if verdict is None]
    print(f"fingerprint {np.mean(prints):.1f} ms over {len(prints)} pictures")
    for name, spent in (("proven", accepted), ("refused", refused)):
        print(f"comparison, {name}: {np.mean(spent or [0]):.1f} ms over {len(spent)} pairs")


def main(arguments: list[str]) -> None:
    """Fingerprint, find candidates, compare, report."""
    options = _options(arguments)
    folder = options.set / "images" if (options.set / "images").is_dir() else options.set
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        sys.exit(f"{folder} holds no pictures")
    with ProcessPoolExecutor(options.jobs) as pool:
        taken = list(pool.map(take_fingerprint, paths, chunksize=8))
    stored = {name: (record, size) for name, record, size, _ in taken}
    prints = {name: fingerprint.read(record) for name, (record, _) in stored.items()}
    pairs = _candidates(options.candidates, prints)
    judged = judge_all(folder, stored, sorted(pairs), options.jobs)
    found = [
        [*pair] for pair, verdict, _ in judged if verdict is not None and verdict.kind is not Kind.NEAR_SHOT
    ]
    output = options.out / "pairs.json"
    output.write_text(json.dumps(found))
    times([spent for *_, spent in taken], judged)
    if not (options.set / "truth.csv").exists():
        for (first, second), verdict, _ in judged:
            if verdict is not None:
                print(f"{verdict.kind:12s} {verdict.confidence:.3f} {first} {second}: {verdict.sentence}")
        return
    with (options.set / "truth.csv").open() as lines:
        truth = {row["file"]: (row["group"], row["kind"]) for row in csv.DictReader(lines)}
    _candidate_recall(pairs, truth)
    report(judged, truth)
    if options.scorer:
        subprocess.run([sys.executable, options.scorer, options.set, output], check=True)


def _candidates(how: str, prints: dict[str, fingerprint.Fingerprint]) -> set[Pair]:
    if how == "brute":
        names = sorted(prints)
        return {(first, second) for place, first in enumerate(names) for second in names[place + 1 :]}
    found = hash_candidates(prints)
    return found | word_candidates(prints) if how == "words" else found


def _candidate_recall(pairs: set[Pair], truth: dict[str, tuple[str, str]]) -> None:
    groups = collections.Counter(group for group, _ in truth.values())
    total = sum(count * (count - 1) // 2 for count in groups.values())
    true = sum(truth[first][0] == truth[second][0] for first, second in pairs)
    print(f"candidates: {len(pairs)} pairs, {100 * true / max(1, total):.2f} % of the true ones")


def _pair(first: str, second: str) -> Pair:
    return (first, second) if first < second else (second, first)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", type=Path)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--candidates", choices=("words", "hash", "brute"), default="words")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path())
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
