"""One photo: everything known about it, and changing what people say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from gallery.access import editable_photo, requires_role, visible_photo
from gallery.albums import visible_albums
from gallery.edit import change_photo
from gallery.forms import BulkForm, PhotoForm
from gallery.models import Photo, Role
from gallery.organise import BadChange, change_photos, put_in_album
from gallery.photo_notes import notes_about
from gallery.pipeline import stage_states
from gallery.registry import photo_panels
from gallery.stacks import photos_of_stack
from gallery.tags import BadTag
from gallery.trash import trash_photos
from gallery.views.doors import person, visitors

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


@require_safe
@visitors
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """The photo page; with ``?part=panel`` only the facts, for the viewer's side."""
    found = visible_photo(request.user, pk)
    context = panel_context(request, found)
    if request.GET.get("part") == "panel":
        return render(request, "photo/panel.html", context)
    return render(request, "photo/photo.html", context | neighbours(request, found))


def panel_context(request: HttpRequest, found: Photo) -> dict[str, Any]:
    """What the facts about a photo are rendered with."""
    editable = Photo.objects.editable_by(request.user).filter(pk=found.pk).exists()
    return {
        "photo": found,
        "editable": editable,
        "form": PhotoForm.of(found),
        "tags": found.photo_tags.select_related("tag").order_by("tag__name"),
        "albums": visible_albums(request.user).filter(photos=found),
        "stages": stage_states(found),
        "stack": photos_of_stack(found, request.user),
        "panels": rendered_panels(request, found),
        "notes": notes_about(request.user, found),
    }


def rendered_panels(request: HttpRequest, found: Photo) -> list[tuple[str, SafeString]]:
    """What other apps say about the photo, each under its name."""
    contexts = ((panel, panel.context(request, found)) for panel in photo_panels)
    return [
        (panel.name, render_to_string(panel.template, context | {"photo": found}, request=request))
        for panel, context in contexts
        if context is not None
    ]


def neighbours(request: HttpRequest, found: Photo) -> dict[str, Photo | None]:
    """The photos before and after in the library's order (newest first)."""
    visible = Photo.objects.visible_to(request.user)
    at_same_time = visible.filter(shown_at=found.best_date)
    newer = at_same_time.filter(pk__gt=found.pk).order_by("pk").first()
    older = at_same_time.filter(pk__lt=found.pk).order_by("-pk").first()
    return {
        "newer": newer or visible.filter(shown_at__gt=found.best_date).order_by("shown_at", "pk").first(),
        "older": older or visible.filter(shown_at__lt=found.best_date).order_by("-shown_at", "-pk").first(),
    }


@require_POST
@requires_role(Role.VIEWER)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the form of the photo page (scripts save each field by the API instead)."""
    found = editable_photo(request.user, pk)
    form = PhotoForm(request.POST)
    if not form.is_valid():
        return render(request, "photo/photo.html", panel_context(request, found) | {"form": form}, status=422)
    try:
        change_photo(photo=found, changes=form.changes())
    except BadTag as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Saved.")
    return redirect("photo", pk=pk)


@require_POST
@requires_role(Role.VIEWER)
def trash(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the photo to the trash and go back to the library."""
    found = editable_photo(request.user, pk)
    trash_photos(photos=[found], by=person(request))
    messages.success(request, f"{found.file_name} is in the trash.")
    return redirect("library")


@require_POST
@requires_role(Role.VIEWER)
def bulk(request: HttpRequest) -> JsonResponse:
    """Change the selected photos: tags, favourite, rating, visibility, album or trash, as `BulkForm` says."""
    form = BulkForm(request.POST)
    if not form.is_valid():
        sentence = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"detail": sentence, "code": "invalid"}, status=422)
    try:
        return JsonResponse(apply_bulk(request, form))
    except (BadChange, BadTag) as error:
        return JsonResponse({"detail": str(error), "code": "invalid"}, status=422)


def apply_bulk(request: HttpRequest, form: BulkForm) -> dict[str, Any]:
    """Do what the form says. Returns the ids of the photos that changed, and the album if one was named."""
    user, ids = person(request), form.cleaned_data["ids"]
    if form.cleaned_data["trash"]:
        photos = list(Photo.objects.live().editable_by(user).filter(pk__in=ids))
        return {"changed": [moved.pk for moved in trash_photos(photos=photos, by=user)]}
    if name := form.cleaned_data["album"]:
        album = put_in_album(user=user, ids=ids, name=name)
        return {"changed": ids, "album": {"id": album.pk, "name": album.name}}
    return {"changed": change_photos(user=user, ids=ids, change=form.change())}
