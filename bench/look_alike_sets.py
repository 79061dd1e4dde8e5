"""Folders of look-alikes with the truth about each file: captioned templates, screens, flat pictures and shots of them.

Every file has a group and a role. Two files show one picture when their groups are equal; shots of one flat thing are
groups of their own, for each is another moment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageOps

from bench.flat_pictures import LAYOUTS, Content, drawn, values_of
from bench.meme_texts import STYLES, on_bar
from bench.sets import PHOTO_SUFFIXES

QUALITIES = (60, 92)
SMALLER = 0.6
CONTENTS = 3
COPIED_CONTENTS = 2
SHOTS = 5
# How far each corner of a flat thing that was photographed lies from that of a rectangle, as a share of its side.
SHOT_PERSPECTIVE_SHARE = 0.03
SHOT_MARGIN_SHARES = (0.0, 0.12)
# Smaller than that (px of the short side), a template has no room for letters.
TEMPLATE_PX_MIN = 100

Change = Callable[[Image.Image, Random], Image.Image]


@dataclass(frozen=True)
class Member:
    """One file of a set: what it is a picture of, what was done to it, and among which others it looks alike.

    An original is what the copies of its group were made of.
    """

    path: Path
    group: str
    role: str
    family: str
    original: bool


def _cropped(image: Image.Image, random: Random) -> Image.Image:
    """A tenth of the area cut off."""
    width, height = (round(side * math.sqrt(0.9)) for side in image.size)
    left, top = random.randint(0, image.width - width), random.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def _resized(image: Image.Image, factor: float) -> Image.Image:
    size = round(image.width * factor), round(image.height * factor)
    return image.resize(size, Image.Resampling.LANCZOS)


# Each with the quality it is saved in.
COPIES: dict[str, tuple[Change, int]] = {
    "half size": (lambda image, random: _resized(image, 0.5), 90),
    "quality 30": (lambda image, random: image, 30),
    "crop by a tenth": (_cropped, 90),
    "caption": (on_bar, 90),
    "grey": (lambda image, random: ImageOps.grayscale(image).convert("RGB"), 90),
}


def captioned_templates(templates: list[Path], folder: Path, seed: int) -> Iterator[Member]:
    """Each template, and once in each style of text; one of these is smaller."""
    for path in templates:
        template = _opened(path)
        if min(template.size) < TEMPLATE_PX_MIN:
            continue
        of_template = partial(_saved, folder=folder, group=path.stem, family="memes")
        yield of_template(template, role="template", quality=92, original=True)
        random = Random(f"{seed}:{path.stem}")
        smaller = random.choice(list(STYLES))
        for style, write in STYLES.items():
            image = write(template, random)
            image = _resized(image, SMALLER) if style == smaller else image
            yield of_template(image, role=style, quality=random.randint(*QUALITIES))


def copied_screens(screens: list[Path], folder: Path, seed: int) -> Iterator[Member]:
    """Each screen and its copies. Screens of equal pixels are one group, named by the first of them."""
    groups: dict[tuple[tuple[int, int], bytes], str] = {}
    for path in screens:
        screen = _opened(path)
        group = groups.setdefault((screen.size, screen.tobytes()), path.stem)
        yield Member(path, group, "screen", "screens", original=True)
        if group == path.stem:
            yield from _copies(screen, folder, group, "screens", seed)


def flat_pictures(numbers: range, folder: Path, seed: int) -> Iterator[Member]:
    """Each layout with several contents, and one in which a single value differs; some with their copies."""
    for layout in LAYOUTS:
        for number in numbers:
            place = seed * 1000 + number
            family = f"{layout} {place}"
            contents = [Content(f"{place}:{content}") for content in range(CONTENTS)]
            other = Random(f"{place}:{layout}").randrange(values_of(layout, place))
            contents.append(Content(f"{place}:0", but_one=other))
            for version, content in enumerate(contents):
                group = f"{family}-{version}"
                image = drawn(layout, place, content)
                yield _saved(image, folder, group, layout, family, 92, original=True)
                if version < COPIED_CONTENTS:
                    yield from _copies(image, folder, group, family, seed)


def shots(numbers: range, folder: Path, seed: int) -> Iterator[Member]:
    """Each layout photographed several times, every shot a group of its own."""
    for layout in LAYOUTS:
        for number in numbers:
            place = seed * 1000 + number
            family = f"{layout} {place}"
            image = drawn(layout, place, Content(f"{place}:0"))
            for shot in range(SHOTS):
                name = f"{family} shot {shot}"
                yield _saved(
                    photographed(image, Random(name)), folder, name, layout, family, 88, original=True
                )


def photographed(image: Image.Image, random: Random) -> Image.Image:
    """A flat thing in the hand of someone who faces it: a small perspective, light from one side, blur and noise."""
    width, height = image.size
    margin = random.uniform(*SHOT_MARGIN_SHARES)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = corners * (1 - 2 * margin) + np.array([margin * width, margin * height], np.float32)
    for corner in seen:
        corner += [random.uniform(-1, 1) * SHOT_PERSPECTIVE_SHARE * side for side in image.size]
    warp = cv2.getPerspectiveTransform(corners, np.asarray(seen, np.float32))
    table = [float(random.randint(40, 200)) for _ in range(3)]
    scene = cv2.warpPerspective(
        np.asarray(image), warp, image.size, flags=cv2.INTER_AREA, borderValue=table
    ).astype(np.float32)
    angle = random.uniform(0, 2 * math.pi)
    across = np.linspace(-1, 1, width)[None, :] * math.cos(angle)
    down = np.linspace(-1, 1, height)[:, None] * math.sin(angle)
    light = random.uniform(0.75, 1.0) * (1 + random.uniform(0.03, 0.12) * (across + down))[..., None]
    lit = cv2.GaussianBlur(scene, (0, 0), random.uniform(0.5, 0.9)) * light
    noise = np.random.default_rng(random.getrandbits(32)).normal(0, random.uniform(2, 5), scene.shape)
    return Image.fromarray(np.clip(lit + noise, 0, 255).astype(np.uint8))


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)


def _copies(image: Image.Image, folder: Path, group: str, family: str, seed: int) -> Iterator[Member]:
    for copy, (change, quality) in COPIES.items():
        changed = change(image, Random(f"{seed}:{group}:{copy}"))
        yield _saved(changed, folder, group, copy, family, quality)


def _opened(path: Path) -> Image.Image:
    """Upright, on white where it is transparent."""
    with Image.open(path) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")


def _saved(
    image: Image.Image,
    folder: Path,
    group: str,
    role: str,
    family: str,
    quality: int,
    *,
    original: bool = False,
) -> Member:
    path = folder / f"{group}__{role}.jpg".replace(" ", "-")
    image.save(path, "JPEG", quality=quality)
    return Member(path, group, role, family, original)
