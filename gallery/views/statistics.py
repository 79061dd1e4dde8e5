"""The page of numbers. Its drawings are inline SVG, whose places and lengths are reckoned here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.access import requires_role
from gallery.imaging.sniff import RAW_MEDIA_TYPES
from gallery.models import Role
from gallery.registry import statistics_facts
from gallery.statistics import statistics_for
from gallery.views.doors import person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.statistics import Share, Statistics

MONTHS_SHOWN = 120
"""More columns than that are thinner than a hair on a phone."""
CHART_HEIGHT = 100.0
COLUMN_GAP = 0.2  # of a column's width
TYPE_NAMES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WebP",
              "image/tiff": "TIFF", "image/avif": "AVIF", "image/heic": "HEIC", "image/heif": "HEIF",
              "image/jxl": "JPEG XL", **{kind: name.upper() for name, kind in RAW_MEDIA_TYPES.items()}}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A month of the chart: where its column stands and how high it is, in units of the drawing."""

    label: str
    photos: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bar:
    """A line of a chart of bars: `length` in percent of the longest."""

    name: str
    photos: int
    size: int
    length: float


@require_safe
@requires_role(Role.VIEWER)
def statistics(request: HttpRequest) -> HttpResponse:
    """The numbers as they were kept; a page that got old ones asks for them anew (``?anew=1``) when it is there."""
    user = person(request)
    anew = "anew" in request.GET and request.headers.get("HX-Request") == "true"
    numbers = statistics_for(user, anew=anew)
    context = {
        "numbers": numbers,
        "types": bars(numbers.types),
        "cameras": bars(numbers.cameras),
        "columns": columns(numbers),
        "facts": [fact for source in statistics_facts for fact in source(user)],
    }
    return render(request, "statistics/numbers.html" if anew else "statistics/statistics.html", context)


def bars(shares: Sequence[Share]) -> list[Bar]:
    """A bar for each part."""
    longest = max((share.photos for share in shares), default=1)
    return [
        Bar(TYPE_NAMES.get(share.name, share.name), share.photos, share.size, 100 * share.photos / longest)
        for share in shares
    ]


def columns(numbers: Statistics) -> list[Column]:
    """A column for each month from the first to the last, MONTHS_SHOWN at most."""
    counts = {month: photos for month, photos, _ in numbers.months}
    shown = months_between(min(counts), max(counts))[-MONTHS_SHOWN:] if counts else []
    highest = max((counts.get(month, 0) for month in shown), default=0) or 1
    result = []
    for place, month in enumerate(shown):
        height = CHART_HEIGHT * counts.get(month, 0) / highest
        column = Column(
            label=f"{month:%B %Y}",
            photos=counts.get(month, 0),
            x=place + COLUMN_GAP / 2,
            y=CHART_HEIGHT - height,
            width=1 - COLUMN_GAP,
            height=height,
        )
        result.append(column)
    return result


def months_between(first: date, last: date) -> list[date]:
    """The first days of all months from one to the other."""
    start, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(start, end + 1)]
