"""The filter of the queue in the addresses of its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.urls import reverse

from dedup.queue_filter import BadFilter, QueueFilter, read_filter

if TYPE_CHECKING:
    from django.http import HttpRequest


def queue_filter(request: HttpRequest) -> QueueFilter:
    """The filter that a page's address names. What it does not know is told and left out."""
    given = {name: str(value) for name, value in request.GET.items()}
    try:
        return read_filter(given)
    except BadFilter as error:
        messages.warning(request, f"{error} The filter was left out.")
        return QueueFilter()


def address(name: str, queue: QueueFilter, *args: int) -> str:
    """The address of a page with the filter kept."""
    query = queue.query()
    return reverse(name, args=args) + (f"?{query}" if query else "")
