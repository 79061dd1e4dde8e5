"""Two shots of one scene for a test or a measurement: what happened in the scene, and what the camera did.

Drawn pairs are two moments of a scene of bench.near_scenes. Pairs made of photos have a part of one, cut out with soft
edges, lying in another here and there or not at all, a part painted over by what surrounds it, or are bent by a few px
as when the camera moved. The camera adds what differs between two shots: grain, position, light, compression, size.
The same seed gives the same pair.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bench.near_scenes import TURNABLE, Scene, Thing, drawn, scene_of, thing_of

Rgb = NDArray[np.uint8]
Numbers = np.random.Generator
Plane = NDArray[np.float32]
Moments = tuple[Scene, Scene]
Shots = tuple[Rgb, Rgb]

QUALITIES = (86, 95)
# What counts as seen: so much of the picture (share) differs by at least so many levels.
SEEN_GREY = 24
SEEN_SHARE = 0.002
TRIES = 20
# The local movement of a hand that shook, for a photo of 500 px.
BENT_PX = (1.0, 4.0)
BENT_OF_PX = 500
# A part that comes or moves, as a share of the lesser side, and how soft its edge is.
PART_SHARES = (0.1, 0.35)
SOFT_PX = (0.7, 2.5)
# How far a hand shakes: share of the long side, and degrees. Light: factor, and how much it changes to one side.
SHAKE_SHARE = 0.008
SHAKE_DEGREES = 0.5
LIGHT = (0.8, 1.2)
LIGHT_SLOPE = 0.06
GRAIN_GREY = (1.5, 6.0)
GRAIN_PX = 0.8
FINEST_GRAIN_PX = 0.3


@dataclass(frozen=True)
class Camera:
    """What differs between two shots beside the scene. `quality` and `factor` (size) are those of the second."""

    grain_grey: tuple[float, float] | None = None
    shakes: bool = False
    light: bool = False
    quality: tuple[int, int] | None = None
    factor: tuple[float, float] | None = None


@dataclass(frozen=True)
class Pair:
    """Two shots, and how they came about."""

    event: str
    camera: str
    low: Image.Image
    high: Image.Image

    @property
    def kind(self) -> str:
        """Both in words."""
        return f"{self.event}, {self.camera}"


CAMERAS = {
    "still": Camera(),
    "still, saved again": Camera(quality=(40, 75)),
    "still, smaller": Camera(factor=(0.5, 0.8)),
    "grain": Camera(GRAIN_GREY),
    "shake": Camera(GRAIN_GREY, shakes=True),
    "light": Camera(GRAIN_GREY, shakes=True, light=True),
    "shake, saved again": Camera(GRAIN_GREY, shakes=True, quality=(40, 75)),
    "shake, smaller": Camera(GRAIN_GREY, shakes=True, factor=(0.5, 0.8)),
}


def _moved(scene: Scene, numbers: Numbers) -> Moments:
    return _with_change(scene, numbers, lambda thing: _elsewhere(thing, numbers, (0.05, 0.4)))


def _nudged(scene: Scene, numbers: Numbers) -> Moments:
    return _with_change(scene, numbers, lambda thing: _elsewhere(thing, numbers, (0.015, 0.04)))


def _turned(scene: Scene, numbers: Numbers) -> Moments:
    scene = scene.with_thing(0, replace(scene.things[0], shape=str(numbers.choice(TURNABLE))))
    degrees = float(numbers.uniform(20, 160))
    return scene, scene.with_thing(0, replace(scene.things[0], degrees=degrees))


def _left(scene: Scene, numbers: Numbers) -> Moments:
    return scene, scene.with_thing(int(numbers.integers(len(scene.things))), None)


def _came(scene: Scene, numbers: Numbers) -> Moments:
    return scene, replace(scene, things=(*scene.things, thing_of(numbers)))


def _grew(scene: Scene, numbers: Numbers) -> Moments:
    return _with_change(
        scene, numbers, lambda thing: replace(thing, size=thing.size * numbers.uniform(1.15, 1.6))
    )


def _opened(scene: Scene, numbers: Numbers) -> Moments:
    face = replace(thing_of(numbers, "face"), size=float(numbers.uniform(0.25, 0.5)), open=0.0)
    return tuple(  # type: ignore[return-value]  # two of them
        replace(scene, things=(*scene.things, replace(face, open=share))) for share in (0.0, 1.0)
    )


def _sun_moved(scene: Scene, numbers: Numbers) -> Moments:
    lit = replace(scene, style=replace(scene.style, shadows=True))
    across = (scene.sun[0] + numbers.uniform(0.1, 0.5)) % 0.9
    return lit, replace(lit, sun=(float(across), float(numbers.uniform(0.06, 0.2))))


def _several(scene: Scene, numbers: Numbers) -> Moments:
    return scene, replace(
        scene, things=tuple(_elsewhere(thing, numbers, (0.02, 0.2)) for thing in scene.things)
    )


def _nothing(scene: Scene, numbers: Numbers) -> Moments:
    return scene, scene


DRAWN_EVENTS: dict[str, Callable[[Scene, Numbers], Moments]] = {
    "moved": _moved,
    "moved a little": _nudged,
    "turned": _turned,
    "left": _left,
    "came": _came,
    "grew": _grew,
    "opened its eyes": _opened,
    "sun and shadows": _sun_moved,
    "several moved": _several,
    "nothing": _nothing,
}


def _part_moved(photo: Rgb, other: Rgb, numbers: Numbers) -> Shots:
    part = _cut_out(other, photo, numbers)
    return _laid(photo, part, numbers), _laid(photo, part, numbers)


def _part_came(photo: Rgb, other: Rgb, numbers: Numbers) -> Shots:
    return photo, _laid(photo, _cut_out(other, photo, numbers), numbers)


def _part_of_itself(photo: Rgb, other: Rgb, numbers: Numbers) -> Shots:
    return _part_moved(photo, photo, numbers)


def _painted_over(photo: Rgb, other: Rgb, numbers: Numbers) -> Shots:
    """Something left, and what surrounded it is seen in its place."""
    _, cover = _cut_out(photo, photo, numbers, (0.06, 0.16))
    side = cover.shape[0]
    top, left = (int(numbers.integers(0, max(1, length - side))) for length in photo.shape[:2])
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[top : top + side, left : left + side] = (cover > 0.05) * 255
    return photo, np.asarray(cv2.inpaint(photo, mask, 5, cv2.INPAINT_TELEA), np.uint8)


def _bent(photo: Rgb, other: Rgb, numbers: Numbers) -> Shots:
    """The near and the far moved differently against each other."""
    height, width = photo.shape[:2]
    reach = float(numbers.uniform(*BENT_PX)) * max(height, width) / BENT_OF_PX
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    fields = [_smooth_field((height, width), reach, numbers) for _ in range(2)]
    bent = cv2.remap(
        photo, across + fields[0], down + fields[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return photo, np.asarray(bent, np.uint8)


def _unchanged(photo: Rgb, other: Rgb, numbers: Numbers) -> Shots:
    return photo, photo


PHOTO_EVENTS: dict[str, Callable[[Rgb, Rgb, Numbers], Shots]] = {
    "a part moved": _part_moved,
    "a part of itself moved": _part_of_itself,
    "a part came": _part_came,
    "a part left": _painted_over,
    "bent": _bent,
    "photo, nothing": _unchanged,
}
# In these nothing but the exposure differs, so that a camera that stays still gives a copy.
EMPTY_EVENTS = {"nothing", "photo, nothing"}


def drawn_pair(seed: int, event: str, camera: str) -> Pair:
    """Two moments of a drawn scene."""
    numbers = np.random.default_rng((seed, 5))
    for tried in range(TRIES):
        first, second = DRAWN_EVENTS[event](scene_of(seed + tried * 1_000_003), numbers)
        shots = np.asarray(drawn(first)), np.asarray(drawn(second))
        if event in EMPTY_EVENTS or _is_seen(*shots):
            return _taken(shots, event, camera, numbers)
    raise ValueError(f"No scene near seed {seed} shows what {event!r} does.")


def photo_pair(photo: Rgb, other: Rgb, seed: int, event: str, camera: str) -> Pair:
    """Two moments made of a photo, with a part of the other one where something comes."""
    numbers = np.random.default_rng((seed, 6))
    for _ in range(TRIES):
        shots = PHOTO_EVENTS[event](photo, other, numbers)
        if event in EMPTY_EVENTS or _is_seen(*shots):
            break
    return _taken(shots, event, camera, numbers)


def kinds_of(events: Iterable[str]) -> list[tuple[str, str]]:
    """Every event with every camera that makes another shot of it."""
    return [
        (event, camera)
        for event in events
        for camera, setting in CAMERAS.items()
        if event not in EMPTY_EVENTS or setting.grain_grey
    ]


def _with_change(scene: Scene, numbers: Numbers, change: Callable[[Thing], Thing]) -> Moments:
    place = int(numbers.integers(len(scene.things)))
    return scene, scene.with_thing(place, change(scene.things[place]))


def _elsewhere(thing: Thing, numbers: Numbers, reach: tuple[float, float]) -> Thing:
    distance, angle = numbers.uniform(*reach), numbers.uniform(0, 2 * np.pi)
    x = np.clip(thing.x + distance * np.cos(angle), 0.03, 0.97)
    y = np.clip(thing.y + distance * np.sin(angle), 0.2, 0.95)
    return replace(thing, x=float(x), y=float(y))


def _cut_out(
    photo: Rgb, into: Rgb, numbers: Numbers, shares: tuple[float, float] = PART_SHARES
) -> tuple[Rgb, Plane]:
    """A round, uneven part of a photo: px (side, side, 3), and how far (0..1) it covers what is behind (side, side)."""
    side = round(float(numbers.uniform(*shares)) * min(into.shape[:2]))
    larger = round(min(min(photo.shape[:2]), side * float(numbers.uniform(1, 2))))
    top, left = (int(numbers.integers(0, length - larger + 1)) for length in photo.shape[:2])
    part = cv2.resize(
        photo[top : top + larger, left : left + larger], (side, side), interpolation=cv2.INTER_AREA
    )
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    reach = np.full(len(angles), 0.36)
    for turns in (2, 3, 5):
        reach += numbers.uniform(0, 0.12 / turns) * np.sin(turns * angles + numbers.uniform(0, 6))
    edge = side * (0.5 + reach[:, None] * np.stack((np.cos(angles), np.sin(angles)), axis=1))
    cover = np.zeros((side, side), np.float32)
    cv2.fillPoly(cover, [np.rint(edge).astype(np.int32)], 1.0)
    soft = float(numbers.uniform(*SOFT_PX))
    return np.asarray(part, np.uint8), np.asarray(cv2.GaussianBlur(cover, (0, 0), soft), np.float32)


def _laid(photo: Rgb, part: tuple[Rgb, Plane], numbers: Numbers) -> Rgb:
    pixels, cover = part
    side = cover.shape[0]
    top, left = (int(numbers.integers(0, length - side + 1)) for length in photo.shape[:2])
    result = photo.astype(np.float32)
    place = result[top : top + side, left : left + side]
    place += cover[..., None] * (pixels - place)
    return np.asarray(np.rint(result), np.uint8)


def _smooth_field(shape: tuple[int, int], reach_px: float, numbers: Numbers) -> Plane:
    """A displacement (h, w) that is nowhere longer than `reach_px` and turns a few times across the picture."""
    coarse = numbers.normal(0, 1, (5, 5)).astype(np.float32)
    field = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field * (reach_px / np.abs(field).max()), np.float32)


def _is_seen(one: Rgb, other: Rgb) -> bool:
    return bool(np.mean(cv2.absdiff(one, other).max(axis=2) >= SEEN_GREY) >= SEEN_SHARE)


def _taken(shots: Shots, event: str, camera: str, numbers: Numbers) -> Pair:
    """Both shots as the camera saves them, in any order."""
    setting = CAMERAS[camera]
    first, second = shots
    if setting.shakes:
        first, second = _cut(first), _cut(_shaken(second, numbers))
    if setting.light:
        second = _lit(second, numbers)
    seen = [first, second]
    if setting.grain_grey is not None:
        grey, coarse_px = numbers.uniform(*setting.grain_grey), numbers.uniform(0, GRAIN_PX)
        seen = [_grainy(one, grey, coarse_px, numbers) for one in seen]
    images = [_saved(Image.fromarray(one), QUALITIES, numbers) for one in seen]
    again = int(numbers.integers(2))
    if setting.factor is not None:
        smaller = ImageOps.scale(images[again], numbers.uniform(*setting.factor), Image.Resampling.LANCZOS)
        images[again] = _saved(smaller, QUALITIES, numbers)
    if setting.quality is not None:
        images[again] = _saved(images[again], setting.quality, numbers)
    return Pair(event, camera, *(images if numbers.integers(2) else reversed(images)))


def _shaken(shot: Rgb, numbers: Numbers) -> Rgb:
    """Shifted and turned a little."""
    height, width = shot.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), numbers.uniform(-SHAKE_DEGREES, SHAKE_DEGREES), 1)
    turn[:, 2] += numbers.uniform(-SHAKE_SHARE, SHAKE_SHARE, 2) * max(height, width)
    size = width, height
    return np.asarray(
        cv2.warpAffine(shot, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def _cut(shot: Rgb) -> Rgb:
    """Without what a shake moved in from outside."""
    edge = round(2 * SHAKE_SHARE * max(shot.shape[:2]))
    return shot[edge:-edge, edge:-edge]


def _lit(shot: Rgb, numbers: Numbers) -> Rgb:
    """Brighter or darker, more so on one side."""
    across = np.linspace(-1, 1, shot.shape[1])[:, None] * numbers.uniform(-LIGHT_SLOPE, LIGHT_SLOPE)
    return np.clip(shot * (numbers.uniform(*LIGHT) + across), 0, 255).astype(np.uint8)


def _grainy(shot: Rgb, grey: float, coarse_px: float, numbers: Numbers) -> Rgb:
    """With noise of a sensor, spread over its neighbours as far as `coarse_px`."""
    noise = numbers.normal(0, 1, shot.shape)
    if coarse_px > FINEST_GRAIN_PX:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), coarse_px), np.float64)
    return np.asarray(np.clip(np.rint(shot + noise * (grey / noise.std())), 0, 255), np.uint8)


def _saved(image: Image.Image, qualities: tuple[int, int], numbers: Numbers) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(numbers.integers(*qualities)))
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")
