"""Fingerprints for measuring: of real photos and of changed copies of them, and made-up ones that are as frequent.

Made-up hashes have the bits of real ones with the same frequencies and the same correlation of each two. Made-up words
are words of real photos with each bit inverted with a small probability: words of other real photos meet as many of
them as they meet words of real photos.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy.special import ndtri

from dedup.compare import fingerprint
from dedup.compare.candidate_rules import WORD_POINTS, reorder
from dedup.compare.local_features import WORD_BITS, LocalFeatures, pack
from dedup.compare.phash import HASH_BYTES
from dedup.compare.turns import TURNS

# Words of 357 photos meet words of 357 others 5.9 times in a million, made-up ones 4.6 times with this probability.
WORD_BIT_FLIP = 0.02
BLOCK_PHOTOS = 20_000
# Words whose lists are made at a time: what bounds the memory for N = 1,000,000 to 3 GB.
WORD_RANGES = 32
_SYMMETRIC_BITS = 16

Change = Callable[[Image.Image], Image.Image]


def half_size(image: Image.Image) -> Image.Image:
    return image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.LANCZOS)


def cropped(image: Image.Image) -> Image.Image:
    """Three quarters of each side."""
    width, height = image.size
    return image.crop((width // 8, height // 8, width * 7 // 8, height * 7 // 8))


def bordered(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, min(image.size) // 12, "white")


CHANGES: dict[str, Change] = {
    "resized": half_size,
    "cropped": cropped,
    "mirrored": ImageOps.mirror,
    "bordered": bordered,
}


@dataclass(frozen=True)
class Taken:
    """A fingerprint as it is stored, read, and as the record that the analysis makes."""

    record: dict[str, object]
    print: fingerprint.Fingerprint

    @property
    def clear(self) -> bool:
        return self.record["phash"] is not None


class _Picture:
    """A picture as a fingerprint wants it."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    def rgb(self, long_side_px: int) -> NDArray[np.uint8]:
        shown = self._image.copy()
        shown.thumbnail((long_side_px, long_side_px), Image.Resampling.LANCZOS)
        return np.asarray(shown, np.uint8)


def take(path: Path) -> dict[str, Taken]:
    """The fingerprints of a photo ("original") and of its changed copies, by the name of the change."""
    cv2.setNumThreads(1)
    with Image.open(path) as file:
        image = file.convert("RGB")
    pictures = {"original": image} | {name: change(image) for name, change in CHANGES.items()}
    return {name: _taken(picture) for name, picture in pictures.items()}


def _taken(image: Image.Image) -> Taken:
    record = fingerprint.compute(_Picture(image))
    return Taken(record, fingerprint.read(cast(bytes, record["features"])))


class Imitation:
    """Makes up fingerprints that look like those of real photos in all that candidates go by."""

    def __init__(self, photos: list[fingerprint.Fingerprint], seed: int) -> None:
        self._random = np.random.default_rng(seed)
        bits = np.unpackbits(reorder([one.turned[0] for one in photos]), axis=1)
        self._thresholds = ndtri(np.clip(bits.mean(axis=0), 0.01, 0.99)).astype(np.float32)
        self._mixing = _mixing(bits)
        self._points = np.concatenate([_point_words(one.features) for one in photos])

    def hashes(self, count: int) -> NDArray[np.uint8]:
        """Reordered hashes, uint8 (count, 32)."""
        normal = self._random.standard_normal((count, len(self._thresholds)), np.float32)
        return np.packbits(normal @ self._mixing < self._thresholds, axis=1)

    def words(self, count: int) -> NDArray[np.int32]:
        """A word for each of the first points of so many photos, int32 (count, WORD_POINTS)."""
        words = self._random.choice(self._points, (count, WORD_POINTS))
        flips = self._random.binomial(WORD_BITS, WORD_BIT_FLIP, words.shape)
        for flip in range(flips.max()):
            more = flips > flip
            words[more] ^= 1 << self._random.integers(0, WORD_BITS, more.sum(), np.int32)
        return words

    def stored(self) -> bytes:
        """A fingerprint as it is stored, with hashes and words of this kind and points anywhere."""
        words = self.words(1)[0]
        codes = self._random.integers(0, 1 << 63, (WORD_POINTS, 2), dtype=np.uint64)
        low = np.uint64((1 << _SYMMETRIC_BITS) - 1)
        codes[:, 0] = codes[:, 0] & ~low | words.astype(np.uint64) & low
        codes[:, 1] = codes[:, 1] & ~np.uint64(0xFF) | words.astype(np.uint64) >> np.uint64(_SYMMETRIC_BITS)
        features = LocalFeatures(
            width=384,
            height=288,
            xy=self._random.uniform(0, 288, (WORD_POINTS, 2)).astype(np.float32),
            angle=np.zeros(WORD_POINTS, np.float32),
            size=np.ones(WORD_POINTS, np.float32),
            codes=codes,
        )
        return bytes([90]) + self._random.bytes(HASH_BYTES * len(TURNS)) + pack(features)


