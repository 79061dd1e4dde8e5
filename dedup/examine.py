"""The one question about two pictures, as the library and the command for folders both ask it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dedup.compare.closer_look import look_closer
from dedup.compare.surroundings import framed_by
from dedup.compare.verdict import Side, Verdict, compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from dedup.compare.closer_look import CompareOriginals


def examine(
    low: Side,
    high: Side,
    pixels_equal: Callable[[], bool],
    compare_originals: CompareOriginals | None = None,
) -> Verdict | None:
    """The engine's verdict; its evidence also says which side only puts something flat around the other and, with
    `compare_originals`, which one is only enlarged and how coarsely each was saved."""
    verdict = compare(low, high, pixels_equal=pixels_equal)
    if verdict is None:
        return None
    framed = replace(verdict, evidence={**verdict.evidence, "framed_by": framed_by(low, high, verdict)})
    return framed if compare_originals is None else look_closer(framed, low, high, compare_originals)
