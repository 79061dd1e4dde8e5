"""Pictures in files, opened as the analysis opens them, and how far pixels lie apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gallery.imaging.decode import Picture, open_picture

if TYPE_CHECKING:
    from pathlib import Path


def in_file(folder: Path, content: bytes) -> Path:
    """The content in a file whose name says nothing of its kind."""
    path = folder / "picture"
    path.write_bytes(content)
    return path


def opened(folder: Path, content: bytes) -> Picture:
    """The picture that the content makes."""
    return open_picture(in_file(folder, content))


def mean_difference(one: np.ndarray, other: np.ndarray) -> float:
    """The mean distance of the values of two pictures of one shape."""
    assert one.shape == other.shape
    return float(np.abs(one.astype(float) - other.astype(float)).mean())
