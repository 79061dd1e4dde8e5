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
from gallery.trash import (
    PURGE_ROLE,
    CannotPurge,
    CannotRestore,
    days_left,
    planned_purge,
    purge_now,
    restore_photos,
)
from gallery.views.doors import person

PAGE_SIZE = 100
PREVIEWS_OF_PURGE = 12


@require_safe
@requires_role(Role.VIEWER)
def trash(request: HttpRequest) -> HttpResponse:
    """Photos in the trash that the person may bring back, the latest first."""
    photos = Photo.objects.trashed().editable_by(person(request)).select_related("owner", "trashed_by")
    page = Paginator(photos.order_by("-trashed_at", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(photo, days_left(photo)) for photo in page]
    context = {
        "page": page,
        "rows": rows,
        "retention_days": settings.TRASH_RETENTION_DAYS,
        "may_purge": person(request).has_role(PURGE_ROLE),
    }
    return render(request, "trash/trash.html", context)


@require_POST
@requires_role(Role.VIEWER)
def restore(request: HttpRequest) -> HttpResponse:
    """Bring the photos ``ids`` back, or all when ``all`` is given."""
    photos = Photo.objects.trashed().editable_by(person(request))
    if "all" not in request.POST:
        photos = photos.filter(pk__in=chosen(request))
    try:
        returned = restore_photos(photos=list(photos), by=person(request))
    except CannotRestore as error:
        messages.error(request, str(error))
    else:
        count = len(returned)
        messages.success(request, f"{count} photo{'' if count == 1 else 's'} restored.")
    return redirect("trash")


@require_POST
@requires_role(PURGE_ROLE)
def purge(request: HttpRequest) -> HttpResponse:
    """Remove the photos ``ids``, or ``all``, for good: first asks with their number, then wants that as ``count``."""
    user = person(request)
    ids = None if "all" in request.POST else chosen(request)
    count = request.POST.get("count", "")
    if count.isdecimal():
        try:
            removed = purge_now(user=user, photo_ids=ids, count=int(count))
        except CannotPurge as error:
            messages.warning(request, f"{error} Nothing was removed; look again.")
        else:
            messages.success(request, f"{removed} photo{'' if removed == 1 else 's'} removed for good.")
            return redirect("trash")
    plan = planned_purge(user=user, photo_ids=ids)
    if not plan.photo_ids:
        messages.info(request, "Choose photos first.")
        return redirect("trash")
    photos = Photo.objects.in_bulk(list(plan.photo_ids[:PREVIEWS_OF_PURGE]))
    context = {"plan": plan, "all": ids is None, "photos": photos.values()}
    return render(request, "trash/purge.html", context)


def chosen(request: HttpRequest) -> list[int]:
    """The photos that the form names."""
    return [int(pk) for pk in request.POST.getlist("ids") if pk.isdecimal() and len(pk) < 19]
