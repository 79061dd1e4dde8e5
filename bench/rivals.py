"""Other tools that find duplicates, each as a function from a folder of pictures to pairs of names.

They are installed apart from the product (requirements-rivals.txt, `make bench-detect`). One that is not there is
reported as absent.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dedup.folder.nearest import near_hashes

Pairs = set[tuple[str, str]]

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff"}
# The distance that both libraries' users start with, of 64 bits.
HASH_BITS = 10
# PDQ: what its authors call a match, and what finds most without a false photo pair; and their least quality.
PDQ_BITS = (31, 60)
PDQ_QUALITY_MIN = 50
PDQ_SIDE_PX = 512
# Cosines: what its documentation calls near duplicates, and as many neighbours as a dense set has.
FASTDUP_COSINE = 0.9
FASTDUP_NEIGHBOURS = 20
HASHES: dict[str, Callable[[Image.Image], imagehash.ImageHash]] = {
    "pHash": imagehash.phash,
    "dHash": imagehash.dhash,
    "aHash": imagehash.average_hash,
}


@dataclass(frozen=True)
class Rival:
    """A tool: the module that it needs, and how it finds pairs in a folder with so many processes."""

    name: str
    module: str
    find: Callable[[Path, int], Pairs]

    def pairs(self, folder: Path, jobs: int) -> Pairs:
        """What it finds; what it prints meanwhile is not shown."""
        with _hushed():
            return self.find(folder, jobs)

    def absence(self) -> str:
        """Why it cannot run here; "" when it can."""
        try:
            if self.module.startswith("imagededup"):
                # It imports torchvision, which needs this where its compiled part does not fit torch.
                importlib.import_module("gallery.imaging.torchvision_ops")
            importlib.import_module(self.module)
        except ImportError as error:
            return str(error)
        return ""


def rivals() -> Iterator[Rival]:
    """All of them, whether or not they are installed."""
    for name in HASHES:
        yield Rival(f"imagehash {name} {HASH_BITS}", "imagehash", partial(by_imagehash, name))
    for name in ("PHash", "DHash", "AHash"):
        yield Rival(f"imagededup {name} {HASH_BITS}", "imagededup.methods", partial(by_imagededup, name))
    for bits in PDQ_BITS:
        yield Rival(f"PDQ {bits} with flips", "pdqhash", partial(by_pdq, bits))
    yield Rival(f"fastdup {FASTDUP_COSINE}", "fastdup", by_fastdup)


def by_imagehash(name: str, folder: Path, jobs: int) -> Pairs:
    """Hashes of 64 bits, at most HASH_BITS apart."""
    files = _files(folder)
    with ProcessPoolExecutor(jobs) as pool:
        hashes = list(pool.map(partial(_imagehash, name), files, chunksize=16))
    table = np.packbits(np.array(hashes), axis=1)
    return {_pair(files[i], files[j]) for i, j, _ in near_hashes(table, HASH_BITS)}


def _imagehash(name: str, file: Path) -> NDArray[np.bool_]:
    with Image.open(file) as image:
        return np.asarray(HASHES[name](image).hash.ravel(), np.bool_)


def by_imagededup(name: str, folder: Path, jobs: int) -> Pairs:
    """Its own hashes and its own search."""
    method = getattr(importlib.import_module("imagededup.methods"), name)(verbose=False)
    encodings = method.encode_images(image_dir=folder, num_enc_workers=jobs)
    found = method.find_duplicates(
        encoding_map=encodings, max_distance_threshold=HASH_BITS, num_dist_workers=jobs
    )
    return {_pair(Path(one), Path(other)) for one, others in found.items() for other in others}


def by_pdq(bits: int, folder: Path, jobs: int) -> Pairs:
    """Hashes of 256 bits, each with those of all eight flips and turns of the other, of pictures that show enough."""
    files = _files(folder)
    with ProcessPoolExecutor(jobs) as pool:
        made = list(pool.map(_pdq, files, chunksize=16))
    clear = [place for place, (_, quality) in enumerate(made) if quality >= PDQ_QUALITY_MIN]
    if not clear:
        return set()
    turned = np.stack([np.packbits(made[place][0], axis=1).view(np.uint64) for place in clear])
    upright = turned[:, 0]
    pairs = set()
    for row, place in enumerate(clear):
        distances = np.bitwise_count(turned[row, :, None] ^ upright[None, row + 1 :]).sum(axis=2).min(axis=0)
        pairs |= {
            _pair(files[place], files[clear[row + 1 + other]]) for other in np.flatnonzero(distances <= bits)
        }
    return pairs


def _pdq(file: Path) -> tuple[NDArray[np.uint8], int]:
    """The hashes (8, 256) of a picture's flips and turns, and its quality."""
    pdqhash: Any = importlib.import_module("pdqhash")
    with Image.open(file) as image:
        small = image.convert("RGB")
    small.thumbnail((PDQ_SIDE_PX, PDQ_SIDE_PX))
    hashes, quality = pdqhash.compute_dihedral(np.asarray(small))
    return np.array(hashes, np.uint8), int(quality)


def by_fastdup(folder: Path, jobs: int) -> Pairs:
    """Its neural features and its nearest neighbours."""
    os.environ["SENTRY_OPT_OUT"] = "1"
    fastdup: Any = importlib.import_module("fastdup")
    with tempfile.TemporaryDirectory() as work:
        run = fastdup.create(work_dir=work, input_dir=str(folder))
        options = {"threshold": FASTDUP_COSINE, "nearest_neighbors_k": FASTDUP_NEIGHBOURS}
        run.run(**options, overwrite=True, verbose=False, num_threads=jobs, print_summary=False)
        table = run.similarity()
    if table.empty:  # it has no columns then
        return set()
    return {
        _pair(Path(one), Path(other))
        for one, other in zip(table["filename_from"], table["filename_to"], strict=True)
        if one != other
    }


@contextmanager
def _hushed() -> Iterator[None]:
    """Standard output and error go nowhere, compiled code's too."""
    sys.stdout.flush()
    kept = [os.dup(number) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(nowhere, number)
        yield
    finally:
        sys.stdout.flush()
        for number, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _pair(one: Path, other: Path) -> tuple[str, str]:
    return (one.name, other.name) if one.name < other.name else (other.name, one.name)
