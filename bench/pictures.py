"""Makes any number of different pictures out of a folder of photos, no two of them copies of each other.

Each is the mean of two warped parts of two photos, in colours of its own: to look at like a photo (edges, textures,
local features), but nothing in it lies straight over any part of another one, so that matching finds no pairs.
"""

from __future__ import annotations

import io
import math
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
SMALL_PX = (512, 384)
LARGE_PX = (4000, 3000)
QUALITY = 88
# A photo gives parts of this share of its side, at any angle, mirrored or not.
PART_SHARES = (0.45, 0.8)
# How far points are moved, as a share of the side, and over how many waves a side.
WARP_SHARE = 0.06
WAVES = (1.5, 3.5)
# What a camera's sensor adds; it keeps the large ones from being smooth.
NOISE_LEVELS = 3.0
EXIF_MAKE, EXIF_MODEL, EXIF_TAKEN = 0x010F, 0x0110, 0x0132


def make_pictures(
    photos: Path, folder: Path, *, numbers: range, large_share: float, processes: int = 2
) -> list[Path]:
    """JPEG files of 0.2 megapixels, and that share of 12, one a number, in `folder`; those there already stay."""
    sources = sorted(path for path in photos.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if len(sources) < 2:
        raise SystemExit(f"{photos} holds fewer than two photos.")
    folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in numbers if not picture_path(folder, number).exists()]
    make = partial(save_picture, sources, folder, large_share)
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(make, missing, chunksize=16))
    return [picture_path(folder, number) for number in numbers]


def picture_path(folder: Path, number: int) -> Path:
    """Where a picture lies; the names are in order."""
    return folder / f"{number:06}.jpg"


def save_picture(sources: list[Path], folder: Path, large_share: float, number: int) -> None:
    """Make one picture; the same number and sources give the same pixels."""
    cv2.setNumThreads(1)
    chance = np.random.default_rng(number)
    is_large = chance.random() < large_share
    pixels = blend(sources, chance, LARGE_PX if is_large else SMALL_PX)
    exif = Image.Exif()
    exif[EXIF_MAKE], exif[EXIF_MODEL] = "Bench", f"Camera {number % 7}"
    exif[EXIF_TAKEN] = (
        f"20{10 + number % 15}:{1 + number % 12:02}:{1 + number % 28:02} 10:{number % 60:02}:00"
    )
    target = picture_path(folder, number)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=QUALITY, exif=exif)
    target.write_bytes(written.getvalue())


def blend(sources: list[Path], chance: np.random.Generator, size: tuple[int, int]) -> Pixels:
    """Two warped parts of two photos, laid over each other, in new colours; uint8 (height, width, 3)."""
    chosen = chance.choice(len(sources), 2, replace=False)
    parts = [warped(read(sources[index]), chance, size).astype(np.float32) for index in chosen]
    weight = chance.uniform(0.4, 0.6)
    mixed = weight * parts[0] + (1 - weight) * parts[1]
    mixed = recoloured(mixed, chance)
    noise = NOISE_LEVELS * chance.standard_normal(mixed.shape, np.float32)
    return np.asarray(np.clip(mixed + noise, 0, 255), np.uint8)


def read(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def warped(pixels: Pixels, chance: np.random.Generator, size: tuple[int, int]) -> Pixels:
    """A part of the photo, turned and bent, at `size` (width, height)."""
    width, height = size
    small = (256, 192)
    x, y = np.meshgrid(np.linspace(-1, 1, small[0]), np.linspace(-1, 1, small[1]))
    waves = chance.uniform(*WAVES, 4) * math.pi
    phases = chance.uniform(0, 2 * math.pi, 4)
    bent_x = x + 2 * WARP_SHARE * np.sin(waves[0] * y + phases[0]) * np.cos(waves[1] * x + phases[1])
    bent_y = y + 2 * WARP_SHARE * np.sin(waves[2] * x + phases[2]) * np.cos(waves[3] * y + phases[3])
    angle, share = chance.uniform(0, 2 * math.pi), chance.uniform(*PART_SHARES)
    if chance.random() < 0.5:
        bent_x = -bent_x
    centre = 0.5 + (1 - share) / 2 * chance.uniform(-1, 1, 2)
    side = np.array([pixels.shape[1], pixels.shape[0]]) - 1
    turned_x = share / 2 * (math.cos(angle) * bent_x - math.sin(angle) * bent_y) + centre[0]
    turned_y = share / 2 * (math.sin(angle) * bent_x + math.cos(angle) * bent_y) + centre[1]
    map_x = cv2.resize((turned_x * side[0]).astype(np.float32), (width, height))
    map_y = cv2.resize((turned_y * side[1]).astype(np.float32), (width, height))
    return np.asarray(
        cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def recoloured(pixels: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """The channels mixed anew and stretched over the whole range."""
    mixing = chance.dirichlet((0.6, 0.6, 0.6), 3)
    mixed = pixels @ mixing.T.astype(np.float32)
    low, high = np.percentile(mixed[::8, ::8], (1, 99))
    stretched = np.clip((mixed - low) / max(1.0, high - low), 0, 1) ** chance.uniform(0.7, 1.4)
    return np.asarray(255 * stretched, np.float32)