def _mixing(bits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What turns independent normal numbers (rows) into such whose signs correlate as the bits do.

    By the sine of Sheppard's formula for two signs; what is no correlation matrix then is brought to the nearest one.
    """
    # A bit that is the same in all, as that of the mean is, correlates with none.
    spread = np.maximum(bits.std(axis=0), 1e-6)
    standard = (bits - bits.mean(axis=0)) / spread
    correlation = standard.T @ standard / len(bits)
    np.fill_diagonal(correlation, 1)
    values, vectors = np.linalg.eigh(np.sin(np.pi / 2 * correlation))
    half = vectors * np.sqrt(np.maximum(values, 0))
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    return np.asarray(half.T, np.float32)


def _point_words(features: LocalFeatures) -> NDArray[np.int32]:
    """The word of each of the first points, as dedup.compare.local_features.words makes it."""
    codes = features.codes[:WORD_POINTS]
    symmetric = codes[:, 0] & np.uint64((1 << _SYMMETRIC_BITS) - 1)
    return np.asarray(symmetric | (codes[:, 1] & np.uint64(0xFF)) << np.uint64(_SYMMETRIC_BITS)).astype(
        np.int32
    )


def lists_as_copied(words: NDArray[np.int32], first_id: int, version: int) -> Iterator[bytes]:
    """Yield rows (key, photo_ids) for COPY ... WITH BINARY from the words (photos, points) of photos in id order."""
    yield b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
    width = (1 << WORD_BITS) // WORD_RANGES
    for start in range(0, 1 << WORD_BITS, width):
        photos, points = np.nonzero((words >= start) & (words < start + width))
        entries = np.unique(words[photos, points].astype(np.int64) << 32 | photos + first_id)
        if len(entries):
            yield _rows(entries >> 32, entries & 0xFFFFFFFF, version)
    yield struct.pack(">h", -1)


def _rows(words: NDArray[np.int64], photo_ids: NDArray[np.int64], version: int) -> bytes:
    """Rows in PostgreSQL's binary form: two fields, the key, and a one-dimensional array of int4 (type 23)."""
    keys, starts, counts = np.unique(words, return_index=True, return_counts=True)
    head = 1 + 2 * 8
    begin = np.concatenate([[0], np.cumsum(head + 4 * counts)])
    halves = np.zeros(begin[-1], ">u2")
    halves[begin[:-1]] = 2
    lengths = 20 + 8 * counts
    ones = np.ones_like(keys)
    fields = (4 * ones, (version << WORD_BITS) + keys, lengths, ones, 0 * ones, 23 * ones, counts, ones)
    for place, value in enumerate(fields):
        _put(halves, begin[:-1] + 1 + 2 * place, value)
    within = np.arange(len(words)) - np.repeat(starts, counts)
    at = np.repeat(begin[:-1] + head, counts) + 4 * within
    _put(halves, at, np.full(len(words), 4))
    _put(halves, at + 2, photo_ids)
    return halves.tobytes()


def _put(halves: NDArray[np.uint16], at: NDArray[np.int64], values: NDArray[np.int64]) -> None:
    halves[at] = values >> 16
    halves[at + 1] = values & 0xFFFF
