"""Affine maps between two pictures, as the review page draws them. Pure.

A map is ((a, b, c), (d, e, f)): x' = a x + b y + c, y' = d x + e y + f, both sides in units of their own picture's
width and height (0..1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Affine = tuple[tuple[float, float, float], tuple[float, float, float]]
Point = tuple[float, float]

IDENTITY: Affine = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORNERS: tuple[Point, ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
# A part that covers nearly all of the other picture needs no outline.
OUTLINE_SHARE_MAX = 0.97


class DegenerateMapError(ValueError):
    """The map squeezes the picture into a line."""


def affine(rows: Sequence[Sequence[float]]) -> Affine:
    """A map from its stored form."""
    (a, b, c), (d, e, f) = rows
    return (float(a), float(b), float(c)), (float(d), float(e), float(f))


def inverse(forward: Affine) -> Affine:
    """The map back. Raises DegenerateMapError."""
    (a, b, c), (d, e, f) = forward
    determinant = a * e - b * d
    if abs(determinant) < 1e-9:
        raise DegenerateMapError("this map has no way back")
    return (
        (e / determinant, -b / determinant, (b * f - c * e) / determinant),
        (-d / determinant, a / determinant, (c * d - a * f) / determinant),
    )


def apply(forward: Affine, point: Point) -> Point:
    """Where the map puts a point."""
    (a, b, c), (d, e, f) = forward
    return a * point[0] + b * point[1] + c, d * point[0] + e * point[1] + f


def area(corners: Sequence[Point]) -> float:
    """The area of a polygon."""
    following = [*corners[1:], corners[0]]
    return abs(sum(x * v - u * y for (x, y), (u, v) in zip(corners, following, strict=True))) / 2


@dataclass(frozen=True)
class Frame:
    """A picture's size on the page, in any unit."""

    width: int
    height: int


def outline(part_to_whole: Affine, whole: Frame) -> str:
    """Where the other picture lies in this one, as the points of an SVG polygon; "" where it covers all of it."""
    corners = [apply(part_to_whole, corner) for corner in CORNERS]
    if area(corners) > OUTLINE_SHARE_MAX:
        return ""
    return " ".join(f"{x * whole.width:.1f},{y * whole.height:.1f}" for x, y in corners)


def svg_matrix(moved_to_still: Affine, moved: Frame, still: Frame) -> str:
    """The SVG transform that lays the moved picture, drawn at its own size, over the still one."""
    (a, b, c), (d, e, f) = moved_to_still
    columns = (
        a * still.width / moved.width,
        d * still.height / moved.width,
        b * still.width / moved.height,
        e * still.height / moved.height,
        c * still.width,
        f * still.height,
    )
    return f"matrix({' '.join(f'{value:.6g}' for value in columns)})"
