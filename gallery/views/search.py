"""The search page and what completes a query while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.search import search
from gallery.search.complete import complete
from gallery.views.doors import visitors
from gallery.views.tags import suggested_tags

if TYPE_CHECKING:
    from gallery.models import Photo

PLAIN_RESULTS = 60
MAX_QUERY_CHARS = 2_000


@require_safe
@visitors
def results(request: HttpRequest) -> HttpResponse:
    """How the query was understood; scripts fill the grid, other browsers get the first results plain."""
    query = request.GET.get("q", "")[:MAX_QUERY_CHARS]
    page = search(request.user, query, cursor=None, limit=PLAIN_RESULTS)
    photos: list[Photo] = list(page.photos)
    context: dict[str, Any] = {"query": query, "page": page, "photos": photos}
    return render(request, "search/results.html", context)


@require_safe
@visitors
def suggest(request: HttpRequest) -> JsonResponse:
    """Ways to complete ``?text=`` at ``?caret=``: each says what to put where."""
    text = request.GET.get("text", "")[:MAX_QUERY_CHARS]
    caret = request.GET.get("caret", "")
    place = min(int(caret), len(text)) if caret.isdecimal() and len(caret) < 6 else len(text)
    found = complete(text, place, lambda start: suggested_tags(request.user, start))
    return JsonResponse({"suggestions": found})
