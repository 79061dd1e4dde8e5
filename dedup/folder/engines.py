"""The engines that the command offers: the library's own, and simple ones that compare one number with a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dedup.folder.facts import FACTS, FINGERPRINT, PREVIEW, Task
from dedup.folder.nearest import colour_distance, hash_distance, near_colours, near_hashes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dedup.folder.nearest import Found

LIKENESS = "likeness"
LIKENESS_TASKS = (FACTS, FINGERPRINT, PREVIEW)
# The farthest apart that two thumbnails of 20 x 20 x 3 levels can be.
COLOUR_DISTANCE_MAX = 255 * (20 * 20 * 3) ** 0.5


@dataclass(frozen=True)
class SimpleEngine:
    """A hash of so many bits, compared by how many differ; or, with 0 bits, the colour thumbnail.

    `distance` is the largest at which two pictures count as alike, unless the user says another.
    """

    name: str
    words: str
    bits: int
    distance: float

    @property
    def task(self) -> Task:
        """What is computed from each picture."""
        return Task(self.name, f"dedup.folder.simple_hashes:{self.name.replace('-', '_')}", 1)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All that a run with this engine computes."""
        return (FACTS, self.task)

    def pairs(self, values: Sequence[bytes], distance: float) -> Iterator[Found]:
        """Pairs i < j of pictures, by what was computed from them, that lie no farther apart than `distance`."""
        if not values:
            return iter(())
        table = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
        return near_hashes(table, int(distance)) if self.bits else near_colours(table, distance)

    def distance_of(self, one: bytes, other: bytes) -> float:
        """How far apart two pictures are, by what was computed from them."""
        if self.bits:
            return float(hash_distance(one, other))
        return colour_distance(np.frombuffer(one, np.uint8), np.frombuffer(other, np.uint8))

    def likeness(self, distance: float) -> float:
        """1 for no distance, 0 for the largest there is. No probability: the engine knows of none."""
        return round(1.0 - distance / (self.bits or COLOUR_DISTANCE_MAX), 4)

    def sentence(self, distance: float) -> str:
        """The finding in words."""
        if self.bits:
            return f"Their {self.words} differ in {distance:.0f} of {self.bits} bits."
        return f"Their {self.words} lie {distance:.1f} apart (of {COLOUR_DISTANCE_MAX:.0f} at most)."


SIMPLE_ENGINES = {
    engine.name: engine
    for engine in (
        SimpleEngine("average", "average hashes", 64, 3),
        SimpleEngine("perceptual", "perceptual hashes", 64, 8),
        SimpleEngine("difference", "difference hashes", 64, 5),
        SimpleEngine("wavelet", "wavelet hashes", 64, 3),
        SimpleEngine("block-mean", "block mean hashes", 256, 12),
        SimpleEngine("gradient", "gradient hashes", 128, 10),
        SimpleEngine("colour", "thumbnails of 20 x 20 colours", 0, 100),
    )
}
ENGINES = (LIKENESS, *SIMPLE_ENGINES)
