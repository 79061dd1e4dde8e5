"""Sets of photos and changed copies of them, with the truth about each file, made by the tool `make_variants.py`.

A set is a folder with `images/` and `truth.csv` (columns file, group, kind: two files are a true pair when their groups
are equal; the kind is `original`, a change, or begins with `trap`).
"""

from __future__ import annotations

import csv
import importlib.util
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from PIL import Image, ImageOps

from bench.harder_kinds import KINDS as HARDER_KINDS

MAKER = "make_variants.py"
TRAPS = 60
# As the module of the harder kinds asks for.
HARDER_QUALITY = 90
PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}

Row = tuple[str, str, str]
Truth = dict[str, tuple[str, str]]


def dense_set(tools: Path, photos: Path, folder: Path, *, seed: int, sources: int, jobs: int) -> Path:
    """Every change of `sources` photos, among all photos and traps."""
    numbers = [f"--sources={sources}", f"--seed={seed}", f"--traps={TRAPS}", f"--jobs={jobs}"]
    subprocess.run([sys.executable, str(tools / MAKER), str(photos), str(folder), *numbers], check=True)
    return folder


def sparse_set(tools: Path, photos: Path, folder: Path, *, seed: int) -> Path:
    """One change of every photo, all changes equally often, among the photos and traps."""
    maker = _maker(tools)
    images, rows = _with_originals(photos, folder)
    sources = _photos(photos)
    random.Random(f"{seed}:sparse").shuffle(sources)
    kinds = list(maker.KINDS)
    for place, source in enumerate(sources):
        rows += maker.one((str(source), str(images), seed, [kinds[place % len(kinds)]]))
    rows += [maker.trap(number, str(images), seed) for number in range(TRAPS)]
    return _save(folder, rows)


def harder_set(photos: Path, folder: Path, *, seed: int, sources: int) -> Path:
    """Every harder change (see bench.harder_kinds) of `sources` photos, among all photos."""
    images, rows = _with_originals(photos, folder)
    paths = _photos(photos)
    for source in random.Random(f"{seed}:harder").sample(paths, min(sources, len(paths))):
        with Image.open(source) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
        for kind, change in HARDER_KINDS.items():
            name = f"{source.stem}__{kind}.jpg"
            changed = change(picture, random.Random(f"{seed}:{source.stem}:{kind}"))
            changed.convert("RGB").save(images / name, quality=HARDER_QUALITY)
            rows.append((name, source.stem, kind))
    return _save(folder, rows)


def read_truth(folder: Path) -> Truth:
    """The group and the kind of each file of a set."""
    with (folder / "truth.csv").open(newline="") as lines:
        return {row["file"]: (row["group"], row["kind"]) for row in csv.DictReader(lines)}


def _photos(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)


def _with_originals(photos: Path, folder: Path) -> tuple[Path, list[Row]]:
    images = folder / "images"
    images.mkdir(parents=True)
    for path in _photos(photos):
        shutil.copyfile(path, images / path.name)
    return images, [(path.name, path.stem, "original") for path in _photos(photos)]


def _save(folder: Path, rows: Iterable[Row]) -> Path:
    with (folder / "truth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "group", "kind"))
        writer.writerows(sorted(rows))
    return folder


def _maker(tools: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_variants", tools / MAKER)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{tools} holds no {MAKER}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
