"""Measure how many pairs of shots of one scene are said to be copies; they never are.

    python -m bench.near_shots FOLDER [--seed 1] [--pairs 400] [--jobs 2] [--show FOLDER]

Half of the pairs are drawn, half are made of the photos of FOLDER; see bench.near_pairs for what happens in them.
Printed is, by what happened and by what the camera did, how many were said to be copies, another shot (near-shot), or
no pair; then how many copies of the same shots are found. --show saves the pairs that were said to be copies.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bench.harder_kinds import KINDS
from bench.near_pairs import DRAWN_EVENTS, PHOTO_EVENTS, Pair, drawn_pair, kinds_of, photo_pair
from dedup.compare import fingerprint
from dedup.compare.kinds import Kind
from dedup.compare.side import Side
from dedup.compare.verdict import compare

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
# So many pairs of a hundred are also asked for copies of their first shot.
COPIES_PERCENT = 20
COPY_KINDS = ("jpegq10", "blur", "hue", "stickers")
COPY_QUALITY = 90


@dataclass(frozen=True)
class Task:
    """One pair to be made: of a photo and another one, or drawn where there are none."""

    seed: int
    event: str
    camera: str
    photos: tuple[Path, Path] | None

    def made(self) -> Pair:
        """The pair."""
        if self.photos is None:
            return drawn_pair(self.seed, self.event, self.camera)
        photo, other = map(_read, self.photos)
        return photo_pair(photo, other, self.seed, self.event, self.camera)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    options = _options(arguments)
    photos = sorted(path for path in options.folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
    tasks = tasks_of(photos, options.seed, options.pairs)
    with ProcessPoolExecutor(options.jobs) as pool:
        said = list(pool.map(partial(judged, show=options.show), tasks, chunksize=4))
        chosen = tasks[:: 100 // COPIES_PERCENT]
        copies = Counter(one for some in pool.map(copies_found, chosen, chunksize=4) for one in some)
    for title, names in (
        ("event", [task.event for task in tasks]),
        ("camera", [task.camera for task in tasks]),
    ):
        print_table(title, names, said)
    for name in COPY_KINDS:
        print(
            f"copies found, {name:20s} {copies[name, True]:5d} of {copies[name, True] + copies[name, False]}"
        )


def tasks_of(photos: Sequence[Path], seed: int, count: int) -> list[Task]:
    """So many pairs, drawn ones and those of photos by turns, every event with every camera equally often."""
    kinds = kinds_of(DRAWN_EVENTS), kinds_of(PHOTO_EVENTS)
    chosen = random.Random(seed)
    tasks = []
    for place in range(count):
        of_photos = place % 2 == 1 and len(photos) > 1
        event, camera = kinds[of_photos][place // 2 % len(kinds[of_photos])]
        photo, other = chosen.sample(photos, 2) if of_photos else (None, None)
        two = (photo, other) if photo and other else None
        tasks.append(Task(seed * 1_000_000 + place, event, camera, two))
    return tasks


def judged(task: Task, show: Path | None = None) -> Kind | None:
    """What is said of a pair; saves it where it is wrongly said to be a copy."""
    pair = task.made()
    verdict = compare(side_of(pair.low), side_of(pair.high))
    kind = None if verdict is None else verdict.kind
    if show is not None and kind not in (None, Kind.NEAR_SHOT):
        show.mkdir(parents=True, exist_ok=True)
        both = np.hstack([np.asarray(ImageOps.pad(one, pair.low.size)) for one in (pair.low, pair.high)])
        Image.fromarray(both).save(show / f"{task.event}-{task.camera}-{task.seed}.png".replace(" ", "_"))
    return kind


def copies_found(task: Task) -> list[tuple[str, bool]]:
    """Which copies of the first shot of a pair are found."""
    shot = task.made().low
    original = side_of(shot)
    found = []
    for name in COPY_KINDS:
        verdict = compare(original, side_of(KINDS[name](shot, random.Random(task.seed))))
        found.append((name, verdict is not None and verdict.kind is not Kind.NEAR_SHOT))
    return found


def print_table(title: str, names: Sequence[str], said: Sequence[Kind | None]) -> None:
    """A row for each name: pairs, and how many of them were said to be what."""
    print(f"{title:26s} pairs copies near-shot no pair")
    for name in [*dict.fromkeys(names), "all"]:
        some = [kind for one, kind in zip(names, said, strict=True) if name in (one, "all")]
        shots, none = some.count(Kind.NEAR_SHOT), some.count(None)
        print(f"{name:26s} {len(some):5d} {len(some) - shots - none:6d} {shots:9d} {none:7d}")


def side_of(image: Image.Image) -> Side:
    """One side of a comparison."""
    shown = _Shown(image)
    stored = fingerprint.compute(shown)["features"]
    if not isinstance(stored, bytes):
        raise TypeError("A fingerprint holds its features as bytes.")
    loader = partial(shown.rgb, fingerprint.PICTURE_SIDE_PX)
    return Side(fingerprint.read(stored), image.width, image.height, load_preview=loader)


class _Shown:
    """A picture as a fingerprint wants it."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    def rgb(self, long_side_px: int) -> NDArray[np.uint8]:
        image = self._image.copy()
        image.thumbnail((long_side_px, long_side_px), Image.Resampling.LANCZOS)
        return np.asarray(image, np.uint8)


def _read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    picture.thumbnail((2 * fingerprint.PICTURE_SIDE_PX,) * 2, Image.Resampling.LANCZOS)
    return np.asarray(picture, np.uint8)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=Path)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main(sys.argv[1:])
