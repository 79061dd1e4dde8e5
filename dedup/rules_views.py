"""The page on which moderators say by what photos are kept: an order to try out, then to apply. GET changes nothing.

The order that is being tried stands in the address, so that each step can be taken back, linked and reloaded. Among
many groups a trial takes several answers: each leaves in the cache what was found so far, and the page goes on by
itself until somebody stops it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dedup.compare.keeper_rules import (
    DEFAULT_RULES,
    FORMATS,
    BadRules,
    Preference,
    Trait,
    read_rule,
    read_rules,
    text_of,
)
from dedup.resuggest import apply_rules, try_rules
from dedup.rules import current_rules
from gallery.access import requires_role
from gallery.models import Photo, Role
from gallery.views.doors import person

if TYPE_CHECKING:
    from django.http import QueryDict

    from dedup.compare.keeper_rules import Rules
    from dedup.resuggest import Outcome

STEPS = {"up": -1, "down": 1}
# How long a trial that nobody goes on with can be gone on with.
TRIAL_SECONDS = 600


@require_safe
@requires_role(Role.MODERATOR)
def rules(request: HttpRequest) -> HttpResponse:
    """The rules that hold, or the order of the address; with ``try`` what that order would change."""
    try:
        shown = rules_of(request.GET)
        if "move" in request.GET:
            return redirect(address(*moved(shown, request.GET)))
    except BadRules as error:
        messages.error(request, str(error))
        return redirect("duplicate-rules")
    context = {
        "rows": [(text_of(rule), rule, isinstance(rule, Preference)) for rule in shown],
        "holds": shown == current_rules(),
        "is_usual": shown == DEFAULT_RULES,
        "traits": list(Trait),
        "formats": FORMATS,
        "focus": (request.GET.get("way", ""), request.GET.get("at", "")),
        "outcome": tried(shown, request.GET) if "try" in request.GET else None,
    }
    return render(request, "dedup/rules.html", context)


@require_POST
@requires_role(Role.MODERATOR)
def apply(request: HttpRequest) -> HttpResponse:
    """Let the order of the form hold, and suggest the keepers of all open groups anew."""
    try:
        wanted = read_rules(request.POST.getlist("rule"))
    except BadRules as error:
        messages.error(request, str(error))
        return redirect("duplicate-rules")
    outcome = apply_rules(rules=wanted, by=person(request))
    rest = f" The other {outcome.left:,} follow in the background: see Jobs." if outcome.left else ""
    messages.success(
        request,
        f"These rules hold now. {outcome.changed:,} of {outcome.groups:,} open groups suggest another photo.{rest}",
    )
    return redirect("duplicate-rules")


def rules_of(query: QueryDict) -> Rules:
    """The rules that the address names, else those that hold. Raises BadRules."""
    return read_rules(query.getlist("rule")) if "rule" in query else current_rules()


def moved(shown: Rules, query: QueryDict) -> tuple[Rules, str, int]:
    """The rules after the pressed button, the button, and the place where its rule is then. Raises BadRules."""
    way, _, number = query.get("move", "").partition("-")
    order = list(shown)
    if way == "add":
        order.insert(0, read_rule(f"{query.get('trait', '')}:{query.get('value', '')}"))
        return read_rules(map(text_of, order)), way, 0
    place = int(number) if number.isdecimal() and int(number) < len(order) else 0
    rule = order.pop(place)
    if way == "remove":
        return read_rules(map(text_of, order)), way, place
    place = min(max(place + STEPS.get(way, 0), 0), len(order))
    order.insert(place, rule)
    return tuple(order), way, place


def address(shown: Rules, way: str, place: int) -> str:
    """The page with this order, and with the focus where the pressed button has gone."""
    query = [("rule", text_of(rule)) for rule in shown] + [("way", way), ("at", str(place))]
    return f"{reverse('duplicate-rules')}?{urlencode(query)}"


def tried(shown: Rules, query: QueryDict) -> dict[str, Any]:
    """What the rules would change: looked at anew, gone on with where the address names a trial, or left as it is where
    that was stopped."""
    name = trial_name(query.get("trial", ""))
    key = f"duplicate-rules-trial:{name}"
    found = cache.get(key)
    so_far = found[1] if found is not None and found[0] == shown else None
    is_stopped = "stop" in query and so_far is not None
    outcome = so_far if so_far is not None and is_stopped else try_rules(shown, so_far)
    cache.set(key, (shown, outcome), TRIAL_SECONDS)
    rules = [("rule", text_of(rule)) for rule in shown]
    on = f"{reverse('duplicate-rules')}?{urlencode([*rules, ('try', '1'), ('trial', name)])}"
    return {**with_photos(outcome), "goes_on": outcome.left and not is_stopped, "on": on}


def trial_name(text: str) -> str:
    """The name of the trial that an address goes on with; a new one for none."""
    try:
        return str(UUID(text))
    except ValueError:
        return str(uuid4())


def with_photos(outcome: Outcome) -> dict[str, Any]:
    """The outcome with the photos of its samples."""
    named = {pk for sample in outcome.samples for pk in (sample.old_id, sample.new_id)}
    photos = Photo.objects.in_bulk([pk for pk in named if pk is not None])
    samples = [
        (sample, photos.get(sample.old_id or 0), photos.get(sample.new_id)) for sample in outcome.samples
    ]
    return {"all": outcome, "more_bytes": outcome.bytes_then - outcome.bytes_now, "samples": samples}
