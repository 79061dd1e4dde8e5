"""Albums: the list, one album, and changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.access import requires_role
from gallery.albums import BadAlbum, ancestors, remove_from_album, save_album, visible_albums
from gallery.forms import AlbumForm, BulkForm
from gallery.models import Album, AlbumPhoto, Photo, Role, SavedSearch
from gallery.views.doors import person, visitors

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations

    from gallery.models import User

    class CardFacts(TypedDict):
        count: int
        inner: int
        shown_cover_id: int | None

    AlbumCard = WithAnnotations[Album, CardFacts]


def albums_with_covers(user: User | AnonymousUser) -> QuerySet[AlbumCard]:
    """The albums that the user may see.

    With the `count` of visible photos and of visible albums within (`inner`), and the `shown_cover_id`: the chosen
    cover where the user may see it, else the first photo.
    """
    visible = Photo.objects.visible_to(user)
    chosen = visible.filter(pk=OuterRef("cover")).values("pk")
    places = AlbumPhoto.objects.filter(album=OuterRef("pk"), photo__in=visible.values("pk")).order_by()
    first = places.order_by("position", "pk").values("photo")[:1]
    within = visible_albums(user).order_by().filter(parent=OuterRef("pk")).values("parent")
    return (
        visible_albums(user)
        .annotate(
            count=counted(places.values("album")),
            inner=counted(within),
            shown_cover_id=Coalesce(Subquery(chosen), Subquery(first), output_field=BigIntegerField()),
        )
        .order_by("name", "pk")
    )


def counted(grouped: QuerySet[Any, Any]) -> Coalesce:
    """How many rows the subquery has, which is grouped by its only column."""
    return Coalesce(Subquery(grouped.annotate(n=Count("pk")).values("n")), 0)


def cards_of(found: QuerySet[AlbumCard]) -> list[tuple[AlbumCard, Photo | None]]:
    """The albums, each with the photo that stands for it."""
    albums = list(found)
    covers = Photo.objects.in_bulk([album.shown_cover_id for album in albums if album.shown_cover_id])
    return [(album, covers.get(album.shown_cover_id or 0)) for album in albums]


@require_http_methods(["GET", "HEAD", "POST"])
@requires_role(Role.VIEWER)
def albums(request: HttpRequest) -> HttpResponse:
    """The albums that lie in no other one that the person may see; POST makes a new one."""
    user = person(request)
    form = AlbumForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid() and (album := saved_album(form, user)):
        return redirect("album", pk=album.pk)
    outermost = Q(parent=None) | ~Q(parent__in=visible_albums(user).order_by().values("pk"))
    context = {
        "cards": cards_of(albums_with_covers(user).filter(outermost)),
        "form": form,
        "searches": SavedSearch.objects.visible_to(user),
    }
    return render(request, "albums/albums.html", context, status=422 if form.is_bound else 200)


def saved_album(form: AlbumForm, owner: User) -> Album | None:
    """Save the form's album; None, with the error on the form, when that cannot be."""
    form.instance.owner_id = form.instance.owner_id or owner.pk
    try:
        save_album(album=form.instance)
    except BadAlbum as error:
        form.add_error(None, str(error))
        return None
    return form.instance


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
        "form": AlbumForm(instance=found, user=request.user),
        "around": ancestors(found, request.user),
        "cards": cards_of(albums_with_covers(request.user).filter(parent=found)),
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
    form = AlbumForm(request.POST, instance=editable_album(request, pk), user=person(request))
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
