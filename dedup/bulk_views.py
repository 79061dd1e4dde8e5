"""Accepting all suggestions of a queue: the count, the confirmation, how far it is, stopping and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dedup import bulk
from dedup.forms import ConfirmForm
from dedup.models import BulkDecision
from dedup.page_filter import address, queue_filter
from dedup.parts_choice import chosen_parts
from dedup.review import filter_words, members_in_order, with_members
from dedup.tasks import wake_bulk
from gallery.access import requires_role
from gallery.models import Role
from gallery.views.doors import person

if TYPE_CHECKING:
    from dedup.queue_filter import QueueFilter

SAMPLES = 8


@require_http_methods(["GET", "HEAD", "POST"])
@requires_role(Role.MODERATOR)
def accept(request: HttpRequest) -> HttpResponse:
    """What accepting every suggestion of the queue would do; confirmed by the number of photos, it begins."""
    chosen = queue_filter(request)
    if request.method != "POST":
        return counted(request, chosen, ConfirmForm())
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return counted(request, chosen, form, status=422)
    try:
        begun = bulk.begin(
            queue=chosen,
            photos=form.cleaned_data["photos"],
            merge=chosen_parts(request),
            user=person(request),
        )
    except bulk.CannotAccept as error:
        form.add_error("photos", str(error))
        return counted(request, chosen, form, status=409)
    wake_bulk(begun)
    return redirect("duplicate-bulk", begun.pk)


def counted(request: HttpRequest, chosen: QueueFilter, form: ConfirmForm, status: int = 200) -> HttpResponse:
    """The dry run: numbers, and the groups about which we are least sure."""
    samples = with_members(bulk.acceptable(chosen).order_by("confidence", "pk"))[:SAMPLES]
    context = {
        "queue": chosen,
        "back": address("duplicates", chosen),
        "filters": filter_words(chosen),
        "counted": bulk.dry_run(chosen),
        "samples": [(group, members_in_order(group)) for group in samples],
        "form": form,
    }
    return render(request, "dedup/accept.html", context, status=status)


@require_safe
@requires_role(Role.MODERATOR)
def bulk_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a bulk decision is; asked for by the page itself, only the part that changes."""
    rows = BulkDecision.objects.select_related("user", "undone_by").defer("groups")
    found = get_object_or_404(rows, pk=pk)
    template = "dedup/bulk_state.html" if request.headers.get("HX-Request") else "dedup/bulk.html"
    return render(request, template, {"bulk": found, "standing": bulk.standing(found)})


@require_POST
@requires_role(Role.MODERATOR)
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide no further group."""
    get_object_or_404(BulkDecision.objects.only("pk"), pk=pk)
    bulk.stop(bulk_id=pk, user=person(request))
    return redirect("duplicate-bulk", pk)


@require_POST
@requires_role(Role.MODERATOR)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back all of it."""
    get_object_or_404(BulkDecision.objects.only("pk"), pk=pk)
    begun = bulk.begin_undo(bulk_id=pk, user=person(request))
    if begun is not None:
        wake_bulk(begun)
        messages.info(request, "What was decided is being taken back, the latest first.")
    return redirect("duplicate-bulk", pk)
