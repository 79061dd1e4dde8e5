"""Lossless optimisation in the guarded child: these are strangers' files as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gallery.imaging.guard import GuardedDecoder, Refused
from gallery.imaging.unusual import LeftAlone

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GuardedOptimiser", "LeftAlone"]

TIME_LIMIT_SECONDS = 60.0
"""Packing a PNG of 50 megapixels anew takes about half of it; with what the caller does it is less than a lease."""


class GuardedOptimiser(GuardedDecoder):
    """A guarded child that makes files smaller."""

    def __init__(self, *, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> None:
        super().__init__(time_limit_seconds=time_limit_seconds)

    def optimise(self, path: Path, target: Path) -> None:
        """Write a smaller file that shows and says the same to `target`.

        Raises LeftAlone with the reason where there is none, and DecoderDied.
        """
        try:
            answer = self._ask({"do": "optimise", "path": str(path), "target": str(target)})
        except Refused as refusal:
            raise LeftAlone(str(refusal)) from refusal
        if answer.get("done") is not True:
            raise LeftAlone(str(answer.get("left", ""))[:500])
