"""What the demo's library holds: journeys over several years, the pictures of each and their copies. Pure and fixed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from typing import TYPE_CHECKING

from gallery.demo.scenes import Scene, all_scenes
from gallery.demo.variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20
ORIGINALS = 240
POSTERS = 26
SHOTS_PER_JOURNEY = 6
COPIED_SHARE = 0.3
"""How many of the pictures have a copy; some of these have two or three."""
FIRST_DAY = datetime(2018, 3, 10, 9, 12)
DAYS_BETWEEN_JOURNEYS = 72
FIRST_NUMBER = 2043
SIZES = (
    (1600, 1067),
    (1440, 960),
    (1280, 853),
    (1067, 1600),
    (900, 1350),
    (1200, 1200),
    (2000, 760),
    (1400, 1050),
)
PEOPLE = ("admin", "mira", "jonas", "aiko")


@dataclass(frozen=True)
class Camera:
    """An invented camera, and how it calls its files."""

    make: str
    model: str
    lens: str
    prefix: str


@dataclass(frozen=True)
class Place:
    """Where pictures are taken, and what there is to see."""

    name: str
    latitude: float
    longitude: float
    styles: tuple[str, ...]


@dataclass(frozen=True)
class Shot:
    """A picture to draw, and what people say of it."""

    file_name: str
    style: str
    seed: int
    size: tuple[int, int]
    owner: str
    taken_at: datetime | None = None
    camera: Camera | None = None
    place: Place | None = None
    scene: Scene | None = None
    copies: tuple[str, ...] = ()
    burst: int = 0
    tags: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    rating: int = 0
    favourite: bool = False
    visibility: str = "members"

    @property
    def stem(self) -> str:
        return self.file_name.rsplit(".", 1)[0]

    @property
    def copy_names(self) -> list[str]:
        """The files of the copies, in the order of `copies`."""
        return [VARIANTS[copy].name.format(stem=self.stem) for copy in self.copies]

    @property
    def burst_names(self) -> list[str]:
        """The files of further shots of the same moment."""
        return [f"{self.stem}_{number + 2}.jpg" for number in range(self.burst)]


CAMERAS = (
    Camera("Larkfield", "Larkfield M2", "Larkfield 24-70mm F4", "IMG_"),
    Camera("Orbis", "Orbis Pocket 7", "", "PXL_"),
    Camera("Hallgrim", "Hallgrim X-100", "Hallgrim 35mm F1.8", "DSC0"),
    Camera("Larkfield", "Larkfield M4", "Larkfield 16-35mm F2.8", "IMG_"),
)
PLACES = (
    Place("Lofoten", 68.15, 13.6, ("lake", "sea", "starry_night", "snow")),
    Place("Dolomites", 46.41, 11.84, ("mountains", "lake", "flowers")),
    Place("Merzouga", 31.1, -4.01, ("dunes", "starry_night", "dunes", "from_above")),
    Place("Cappadocia", 38.64, 34.83, ("balloons", "mountains", "balloons", "stone")),
    Place("Harz", 51.8, 10.62, ("forest", "forest", "mountains", "snow")),
    Place("Valensole", 43.84, 5.98, ("flowers", "flowers", "balloons", "sea")),
    Place("Rotterdam", 51.92, 4.48, ("city", "bokeh", "city", "from_above")),
    Place("Azores", 37.74, -25.67, ("sea", "from_above", "lake", "sea")),
    Place("Tromsø", 69.65, 18.96, ("starry_night", "snow", "bokeh", "starry_night")),
    Place("Kyoto", 35.01, 135.77, ("forest", "city", "bokeh", "flowers")),
)  # fmt: skip
SUBJECTS = {
    "mountains": ("mountains", "hiking"), "lake": ("lake", "mountains"), "sea": ("sea", "water"),
    "dunes": ("desert", "sand"), "forest": ("forest", "trees"), "flowers": ("flowers", "meadow"),
    "snow": ("snow", "winter"), "starry_night": ("night", "stars"), "city": ("city", "night"),
    "from_above": ("aerial", "coast"), "balloons": ("balloons", "sky"), "bokeh": ("lights", "abstract"),
    "stone": ("stone", "abstract", "macro"), "poster": ("paper", "shapes"),
}  # fmt: skip
TITLES = {
    "mountains": "Ridge after ridge", "lake": "Still water", "sea": "The long horizon", "dunes": "Sand and shadow",
    "forest": "Among the trunks", "flowers": "In full bloom", "snow": "First tracks", "starry_night": "No wind at all",
    "city": "Everyone is home", "from_above": "Seat 14A", "balloons": "Up before the sun", "bokeh": "Out of focus",
    "stone": "Bands of agate",
}  # fmt: skip


def make_plan(originals: int = ORIGINALS, posters: int = POSTERS) -> list[Shot]:
    """All pictures, always the same. Those with copies come first, then what the model understands."""
    chance = random.Random(SEED)  # noqa: S311 - a fixed choice, no secret
    kinds = _copies(chance)
    shots = [_journey_shot(chance, number, kinds) for number in range(originals)]
    shots += [_poster(chance, number, scene) for number, scene in enumerate(_scenes(chance, posters))]
    return sorted(shots, key=lambda shot: (not shot.copies, shot.scene is None))


def _copies(chance: random.Random) -> Iterator[tuple[str, ...]]:
    """Kinds of copies for one picture after the other: each kind in turn, sometimes several at once."""
    names = cycle(VARIANTS)
    for number in cycle(range(6)):
        count = {2: 2, 5: 3}.get(number, 1)
        yield tuple(next(names) for _ in range(count)) if count else ()


def _journey_shot(chance: random.Random, number: int, kinds: Iterator[tuple[str, ...]]) -> Shot:
    journey, part = divmod(number, SHOTS_PER_JOURNEY)
    place = PLACES[journey * 7 % len(PLACES)]
    camera = CAMERAS[journey * 5 // 8 % len(CAMERAS)]
    style = place.styles[chance.randrange(len(place.styles))]
    day = FIRST_DAY + timedelta(
        days=journey * DAYS_BETWEEN_JOURNEYS + part // 2, minutes=chance.randrange(600)
    )
    titled = chance.random() < 0.35
    return Shot(
        file_name=f"{camera.prefix}{FIRST_NUMBER + number * 3 + chance.randrange(3)}.jpg",
        style=style,
        seed=number,
        size=chance.choice(SIZES),
        owner=chance.choices(PEOPLE, (5, 3, 2, 1))[0],
        taken_at=day,
        camera=camera,
        place=place if chance.random() < 0.8 else None,
        copies=next(kinds) if number % 10 in (0, 4, 7) else (),
        burst=2 if number % 66 == 33 else 0,
        tags=(*SUBJECTS[style], place.name),
        title=TITLES[style] if titled else "",
        description=f"{place.name}, {day:%B %Y}: drawn from chance by the demo." if titled else "",
        rating=chance.choices(range(6), (9, 1, 2, 4, 4, 3))[0],
        favourite=chance.random() < 0.08,
        visibility=chance.choices(("members", "public", "private"), (8, 1.3, 0.7))[0],
    )


def _scenes(chance: random.Random, count: int) -> list[Scene]:
    """Different scenes; a red circle on blue, which the documentation looks for, is the first of them."""
    wanted = Scene("circle", "red", "blue")
    others = [scene for scene in all_scenes() if scene != wanted]
    return [wanted, *chance.sample(others, len(others))][:count]


def _poster(chance: random.Random, number: int, scene: Scene) -> Shot:
    return Shot(
        file_name=f"paper-{number + 1:02}.jpg",
        style="poster",
        seed=number + 1,
        size=(1000, 1000),
        owner="aiko",
        taken_at=datetime(2024, 11, 2, 14) + timedelta(minutes=7 * number),
        camera=CAMERAS[2],
        scene=scene,
        tags=SUBJECTS["poster"],
        rating=chance.choice((0, 3, 4)),
    )
