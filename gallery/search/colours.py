"""Photos by colour: palettes compared as vectors in the database (see gallery.imaging.palette)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from django.db.models import Expression, F, FloatField, Value
from django.db.models.lookups import LessThanOrEqual
from pgvector import HalfVector
from pgvector.django import MaxInnerProduct

from gallery.imaging.palette import colour_features
from gallery.search.conditions import Check

Rgb = tuple[int, int, int]

MAX_COLOURS: Final = 3
LEAST_SHARE: Final = (
    0.12  # of the picture, in that very colour; a share of 0.2 in a neighbouring one counts as much
)


def colour_check(colours: Sequence[Rgb]) -> Check:
    """That a picture shows a part worth naming in one of the colours."""
    least = -LEAST_SHARE
    return LessThanOrEqual(colour_distance(colours), Value(least, output_field=FloatField()))


def colour_distance(colours: Sequence[Rgb]) -> Expression:
    """Minus the share of the picture in the colours' mean, near colours counting in part: lowest is best."""
    vector = colour_features(np.array(colours, dtype=np.int64)).mean(axis=0)
    return MaxInnerProduct(F("palette_vector"), HalfVector(vector))
