"""Folders of drawn pictures, and runs of the command's own functions over them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from dedup.folder.result import Result
from dedup.folder.run import Options, find_duplicates
from dedup.folder.shelf import Shelf
from tests.pictures import decoded, jpeg_bytes, png_bytes, scene

SIZE = (480, 360)


def fill(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files by their names, below folders that are made."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def photo(seed: int, quality: int = 90, **options: Any) -> bytes:
    """A drawn landscape as JPEG; every seed another place."""
    return jpeg_bytes(scene(seed, SIZE), quality, **options)


def smaller(seed: int, factor: float = 0.5) -> bytes:
    """The same landscape, resized and recompressed."""
    image = scene(seed, SIZE)
    size = round(image.width * factor), round(image.height * factor)
    return jpeg_bytes(image.resize(size, Image.Resampling.LANCZOS), 80)


def lossless(content: bytes) -> bytes:
    """The same pixels as PNG."""
    return png_bytes(decoded(content).convert("RGB"))


def silent(stage: str, done: int, total: int) -> None:
    """A progress that nobody reads."""


def run(folder: Path, shelf: Path, **options: Any) -> Result:
    """What the command finds in a folder, with the shelf in another one."""
    with Shelf(shelf) as opened:
        return find_duplicates(replace(Options(folder), **options), opened, silent)


def names(result: Result) -> dict[tuple[str, str], str]:
    """The pairs by name, with their kinds."""
    return {(pair.low.name, pair.high.name): pair.kind.value for pair in result.pairs}


def groups(result: Result) -> list[list[str]]:
    """The names of each group, the keeper first."""
    return [[picture.name for picture in group.members] for group in result.groups]
