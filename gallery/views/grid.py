"""What the photo grid fetches: the layout of all photos at once, and a few facts about those on screen."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from gallery.albums import visible_albums
from gallery.gridlayout import GridLayout, months_of, pack, rows_of
from gallery.models import Photo, PhotoQuerySet, PhotoState
from gallery.previews import preview_url
from gallery.search import BadCursor, search
from gallery.stacks import stack_sizes, without_stacked
from gallery.throttle import SEARCHES
from gallery.views.doors import limited, visitors

RESULTS_PER_PAGE = 300
"""Search results are ranked, so they come in pages; the library comes whole."""
MAX_DETAILS = 200
"""Photos whose facts are asked for at once: more than any screen shows."""


@require_safe
@gzip_page
@visitors
@limited(SEARCHES, queries=True)
def layout(request: HttpRequest) -> HttpResponse:
    """The packed layout (see gallery.gridlayout) of the library, an album, or a page of search results."""
    if "q" in request.GET:
        found = result_layout(request)
    elif "album" in request.GET:
        found = album_layout(request)
    else:
        found = library_layout(request)
    return HttpResponse(pack(found), content_type="application/octet-stream")


def shown(request: HttpRequest) -> PhotoQuerySet:
    """The photos that a grid shows to the asker: those that have been looked at and can be shown."""
    return Photo.objects.visible_to(request.user).filter(state__in=[PhotoState.READY, PhotoState.DAMAGED])


def library_layout(request: HttpRequest) -> GridLayout:
    """All photos, newest first, by month, a stack as its cover, and how many more are on their way."""
    rows = rows_of(without_stacked(shown(request), request.user).order_by("-shown_at", "-pk"))
    waiting = Photo.objects.visible_to(request.user).filter(state=PhotoState.PROCESSING).count()
    header = {"processing": waiting, "stacks": stack_sizes(request.user)}
    return GridLayout(rows, months_of(rows), header)


def album_layout(request: HttpRequest) -> GridLayout:
    """The photos of an album in its own order."""
    number = request.GET["album"]
    if not number.isdecimal():
        raise Http404("There is no such album.")
    album = get_object_or_404(visible_albums(request.user), pk=number)
    photos = shown(request).filter(album_places__album=album)
    return GridLayout(rows_of(photos.order_by("album_places__position", "pk")))


def result_layout(request: HttpRequest) -> GridLayout:
    """A page of search results; the header carries the cursor of the next one."""
    try:
        page = search(
            request.user, request.GET["q"], cursor=request.GET.get("cursor") or None, limit=RESULTS_PER_PAGE
        )
    except BadCursor as error:
        raise Http404(str(error)) from error
    by_id = {row.pk: row for row in rows_of(Photo.objects.filter(pk__in=[photo.pk for photo in page.photos]))}
    rows = [by_id[photo.pk] for photo in page.photos if photo.pk in by_id]
    return GridLayout(rows, header={"next": page.next_cursor or "", "stopped": page.stopped or ""})


@require_safe
@visitors
def details(request: HttpRequest) -> JsonResponse:
    """Names, sizes and addresses of the photos ``?ids=1,2,3`` that the asker may see."""
    wanted = [int(part) for part in request.GET.get("ids", "").split(",") if part.isdecimal()][:MAX_DETAILS]
    photos = Photo.objects.visible_to(request.user).filter(pk__in=wanted)
    editable = set(Photo.objects.editable_by(request.user).filter(pk__in=wanted).values_list("pk", flat=True))
    return JsonResponse({"photos": [facts(photo, photo.pk in editable) for photo in photos]})


def facts(photo: Photo, editable: bool) -> dict[str, Any]:
    """What a tile and the viewer say about a photo."""
    taken = date_format(localtime(photo.best_date), "j F Y, H:i")
    return {
        "id": photo.pk,
        "label": f"{photo.title or photo.file_name}, {taken}",
        "title": photo.title,
        "file_name": photo.file_name,
        "width": photo.width,
        "height": photo.height,
        "media_type": photo.media_type,
        "favourite": photo.favourite,
        "editable": editable,
        "url": reverse("photo", args=[photo.pk]),
        "original": reverse("original", args=[photo.pk]),
        "small": preview_url(photo, 320),
    }
