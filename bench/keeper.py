"""Measure whether the better one of two copies is kept.

    python -m bench.keeper FOLDER [--photos 100] [--seed 1] [--jobs 2] [--sets NAME ...]

Of each photo of FOLDER a better and a worse copy are made, of ten kinds; which one has the earlier name is left to
chance. Each kind lies in a folder of its own, on which the whole command `manage.py duplicates` is run. Printed is, for
each kind, how often the better copy is kept, and every other pair by its name, with the reasons given.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from dedup.folder.finding import find_files
from dedup.folder.run import Options, find_duplicates, opened_shelf

Chance = np.random.Generator
Copies = tuple[bytes, bytes]
Maker = Callable[[Image.Image, Chance], Copies]
KERNELS = (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS)
GOAL_PERCENT = 95.0
SUFFIXES = {b"\xff\xd8": ".jpg", b"\x89P": ".png"}


def jpeg(image: Image.Image, quality: int, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def enlarged(times: float) -> Maker:
    """The photo, and itself enlarged by one of three kernels and saved at a better quality."""

    def make(image: Image.Image, chance: Chance) -> Copies:
        better = jpeg(image, 90)
        size = (round(image.width * times), round(image.height * times))
        kernel = KERNELS[int(chance.integers(len(KERNELS)))]
        return better, jpeg(opened(better).resize(size, kernel), 95)

    return make


def poorer(image: Image.Image, chance: Chance) -> Copies:
    return jpeg(image, 95), jpeg(image, 40)


def poorer_saved_again(image: Image.Image, chance: Chance) -> Copies:
    return jpeg(image, 95), jpeg(opened(jpeg(image, 40)), 95)


def cropped(image: Image.Image, chance: Chance) -> Copies:
    """The worse one shows 60 to 85 percent of the area, at a better quality."""
    share = float(chance.uniform(0.6, 0.85)) ** 0.5
    width, height = round(image.width * share), round(image.height * share)
    left, top = (int(chance.integers(0, most + 1)) for most in (image.width - width, image.height - height))
    return jpeg(image, 90), jpeg(image.crop((left, top, left + width, top + height)), 95)


def marked(image: Image.Image, chance: Chance) -> Copies:
    """The worse one has a watermark or a caption."""
    layer = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(layer)
    font = ImageFont.load_default(size=image.height / 11)
    if chance.random() < 0.5:
        draw.text((image.width * 0.1, image.height * 0.4), "example.org photos", (255, 255, 255, 150), font)
    else:
        draw.text((image.width * 0.08, image.height * 0.85), "When it is Monday", (255, 255, 255, 255), font)
    both = Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")
    return jpeg(image, 90), jpeg(both, 95)


def bordered(image: Image.Image, chance: Chance) -> Copies:
    width = round(max(image.size) * float(chance.uniform(0.03, 0.08)))
    colour = ("white", "black", "#c8b090")[int(chance.integers(3))]
    return jpeg(image, 90), jpeg(ImageOps.expand(image, width, colour), 95)


def blurred(image: Image.Image, chance: Chance) -> Copies:
    radius = max(image.size) / 500 * float(chance.uniform(1.0, 2.0))
    return jpeg(image, 90), jpeg(image.filter(ImageFilter.GaussianBlur(radius)), 95)


def stripped(image: Image.Image, chance: Chance) -> Copies:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Bench", "Pinhole", "2019:05:04 10:00:00"
    return jpeg(image, 90, exif=exif), jpeg(image, 90)


def png_of_poor(image: Image.Image, chance: Chance) -> Copies:
    return jpeg(image, 90), png(opened(jpeg(image, 30)))


SETS: dict[str, Maker] = {
    "enlarged 2x": enlarged(2),
    "enlarged 1.5x": enlarged(1.5),
    "q40 beside q95": poorer,
    "q40 saved again at q95": poorer_saved_again,
    "crop beside whole": cropped,
    "marked beside clean": marked,
    "bordered beside plain": bordered,
    "blurred beside sharp": blurred,
    "metadata stripped": stripped,
    "PNG of a q30 JPEG": png_of_poor,
}


@dataclass
class Score:
    """How the pairs of a set came out; `misses` says which ones went wrong and why."""

    name: str
    right: int = 0
    total: int = 0
    unpaired: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        return 100.0 * self.right / max(1, self.total)


def sources(folder: Path, count: int) -> list[Path]:
    """So many photos of the folder, evenly spread over it."""
    paths = [file.path for file in find_files(folder, recursive=True)[0]]
    photos = [path for path in paths if path.suffix.lower() in {".jpg", ".jpeg", ".png"}]
    if not photos:
        sys.exit(f"{folder} holds no photos.")
    places = np.linspace(0, len(photos) - 1, min(count, len(photos))).astype(int)
    return [photos[place] for place in places]


def make_set(photos: list[Path], make: Maker, folder: Path, seed: int) -> dict[str, str]:
    """Write both copies of each photo; {name of the better one: name of the worse one}."""
    pairs = {}
    for number, path in enumerate(photos):
        chance = np.random.default_rng([seed, number])
        with Image.open(path) as image:
            copies = make(ImageOps.exif_transpose(image).convert("RGB"), chance)
        letters = ("a", "b") if chance.random() < 0.5 else ("b", "a")
        names = [
            f"{number:04}-{letter}-{path.stem}{SUFFIXES[content[:2]]}"
            for letter, content in zip(letters, copies, strict=True)
        ]
        for name, content in zip(names, copies, strict=True):
            (folder / name).write_bytes(content)
        pairs[names[0]] = names[1]
    return pairs


def score(name: str, pairs: dict[str, str], folder: Path, jobs: int) -> Score:
    """Run the command on the folder and see which copies are kept."""
    with opened_shelf(None) as shelf:
        result = find_duplicates(Options(folder=folder, jobs=jobs), shelf, lambda *steps: None)
    keepers = {member.name: group for group in result.groups for member in group.members}
    outcome = Score(name, total=len(pairs))
    for better, worse in pairs.items():
        group = keepers.get(better)
        if group is None or worse not in {member.name for member in group.members}:
            outcome.unpaired += 1
            outcome.misses.append(f"{better}: not found as a copy")
        elif group.keeper.name == better:
            outcome.right += 1
        else:
            outcome.misses.append(f"{better}: {group.keeper.name} is kept ({'; '.join(group.why)})")
    return outcome


def report(scores: list[Score]) -> None:
    """Print the table, then the misses of each set."""
    print(f"{'set':26}{'right':>7}{'of':>6}{'%':>8}{'unpaired':>10}")
    for one in scores:
        print(f"{one.name:26}{one.right:7}{one.total:6}{one.percent:8.1f}{one.unpaired:10}")
    for one in scores:
        if one.misses:
            print(f"\n{one.name}:")
            for miss in one.misses:
                print(f"  {miss}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sets", nargs="*", choices=list(SETS), default=list(SETS))
    options = parser.parse_args()
    photos = sources(options.folder, options.photos)
    scores = []
    for name in options.sets:
        with tempfile.TemporaryDirectory(prefix="likeness-keeper-") as folder:
            pairs = make_set(photos, SETS[name], Path(folder), options.seed)
            scores.append(score(name, pairs, Path(folder), options.jobs))
    report(scores)
    sys.exit(any(one.percent < GOAL_PERCENT for one in scores))


if __name__ == "__main__":
    main()
