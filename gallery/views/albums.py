"""Albums: the list, one album, and changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.access import requires_role
from gallery.albums import remove_from_album, visible_albums
from gallery.forms import AlbumForm, BulkForm
from gallery.models import Album, Photo, Role, SavedSearch
from gallery.views.doors import person, visitors

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations

    from gallery.models import User

    class CardFacts(TypedDict):
        count: int
        shown_cover_id: int | None

    AlbumCard = WithAnnotations[Album, CardFacts]


def albums_with_covers(user: User | AnonymousUser) -> QuerySet[AlbumCard]:
    """The albums that the user may see, with `count` of visible photos and the `shown_cover_id` of the first."""
    visible = Photo.objects.visible_to(user)
    first = visible.filter(albums=OuterRef("pk")).order_by("album_places__position", "pk").values("pk")[:1]
    return (
        visible_albums(user)
        .annotate(
            count=Count("places", filter=Q(places__photo__in=visible.values("pk"))),
            shown_cover_id=Subquery(first),
        )
        .order_by("name", "pk")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires_role(Role.VIEWER)
def albums(request: HttpRequest) -> HttpResponse:
    """All albums; POST makes a new one."""
    user = person(request)
    form = AlbumForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (album := saved_album(form, user)):
        return redirect("album", pk=album.pk)
    found = list(albums_with_covers(user))
    covers = Photo.objects.in_bulk([album.shown_cover_id for album in found if album.shown_cover_id])
    cards = [(album, covers.get(album.shown_cover_id)) for album in found]
    status = 422 if form.is_bound else 200
    context = {"cards": cards, "form": form, "searches": SavedSearch.objects.visible_to(user)}
    return render(request, "albums/albums.html", context, status=status)


def saved_album(form: AlbumForm, owner: User) -> Album | None:
    """Save the form's album; None, with the error on the form, when the owner has one of that name."""
    form.instance.owner_id = form.instance.owner_id or owner.pk
    try:
        with transaction.atomic():
            return form.save()
    except IntegrityError:
        form.add_error("name", "You have an album of this name already.")
        return None


@require_safe
@requires_role(Role.VIEWER)
def names(request: HttpRequest) -> JsonResponse:
    """Names of the person's own albums, to choose one from."""
    own = Album.objects.filter(owner=person(request)).order_by("name")
    return JsonResponse({"albums": list(own.values_list("name", flat=True))})


@require_safe
@visitors
def album(request: HttpRequest, pk: int) -> HttpResponse:
    """One album as a grid."""
    found = get_object_or_404(albums_with_covers(request.user), pk=pk)
    context = {
        "album": found,
        "album_number": str(pk),
        "editable": may_edit(request.user, found),
        "form": AlbumForm(instance=found),
    }
    return render(request, "albums/album.html", context)


def may_edit(user: User | AnonymousUser, album: Album) -> bool:
    """Owners change their albums, moderators all."""
    return user.is_authenticated and (album.owner_id == user.pk or user.may_moderate)


def editable_album(request: HttpRequest, pk: int) -> Album:
    """An album that the person may change. Raises Http404 when hidden, PermissionDenied when only seen."""
    found = get_object_or_404(visible_albums(person(request)), pk=pk)
    if not may_edit(request.user, found):
        raise PermissionDenied("Only the owner of an album and moderators may change it.")
    return found


@require_POST
@requires_role(Role.VIEWER)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename an album, describe it, choose who sees it."""
    form = AlbumForm(request.POST, instance=editable_album(request, pk))
    if not form.is_valid() or saved_album(form, person(request)) is None:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("album", pk=pk)


@require_POST
@requires_role(Role.VIEWER)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an album; its photos stay in the library."""
    found = editable_album(request, pk)
    found.delete()
    messages.success(request, f"The album {found.name} is gone. Its photos stay in the library.")
    return redirect("albums")


@require_POST
@requires_role(Role.VIEWER)
def take_out(request: HttpRequest, pk: int) -> JsonResponse:
    """Take the photos ``ids`` out of an album."""
    found = editable_album(request, pk)
    form = BulkForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"detail": "Choose photos first.", "code": "invalid"}, status=422)
    ids = form.cleaned_data["ids"]
    remove_from_album(album=found, photos=list(Photo.objects.filter(pk__in=ids)))
    return JsonResponse({"changed": ids})
