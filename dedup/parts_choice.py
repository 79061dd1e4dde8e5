"""What a moderator wants kept photos to take over; remembered with their sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedup.merging import ALL_PARTS, Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

LEFT_OUT = "merge_left_out"


def chosen_parts(request: HttpRequest) -> frozenset[Part]:
    """The parts that the person last chose; all of them at first."""
    return ALL_PARTS - frozenset(request.session.get(LEFT_OUT, []))


def remember_parts(request: HttpRequest, parts: Iterable[Part]) -> None:
    """Keep the choice for the decisions that follow."""
    left_out = sorted(ALL_PARTS - frozenset(parts))
    if left_out != request.session.get(LEFT_OUT, []):
        request.session[LEFT_OUT] = left_out
