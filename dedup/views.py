"""The review pages: the queue, one group, the journal. Only for moderators; GET changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dedup import claims
from dedup.claims import claim_first
from dedup.decide import Decision, carry_out
from dedup.forms import DecisionForm
from dedup.journal import entries, in_words, last_of
from dedup.merging import Part
from dedup.models import Group, GroupStatus, Resolution, Verdict
from dedup.page_filter import address, queue_filter
from dedup.pairs import chosen_pair
from dedup.parts_choice import chosen_parts, remember_parts
from dedup.queue_filter import ORDERS, BadCursor, QueueFilter
from dedup.resolution import BadDecision, Conflict, NoSuchGroup
from dedup.review import (
    counts_by_kind,
    counts_by_status,
    filter_words,
    loaded,
    members_in_order,
    new_groups,
    next_groups,
    previous_group,
    queue_page,
)
from dedup.undo import CannotUndo, NoSuchResolution, undo_resolution
from gallery.access import requires_role
from gallery.models import Album, Role, User
from gallery.views.doors import person

if TYPE_CHECKING:
    from collections.abc import Sequence

ALBUMS_OFFERED = 500
CLAIMS_TRIED = 50
"""Groups at the head of the queue that others may look at before somebody is told that none is free."""


@require_safe
@requires_role(Role.MODERATOR)
def queue(request: HttpRequest) -> HttpResponse:
    """All groups with a status, the best first."""
    chosen = queue_filter(request)
    try:
        page = queue_page(chosen, cursor=request.GET.get("cursor", ""))
    except BadCursor as error:
        raise Http404(str(error)) from error
    taken = claims.holders([one.pk for one in page.groups], person(request))
    context = {
        "queue": chosen,
        "groups": [(one, members_in_order(one), taken.get(one.pk, "")) for one in page.groups],
        "next_cursor": page.next,
        "kinds": counts_by_kind(chosen.status),
        "statuses": counts_by_status(),
        "orders": ORDERS,
        "filters": filter_words(chosen),
        "albums": Album.objects.order_by("name").values_list("pk", "name")[:ALBUMS_OFFERED],
        "people": User.objects.filter(photos__isnull=False).distinct().order_by("username"),
        "new": new_groups(person(request)),
        "last": last_of(person(request)),
    }
    return render(request, "dedup/queue.html", context)


@require_POST
@requires_role(Role.MODERATOR)
def start(request: HttpRequest) -> HttpResponse:
    """Begin with the first group of the queue that nobody else looks at."""
    chosen = queue_filter(request)
    found = claim_first(chosen.groups()[:CLAIMS_TRIED], person(request))
    if found is None:
        messages.info(request, "Every group of this queue is decided, or somebody looks at it.")
        return redirect(address("duplicates", chosen))
    return redirect(address("duplicate-group", chosen, found.pk))


@require_POST
@requires_role(Role.MODERATOR)
def claim(request: HttpRequest, pk: int) -> JsonResponse:
    """Keep a group for this person while its page is open; answer who else looks at it, if somebody does."""
    is_ours = claims.claim(pk, person(request))
    return JsonResponse({"by": None if is_ours else claims.holders([pk], person(request)).get(pk)})


@require_safe
@requires_role(Role.MODERATOR)
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One group: two of its photos side by side, and what can be decided."""
    chosen = queue_filter(request)
    found = loaded(pk)
    if found is None:
        messages.info(request, "That group is not there any more: its photos were decided or grouped anew.")
        return redirect(address("duplicates", chosen))
    return render(request, "dedup/group.html", group_context(request, found, chosen))


def group_context(request: HttpRequest, found: Group, chosen: QueueFilter) -> dict[str, Any]:
    """What the page of a group shows."""
    left, right = number(request.GET, "left"), number(request.GET, "right")
    following = next_groups(chosen, found, person(request))
    return {
        "group": found,
        "queue": chosen,
        "kind": Verdict(found.kind),
        "is_open": found.status == GroupStatus.OPEN,
        "is_near_shot": found.kind == Verdict.NEAR_SHOT,
        "members": members_in_order(found),
        "pair": chosen_pair(found, left, right),
        "next": following[0] if following else None,
        "taken_by": claims.holders([found.pk], person(request)).get(found.pk),
        "coming": [chosen_pair(one, None, None) for one in following],
        "previous": previous_group(chosen, found),
        "parts": [(part.value, part in chosen_parts(request)) for part in Part],
        "waiting": chosen.groups().count(),
        "decided": entries().filter(group=found, undone_at=None).first(),
        "last": last_of(person(request)),
    }


def number(query: QueryDict, name: str) -> int | None:
    """A whole number of the address, if it is one."""
    text = query.get(name, "")
    return int(text) if text.isdecimal() else None


@require_POST
@requires_role(Role.MODERATOR)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Carry out a decision and show what comes next: the rest of the group, else the next group."""
    chosen = queue_filter(request)
    found = loaded(pk)
    if found is None:
        messages.error(request, f"Group {pk} is not there any more: its photos were decided or grouped anew.")
        return redirect(address("duplicates", chosen))
    form = DecisionForm(request.POST, [row.photo_id for row in found.members.all()])
    if not form.is_valid():
        messages.error(request, "That decision does not fit the group as it is now. Look at it again.")
        return redirect(address("duplicate-group", chosen, pk))
    following = next_groups(chosen, found, person(request))
    try:
        resolution = carry_out(decision_of(request, form), found, person(request))
    except (BadDecision, NoSuchGroup, Conflict) as error:
        messages.error(request, str(error))
        return redirect(address("duplicate-group", chosen, pk))
    messages.success(request, in_words([resolution])[0])
    return redirect(after_decision(found, chosen, following, person(request)))


def decision_of(request: HttpRequest, form: DecisionForm) -> Decision:
    """The decision of a valid form. A page that shows what is taken over says so, and its choice is remembered."""
    values = form.cleaned_data
    if "merge_shown" in request.POST:
        remember_parts(request, values["merge"])
    return Decision(**values | {"merge": chosen_parts(request)})


def after_decision(decided: Group, chosen: QueueFilter, following: Sequence[Group], user: User) -> str:
    """Where to go on: what is left of the group, else the next one that nobody else looks at, else the queue."""
    found = claims.claim_first([decided, *following], user)
    return address("duplicate-group", chosen, found.pk) if found else address("duplicates", chosen)


@require_POST
@requires_role(Role.MODERATOR)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one decision of the journal back."""
    return take_back(request, pk, reverse("duplicate-journal"))


@require_POST
@requires_role(Role.MODERATOR)
def undo_last(request: HttpRequest) -> HttpResponse:
    """Take back the last decision of this person that stands, and show its group again."""
    chosen = queue_filter(request)
    last = last_of(person(request))
    if last is None:
        messages.info(request, "You have no decision left to take back.")
        return redirect(address("duplicates", chosen))
    group_id = last.group_id
    return take_back(request, last.pk, address("duplicate-group", chosen, group_id) if group_id else "")


def take_back(request: HttpRequest, pk: int, where: str) -> HttpResponse:
    """Undo a decision and say what came of it."""
    try:
        resolution: Resolution = undo_resolution(resolution_id=pk, user=person(request))
    except NoSuchResolution as error:
        raise Http404(str(error)) from error
    except CannotUndo as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Taken back: {in_words([resolution])[0]}")
    return redirect(where or reverse("duplicates"))
