"""The fingerprint of a picture: perceptual hashes of its eight turns and its packed local features, versioned."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dedup.compare import local_features
from dedup.compare.local_features import LocalFeatures, UnreadableFeaturesError
from dedup.compare.phash import HASH_BYTES, hash_picture
from dedup.compare.turns import TURNS

VERSION = 2
PICTURE_SIDE_PX = 720
_TURNED_BYTES = HASH_BYTES * len(TURNS)


class Picture(Protocol):
    """What a fingerprint needs of a decoded picture."""

    def rgb(self, long_side_px: int) -> NDArray[np.uint8]:
        """Return the upright picture, uint8 (height, width, 3), with at most this long side."""


@dataclass(frozen=True)
class Fingerprint:
    """What is stored of a picture: 32-byte hashes of its eight turns, their quality (0..100), its points."""

    turned: tuple[bytes, ...]
    quality: int
    features: LocalFeatures


def compute(picture: Picture) -> dict[str, object]:
    """Return the fingerprint as a record: version, phash, quality, features, feature_count.

    `phash` is 32 bytes, or None for a dull picture that must not be looked up by it. `features` holds at most 9.1 kB:
    quality, the eight hashes, then the packed local features; `read` reads it.
    """
    rgb = picture.rgb(PICTURE_SIDE_PX)
    hashes = hash_picture(rgb)
    features = local_features.extract(rgb)
    return {
        "version": VERSION,
        "phash": None if hashes.dull else hashes.upright,
        "quality": hashes.quality,
        "features": bytes([hashes.quality]) + b"".join(hashes.turned) + local_features.pack(features),
        "feature_count": len(features),
    }


def read(stored: bytes) -> Fingerprint:
    """Read the `features` of a fingerprint; raise UnreadableFeaturesError when another version wrote them."""
    if len(stored) < 1 + _TURNED_BYTES:
        raise UnreadableFeaturesError(f"{len(stored)} bytes are too few for a fingerprint")
    turned = tuple(stored[i : i + HASH_BYTES] for i in range(1, 1 + _TURNED_BYTES, HASH_BYTES))
    return Fingerprint(turned, stored[0], local_features.unpack(stored[1 + _TURNED_BYTES :]))
