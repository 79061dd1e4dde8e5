"""Two files compared by every engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dedup.compare.fingerprint import PICTURE_SIDE_PX, read
from dedup.compare.overlap import Canvas, lay_over
from dedup.compare.preview_pixels import decode_preview
from dedup.compare.ssim import TooSmallError, ssim
from dedup.compare.verdict import Side, Verdict
from dedup.examine import examine
from dedup.folder.engines import LIKENESS_TASKS, SIMPLE_ENGINES
from dedup.folder.facts import FINGERPRINT, PREVIEW
from gallery.imaging.guard import GuardedDecoder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gallery.imaging.guard import Analysis

HALF_SIDE_PX = PICTURE_SIDE_PX // 2


@dataclass(frozen=True)
class TwoFiles:
    """What two files are to each other.

    `similarity` is the SSIM (-1..1) of what both show, laid over each other as the verdict says, or as they lie where
    there is none and their shapes are equal; `half_similarity` the same at half the size. None where nothing can be
    laid over, or too little. `distances` are by engine; those of hashes are in bits.
    """

    verdict: Verdict | None
    similarity: float | None
    half_similarity: float | None
    distances: dict[str, float]


def compare_files(first: Path, second: Path) -> TwoFiles:
    """Compare two files. Raises Refused or DecoderDied (see gallery.imaging.guard) for one that cannot be read."""
    tasks = [*LIKENESS_TASKS, *(engine.task for engine in SIMPLE_ENGINES.values())]
    with GuardedDecoder() as decoder:
        analyses = [
            decoder.analyse(path, [(task.key, task.where) for task in tasks]) for path in (first, second)
        ]
        low, high = (_side(analysis) for analysis in analyses)
        verdict = examine(low, high, partial(decoder.pixels_equal, first, second))
    relative = _relative(low, high, verdict)
    return TwoFiles(
        verdict=verdict,
        similarity=_similarity(low, high, relative, PICTURE_SIDE_PX),
        half_similarity=_similarity(low, high, relative, HALF_SIDE_PX),
        distances={
            name: engine.distance_of(*(one.results[engine.task.key]["values"] for one in analyses))
            for name, engine in SIMPLE_ENGINES.items()
        },
    )


def _side(analysis: Analysis) -> Side:
    preview = analysis.results[PREVIEW.key]["preview"]
    return Side(
        fingerprint=read(analysis.results[FINGERPRINT.key]["features"]),
        width=analysis.width,
        height=analysis.height,
        load_preview=lambda: decode_preview(preview, PICTURE_SIDE_PX),
        media_type=analysis.media_type,
        animated=analysis.frame_count > 1,
    )


def _relative(low: Side, high: Side, verdict: Verdict | None) -> NDArray[np.float64] | None:
    """How the one lies over the other."""
    if verdict is not None:
        return np.array(verdict.transform)
    # Within a pixel of each preview.
    same_shape = abs(low.width * high.height - high.width * low.height) * PICTURE_SIDE_PX <= (
        low.width * high.height
    )
    return np.eye(2, 3) if same_shape else None


def _similarity(low: Side, high: Side, relative: NDArray[np.float64] | None, side_px: int) -> float | None:
    canvas = None if relative is None else lay_over(low.preview, high.preview, relative, side_px)
    return None if canvas is None else overlap_similarity(canvas)


def overlap_similarity(canvas: Canvas) -> float | None:
    """The mean SSIM where both pictures have pixels; None where there are too few.

    Elsewhere both are made equal, which gives an SSIM of 1 there, and that is taken out of the mean.
    """
    low, high = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (canvas.low, canvas.high))
    high = np.where(canvas.valid, high, low)
    share = float(canvas.valid.mean())
    try:
        whole = ssim(np.asarray(low, np.uint8), np.asarray(high, np.uint8))
    except TooSmallError:
        return None
    return None if share == 0 else 1 - (1 - whole) / share
