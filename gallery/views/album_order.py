"""Arranging an album: the order of its photos and its cover, by dragging or by buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from gallery.access import requires_role, visible_photos
from gallery.albums import BadAlbum, move_in_album, set_cover, sort_album
from gallery.models import Photo, Role
from gallery.views.albums import editable_album

if TYPE_CHECKING:
    from gallery.models import Album

MAX_ARRANGED = 1_000
"""Photos on the page; whoever arranges more by hand does it in parts."""


@require_safe
@requires_role(Role.VIEWER)
def arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """The photos of an album in their order, to be moved."""
    found = editable_album(request, pk)
    photos = shown_in_order(request, found)
    context = {"album": found, "photos": photos[:MAX_ARRANGED], "most": MAX_ARRANGED, "count": len(photos)}
    return render(request, "albums/arrange.html", context)


def shown_in_order(request: HttpRequest, album: Album) -> list[Photo]:
    """The photos of the album that the asker may see, in its order."""
    photos = visible_photos(request).filter(album_places__album=album)
    return list(photos.order_by("album_places__position", "album_places__pk"))


@require_POST
@requires_role(Role.VIEWER)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """What a button without scripts asks for: ``earlier``, ``later``, ``first`` or ``cover`` name a photo;
    ``sort`` orders all anew."""
    found = editable_album(request, pk)
    try:
        if (by := request.POST.get("sort", "")) in ("date", "name"):
            sort_album(album=found, by=by)
        else:
            act_on_photo(request, found)
    except BadAlbum as error:
        messages.error(request, str(error))
    return redirect("album-arrange", pk=pk)


def act_on_photo(request: HttpRequest, album: Album) -> None:
    """Move the named photo one place, or to the front, or make it the cover. Raises Http404, BadAlbum."""
    verb = next((name for name in ("earlier", "later", "first", "cover") if name in request.POST), "")
    number = request.POST.get(verb, "")
    if not verb or not number.isdecimal():
        raise Http404("There is nothing to do.")
    photo = get_object_or_404(visible_photos(request), pk=number)
    if verb == "cover":
        set_cover(album=album, photo=photo)
        messages.success(request, f"{photo.title or photo.file_name} is the cover now.")
        return
    order = [each.pk for each in shown_in_order(request, album)]
    if photo.pk not in order:
        raise Http404("The photo is not in the album.")
    before = neighbour(order, order.index(photo.pk), verb)
    if before != photo.pk:
        move_in_album(album=album, photo_ids=[photo.pk], before=before)


def neighbour(order: list[int], place: int, verb: str) -> int | None:
    """The photo in front of which the one at `place` goes; None for the end, the photo itself to stay."""
    if verb == "later":
        return order[place + 2] if place + 2 < len(order) else None
    return order[0 if verb == "first" else max(0, place - 1)]
