"""How coarsely a picture was saved as a JPEG: by the tables of its file, and by the steps that an earlier save left.

A JPEG keeps whole multiples of the steps in its tables (ITU-T T.81, annex K). Saved again, finely or as a PNG, the
picture's own frequencies still lie at those multiples (Lukáš and Fridrich, Estimation of primary quantization matrix in
double compressed JPEG images, 2003), as long as it was neither scaled nor turned by less than a quarter.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

# The luminance steps of ITU-T T.81, annex K.1: quality 50 of the scale of the Independent JPEG Group.
LUMINANCE_STEPS = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)
LARGEST_STEP = 255
BEST_QUALITY = 100
BLOCK_PX = 8
# A header has a few dozen segments; more are an attack.
SEGMENTS_MAX = 500
# Blocks that are looked at, evenly spread.
BLOCKS = 240
# The frequencies (down, across) that are looked at: low ones, which few pictures lack.
FREQUENCIES = ((0, 1), (1, 0), (1, 1), (2, 0), (0, 2), (2, 1), (1, 2))
# Steps that can be told from the rounding of pixels; those of quality 75 are among them.
STEPS = np.arange(5, 81, dtype=np.float32)
# What a frequency has to show of a step: so many values beyond half of it, and how well they lie at its multiples (mean
# cosine: of 30 values anywhere, 1 set in 100,000 reaches it).
VALUES_MIN = 30
FIT_MIN = 0.55
# Frequencies that have to agree.
AGREEING_MIN = 3
# How much steeper (share) the edges of blocks are than other places, from which the blocks lie there.
EDGE_MIN = 1.06


def quality_of_steps(steps: Sequence[int]) -> int:
    """Return the JPEG quality (1..100, IJG scale) whose luminance table is nearest to these 64 steps in any order.

    The IJG library scales its table by 5000 / q percent below quality 50 and by 200 - 2 q percent from 50 on.
    """
    # Files and libraries give the steps in different orders; the largest ones are cut off.
    known = sorted(step for step in steps if step < LARGEST_STEP)
    usual = sum(sorted(LUMINANCE_STEPS)[: len(known)])
    return _quality(100.0 * sum(known) / usual) if known else 1


def quality_of_file(path: Path) -> int | None:
    """Return the quality of the JPEG at `path` by its tables; None for one without any that can be read."""
    with path.open("rb") as file:
        steps = next(_luminance_tables(file), None)
    return None if steps is None else quality_of_steps(steps)


def quality_of_pixels(grey: NDArray[np.uint8]) -> int | None:
    """Return the quality (1..100) of the coarsest JPEG that this picture, grey levels of height x width, was once saved
    as, in this very size; None where no steps show, as in what was only saved at 90 and more."""
    top, left = _edge_phase(grey), _edge_phase(grey.T)
    blocks = _blocks(grey[top:, left:])
    if len(blocks) < VALUES_MIN:
        return None
    found = [_step(values) for values in _values(blocks)]
    qualities = [
        _quality(100.0 * step / LUMINANCE_STEPS[BLOCK_PX * down + across])
        for (down, across), step in zip(FREQUENCIES, found, strict=True)
        if step is not None
    ]
    return int(np.median(qualities)) if len(qualities) >= AGREEING_MIN else None


def _quality(percent: float) -> int:
    quality = (200.0 - percent) / 2 if percent <= 100 else 5000.0 / percent
    return max(1, min(BEST_QUALITY, round(quality)))


def _luminance_tables(file: BinaryIO) -> Iterator[tuple[int, ...]]:
    """The tables of number 0, by which luminance is kept, in the order of the file."""
    file.seek(2)
    for _ in range(SEGMENTS_MAX):
        marker, length = file.read(2), file.read(2)
        size = int.from_bytes(length, "big") - 2
        if len(length) < 2 or marker[0] != 0xFF or marker[1] == 0xDA or size < 0:
            return
        if marker[1] != 0xDB:
            file.seek(size, 1)
            continue
        segment = file.read(size)
        while segment:
            wide, number = segment[0] >> 4, segment[0] & 15
            end = 1 + 64 * (2 if wide else 1)
            table = np.frombuffer(segment[1:end], ">u2" if wide else "u1") if len(segment) >= end else ()
            if number == 0 and len(table):
                yield tuple(int(step) for step in table)
            segment = segment[end:]


def _edge_phase(grey: NDArray[np.uint8]) -> int:
    """The row (0 to 7) on which blocks begin: 0 unless the picture was cropped after it was saved."""
    columns = grey[:, :: max(1, grey.shape[1] // 64)].astype(np.int16)
    steps = np.abs(np.diff(columns, axis=0)).mean(axis=1)
    whole = len(steps) // BLOCK_PX * BLOCK_PX
    if not whole:
        return 0
    by_place = steps[:whole].reshape(-1, BLOCK_PX).mean(axis=0)
    place = int(by_place.argmax())
    is_edge = by_place[place] > EDGE_MIN * np.median(by_place)
    return (place + 1) % BLOCK_PX if is_edge else 0


def _blocks(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """BLOCKS blocks of 8 x 8 pixels, evenly spread, as n x 64."""
    down, across = grey.shape[0] // BLOCK_PX, grey.shape[1] // BLOCK_PX
    tiles = grey[: down * BLOCK_PX, : across * BLOCK_PX].reshape(down, BLOCK_PX, across, BLOCK_PX)
    places = np.linspace(0, down * across - 1, min(BLOCKS, down * across)).astype(int)
    chosen = tiles[places // max(1, across), :, places % max(1, across)]
    return chosen.reshape(-1, BLOCK_PX * BLOCK_PX).astype(np.float32)


def _basis() -> NDArray[np.float32]:
    """The cosines of FREQUENCIES over a block, 64 x n (T.81, annex A.3.3)."""
    place = (2 * np.arange(BLOCK_PX) + 1) * np.pi / 16
    waves = [np.cos(frequency * place) * (0.5 if frequency else 0.5**1.5) for frequency in range(3)]
    return np.stack(
        [np.outer(waves[down], waves[across]).ravel() for down, across in FREQUENCIES], axis=1
    ).astype(np.float32)


_BASIS = _basis()


def _values(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """The blocks' values of each of FREQUENCIES: len(FREQUENCIES) x n."""
    return np.asarray((blocks @ _BASIS).T, np.float32)


def _step(values: NDArray[np.float32]) -> int | None:
    """The largest step at whose multiples the values lie; None where they lie anywhere."""
    sizes = np.abs(values)
    counts = sizes > STEPS[:, None] / 2
    fits = (np.cos(sizes * (np.float32(2 * np.pi) / STEPS[:, None])) * counts).sum(axis=1) / np.maximum(
        1, counts.sum(axis=1)
    )
    usable = np.flatnonzero((counts.sum(axis=1) >= VALUES_MIN) & (fits >= FIT_MIN))
    return int(STEPS[usable[-1]]) if len(usable) else None
