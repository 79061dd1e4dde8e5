"""Measure what the analysis of a photo costs beside the bare decoding of the same file.

    python -m bench.analysis FOLDER [--rounds 5]

The floor is libjpeg-turbo's decode at the smallest scale (of a half, a quarter, an eighth) that still holds 1440 px, by
the quickest of three bindings, and the SHA-256 of the file. Beside it, in turns within one run and on one core: this
library's analysis (three previews, metadata, palette, placeholder, sharpness, perceptual hash; local features apart),
the same through the guarded process with all its messages, Pillow with a decode for every product, and libvips with a
decode for every product, which is how LibrePhotos works. All times are CPU milliseconds, the least of all rounds.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

# Before the libraries are loaded: the figures are for one core, as in the workers.
os.environ |= dict.fromkeys(("VIPS_CONCURRENCY", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import cv2
import imagehash
import numpy as np
import psutil
import pyvips
import simplejpeg
from PIL import Image, ImageOps

from dedup.compare import local_features
from dedup.compare.fingerprint import PICTURE_SIDE_PX
from dedup.compare.phash import hash_picture
from gallery.imaging import colour, metadata, previews, quality
from gallery.imaging.decode import BASE_PX, open_picture
from gallery.imaging.guard import GuardedDecoder
from gallery.imaging.jpeg import shrink_for
from gallery.imaging.sizes import PREVIEW_SIZES_PX

ANALYSERS = [
    ("previews", "gallery.imaging.previews:compute"),
    ("metadata", "gallery.imaging.metadata:compute"),
    ("colour", "gallery.imaging.colour:compute"),
    ("quality", "gallery.imaging.quality:compute"),
    ("fingerprint", "dedup.compare.fingerprint:compute"),
]
CV_SCALES = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
CLASSES = {"12 megapixels (10 to 15)": (10, 15), "0.2 megapixels (0.1 to 0.3)": (0.1, 0.3)}


def sha256(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256").digest()


def decode_by_pillow(path: Path) -> None:
    with Image.open(path) as image:
        shrink = shrink_for(max(image.size), BASE_PX)
        image.draft("RGB", (image.width // shrink, image.height // shrink))
        image.load()


def decode_by_opencv(path: Path) -> None:
    content = np.fromfile(path, np.uint8)
    with Image.open(path) as image:
        shrink = shrink_for(max(image.size), BASE_PX)
    cv2.imdecode(content, CV_SCALES[shrink] | cv2.IMREAD_IGNORE_ORIENTATION)


def decode_by_turbojpeg(path: Path) -> None:
    content = path.read_bytes()
    height, width, *_ = simplejpeg.decode_jpeg_header(content)
    shrink = shrink_for(max(width, height), BASE_PX)
    simplejpeg.decode_jpeg(content, min_width=-(-width // shrink), min_height=-(-height // shrink))


def ours(path: Path) -> None:
    picture = open_picture(path)
    for analyser in (previews, metadata, colour, quality):
        analyser.compute(picture)
    hash_picture(picture.rgb(PICTURE_SIDE_PX))


def features_alone(path: Path) -> Callable[[], None]:
    rgb = open_picture(path).rgb(PICTURE_SIDE_PX)

    def run() -> None:
        local_features.extract(rgb)

    return run


def by_pillow(path: Path) -> None:
    """A decode for each preview, each hash, each palette."""
    for size in PREVIEW_SIZES_PX:
        with Image.open(path) as image:
            small = ImageOps.exif_transpose(image).convert("RGB")
            small.thumbnail((size, size), Image.Resampling.LANCZOS)
            small.save(io.BytesIO(), "WEBP", quality=80)
    with Image.open(path) as image:
        imagehash.phash(image)
    with Image.open(path) as image:
        image.convert("RGB").resize((64, 64)).quantize(6)


def by_vips(path: Path) -> None:
    """A decode for each preview by libvips, then Pillow for the hash."""
    for size in PREVIEW_SIZES_PX:
        small = pyvips.Image.thumbnail(str(path), size, height=size, size="down")
        small.webpsave_buffer(Q=80, keep="none")
    with Image.open(path) as image:
        imagehash.phash(image)


def cpu_ms(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return 1000 * (time.process_time() - started)


def guarded_cpu_ms(decoder: GuardedDecoder, path: Path, media_type: str) -> float:
    """CPU of this process and of the decoder process for one whole analysis, messages and local features included."""
    before = with_children()
    decoder.analyse(path, ANALYSERS, media_type)
    return 1000 * (with_children() - before)


def with_children() -> float:
    own = psutil.Process()
    times = [process.cpu_times() for process in [own, *own.children(recursive=True)]]
    return sum(spent.user + spent.system for spent in times)


def measure(path: Path, rounds: int, decoder: GuardedDecoder) -> dict[str, float]:
    """The least CPU milliseconds of each way for one file; the ways take turns."""
    ways: dict[str, Callable[[], object]] = {
        "sha256": lambda: sha256(path),
        "decode, Pillow": lambda: decode_by_pillow(path),
        "decode, OpenCV": lambda: decode_by_opencv(path),
        "decode, TurboJPEG": lambda: decode_by_turbojpeg(path),
        "ours": lambda: ours(path),
        "local features": features_alone(path),
        "Pillow, a decode each": lambda: by_pillow(path),
        "libvips, a decode each": lambda: by_vips(path),
    }
    least = dict.fromkeys([*ways, "ours, guarded, with features"], float("inf"))
    for _ in range(rounds):
        for name, run in ways.items():
            least[name] = min(least[name], cpu_ms(run))
        guarded = guarded_cpu_ms(decoder, path, "image/jpeg")
        least["ours, guarded, with features"] = min(least["ours, guarded, with features"], guarded)
    bare = min(least[name] for name in ways if name.startswith("decode"))
    return least | {"floor": bare + least["sha256"]}


def megapixels(path: Path) -> float:
    with Image.open(path) as image:
        return image.width * image.height / 1e6 if image.format == "JPEG" else 0.0


def print_table(title: str, rows: dict[Path, dict[str, float]]) -> None:
    print(f"\n{title}: {len(rows)} files, CPU milliseconds")
    names = list(next(iter(rows.values())))
    for name in names:
        values = [row[name] for row in rows.values()]
        ratios = [row[name] / row["floor"] for row in rows.values()]
        print(
            f"  {name:30} median {statistics.median(values):7.1f}   {min(values):7.1f} .. {max(values):7.1f}"
            f"   {statistics.median(ratios):5.2f} x floor, worst {max(ratios):5.2f}"
        )
    for path, row in rows.items():
        ratio = row["ours"] / row["floor"]
        print(f"    {path.name:36} floor {row['floor']:6.1f}  ours {row['ours']:6.1f}  {ratio:5.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=14, help="files of each class")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    pyvips.cache_set_max(0)
    files = {path: megapixels(path) for path in sorted(options.folder.rglob("*.jp*g"))}
    decoder = GuardedDecoder()
    try:
        for title, (least, most) in CLASSES.items():
            chosen = [path for path, size in files.items() if least <= size <= most][: options.most]
            if chosen:
                print_table(title, {path: measure(path, options.rounds, decoder) for path in chosen})
    finally:
        decoder.close()


if __name__ == "__main__":
    main()
