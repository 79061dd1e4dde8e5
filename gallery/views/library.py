"""The library: every photo that the visitor may see, newest first."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.models import Photo
from gallery.stacks import without_stacked
from gallery.views.doors import visitors
from gallery.views.grid import shown

PLAIN_PAGE_SIZE = 100
"""Photos on a page for browsers without JavaScript."""


@require_safe
@visitors
def library(request: HttpRequest) -> HttpResponse:
    """The grid, which scripts fill; ``?page=`` gives plain pages instead."""
    if "page" in request.GET:
        return plain_page(request)
    is_empty = not Photo.objects.visible_to(request.user).exists()
    return render(request, "library/library.html", {"is_empty": is_empty})


def plain_page(request: HttpRequest) -> HttpResponse:
    """One page of small previews, with links to the photos."""
    photos = without_stacked(shown(request), request.user).order_by("-shown_at", "-pk")
    page = Paginator(photos, PLAIN_PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "library/plain.html", {"page": page})
