"""The trash: what will be removed when, and bringing it back."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from gallery.access import requires_role
from gallery.models import Photo, Role
from gallery.trash import CannotRestore, days_left, restore_photos
from gallery.views.doors import person

PAGE_SIZE = 100


@require_safe
@requires_role(Role.VIEWER)
def trash(request: HttpRequest) -> HttpResponse:
    """Photos in the trash that the person may bring back, the latest first."""
    photos = Photo.objects.trashed().editable_by(person(request)).select_related("owner", "trashed_by")
    page = Paginator(photos.order_by("-trashed_at", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(photo, days_left(photo)) for photo in page]
    context = {"page": page, "rows": rows, "retention_days": settings.TRASH_RETENTION_DAYS}
    return render(request, "trash/trash.html", context)


@require_POST
@requires_role(Role.VIEWER)
def restore(request: HttpRequest) -> HttpResponse:
    """Bring the photos ``ids`` back, or all when ``all`` is given."""
    photos = Photo.objects.trashed().editable_by(person(request))
    if "all" not in request.POST:
        photos = photos.filter(pk__in=[pk for pk in request.POST.getlist("ids") if pk.isdecimal()])
    try:
        returned = restore_photos(photos=list(photos), by=person(request))
    except CannotRestore as error:
        messages.error(request, str(error))
    else:
        count = len(returned)
        messages.success(request, f"{count} photo{'' if count == 1 else 's'} restored.")
    return redirect("trash")
