"""One picture of a comparison."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dedup.compare.fingerprint import Fingerprint
from dedup.compare.overlap import Preview


@dataclass
class Side:
    """One picture of a comparison. Keep it while comparing it with several others: it holds what it loaded.

    `load_preview` returns the upright preview, uint8 (height, width, 3), long side at most 720 px; it is called at
    most once. `width` and `height` are the full upright size in px. `animated` pictures are compared by their first
    frame, and never said to have identical pixels.
    """

    fingerprint: Fingerprint
    width: int
    height: int
    load_preview: Callable[[], NDArray[np.uint8]]
    media_type: str = ""
    animated: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Return (width, height) in px."""
        return self.width, self.height

    @cached_property
    def preview(self) -> Preview:
        """The preview with its smaller levels."""
        return Preview(self.load_preview())

    def order(self) -> tuple[int, bytes, bytes]:
        """Return a key that does not depend on when a photo arrived, so that a pair is always judged alike."""
        return self.width * self.height, self.fingerprint.turned[0], self.fingerprint.features.codes.tobytes()
