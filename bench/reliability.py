"""Draw how far the confidence of the comparison can be believed: of pairs said at p, which share is true?

    python -m bench.reliability PHOTOS [--photos 40] [--seed 1] [--out docs/images/reliability.svg]

True pairs are photos and their harder changes (bench.harder_kinds). Pairs near the border are the same photos taken
again by a hand that shook: bent by less than a hundredth of their side, cut, brightened and made noisy anew. Counted
are all pairs that lie over each other and in which nothing moved, whether the verdict accepts them or not.
"""

from __future__ import annotations

import argparse
import io
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bench.harder_kinds import KINDS
from dedup.compare import fingerprint, thresholds
from dedup.compare.confidence import copy_probability
from dedup.compare.examine import examine
from dedup.compare.proposals import best_proposal
from dedup.compare.side import Side

SHAKES = (0.002, 0.004, 0.006, 0.008)
BINS = 10
# A bin of fewer pairs says little.
BIN_PAIRS_MIN = 10
SIZE_PX, MARGIN_PX = 320, 44

Said = tuple[float, bool]


class _Shown:
    """A picture as a fingerprint wants it."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    def rgb(self, long_side_px: int) -> NDArray[np.uint8]:
        image = self._image.copy()
        image.thumbnail((long_side_px, long_side_px), Image.Resampling.LANCZOS)
        return np.asarray(image, np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/images/reliability.svg"))
    options = parser.parse_args()
    paths = sorted(
        path for path in options.folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"}
    )
    chosen = random.Random(options.seed).sample(paths, min(options.photos, len(paths)))
    with ProcessPoolExecutor(2) as pool:
        said = [one for some in pool.map(partial(say, seed=options.seed), chosen) for one in some]
    bins = list(in_bins(said))
    for probability, true, count in bins:
        print(f"said {probability:.2f}: {100 * true:5.1f} % of {count} pairs are true")
    options.out.write_text(drawn(bins), encoding="utf-8")


def say(path: Path, *, seed: int) -> list[Said]:
    """The probability that the comparison gives each pair of a photo, and whether the pair is true."""
    cv2.setNumThreads(1)
    with Image.open(path) as opened:
        photo = ImageOps.exif_transpose(opened).convert("RGB")
    whole = _side(photo)
    numbers = random.Random(f"{seed}:{path.stem}")
    pairs = [(change(photo, numbers), True) for change in KINDS.values()]
    pairs += [(_shaken(photo, share, numbers), False) for share in SHAKES]
    said = [(_probability(whole, _side(_saved(other, numbers))), true) for other, true in pairs]
    return [(probability, true) for probability, true in said if probability is not None]


def in_bins(said: list[Said]) -> Iterator[tuple[float, float, int]]:
    """Mean probability said, share that is true, and number of pairs of each tenth with enough of them."""
    places = [min(BINS - 1, int(probability * BINS)) for probability, _ in said]
    for place in range(BINS):
        inside = [one for one, where in zip(said, places, strict=True) if where == place]
        if len(inside) >= BIN_PAIRS_MIN:
            mean, share = np.mean(inside, axis=0)
            yield float(mean), float(share), len(inside)


def drawn(bins: list[tuple[float, float, int]]) -> str:
    """The diagram as SVG: what was said to the right, what was true upwards; larger dots stand for more pairs."""
    side = SIZE_PX + 2 * MARGIN_PX
    end = MARGIN_PX + SIZE_PX
    dots = "\n".join(_dot(*one) for one in bins)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"
 font-family="sans-serif" font-size="12">
<title>Reliability of the confidence</title>
<rect width="{side}" height="{side}" fill="#fff"/>
<rect x="{MARGIN_PX}" y="{MARGIN_PX}" width="{SIZE_PX}" height="{SIZE_PX}" fill="none" stroke="#888"/>
<path d="M{MARGIN_PX} {end}L{end} {MARGIN_PX}" stroke="#bbb" stroke-dasharray="4 4"/>
<text x="{side / 2}" y="{side - 12}" text-anchor="middle">probability said (0 to 1)</text>
<text x="16" y="{side / 2}" text-anchor="middle"
 transform="rotate(-90 16 {side / 2})">share that is true (0 to 1)</text>
{dots}
</svg>
"""


def _dot(probability: float, true: float, count: int) -> str:
    x, y = MARGIN_PX + SIZE_PX * probability, MARGIN_PX + SIZE_PX * (1 - true)
    radius = 3 + np.log10(count) * 2
    label = f'<text x="{x:.1f}" y="{y - radius - 3:.1f}" text-anchor="middle" fill="#555">{count}</text>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#2a6fb0"/>{label}'


def _side(image: Image.Image) -> Side:
    shown = _Shown(image)
    stored = fingerprint.compute(shown)["features"]
    if not isinstance(stored, bytes):
        raise TypeError("A fingerprint holds its features as bytes.")
    loader = partial(shown.rgb, fingerprint.PICTURE_SIDE_PX)
    return Side(fingerprint.read(stored), image.width, image.height, load_preview=loader)


def _probability(low: Side, high: Side) -> float | None:
    """None for pairs that something else decides: what does not agree at all, and what moved."""
    best = best_proposal(low, high)
    if best is None or best.zncc < thresholds.COPY_ZNCC:
        return None
    finding = examine(low, high, best)
    moved = finding.changes.another_moment
    return None if moved or not finding.supported else copy_probability(finding)


def _shaken(photo: Image.Image, share: float, numbers: random.Random) -> Image.Image:
    """The photo taken again: bent by waves of so much of its side, cut a little, other light, other noise."""
    pixels = np.asarray(photo)
    height, width = pixels.shape[:2]
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    bent = []
    for _ in range(2):
        along = across / width * numbers.uniform(0.3, 1.5) + down / height * numbers.uniform(0.3, 1.5)
        bent.append(share * max(width, height) * np.sin(2 * np.pi * along + numbers.uniform(0, 6)))
    seen = cv2.remap(
        pixels,
        np.asarray(across + bent[0], np.float32),
        np.asarray(down + bent[1], np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )
    noise = np.random.default_rng(numbers.getrandbits(32)).normal(0, 3, seen.shape)
    lit = np.clip(seen * numbers.uniform(0.95, 1.05) + noise, 0, 255).astype(np.uint8)
    cut = round(0.02 * min(width, height))
    return Image.fromarray(lit[cut : height - cut, cut : width - cut])


def _saved(image: Image.Image, numbers: random.Random) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=numbers.choice((60, 75, 90)))
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


if __name__ == "__main__":
    main()
