"""The search page and what completes a query while it is typed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from gallery.search import search
from gallery.search.complete import MAX_SUGGESTIONS, FoundName, complete
from gallery.throttle import SEARCHES, SUGGESTIONS
from gallery.views.albums import albums_with_covers
from gallery.views.doors import limited, visitors
from gallery.views.tags import suggested_tags

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from gallery.models import Photo, User

PLAIN_RESULTS = 60
MAX_QUERY_CHARS = 2_000


@require_safe
@visitors
@limited(SEARCHES, queries=True)
def results(request: HttpRequest) -> HttpResponse:
    """How the query was understood; scripts fill the grid, other browsers get the first results plain."""
    query = request.GET.get("q", "")[:MAX_QUERY_CHARS]
    page = search(request.user, query, cursor=None, limit=PLAIN_RESULTS)
    photos: list[Photo] = list(page.photos)
    source = f"{reverse('grid-layout')}?{urlencode({'q': query})}"
    context: dict[str, Any] = {"query": query, "page": page, "photos": photos, "source_url": source}
    return render(request, "search/results.html", context)


@require_safe
@visitors
@limited(SUGGESTIONS)
def suggest(request: HttpRequest) -> JsonResponse:
    """Ways to complete ``?text=`` at ``?caret=``: each says what to put where."""
    text = request.GET.get("text", "")[:MAX_QUERY_CHARS]
    caret = request.GET.get("caret", "")
    place = min(int(caret), len(text)) if caret.isdecimal() and len(caret) < 6 else len(text)
    return JsonResponse({"suggestions": complete(text, place, partial(found_names, request.user))})


def found_names(user: User | AnonymousUser, kind: str, start: str) -> list[FoundName]:
    """Names of a kind ("tag" or "album") that begin with a text, as the user may know them."""
    if kind == "tag":
        return suggested_tags(user, start)
    albums = albums_with_covers(user).filter(name__istartswith=start.strip())
    return [FoundName(album.name, album.count) for album in albums[:MAX_SUGGESTIONS]]
