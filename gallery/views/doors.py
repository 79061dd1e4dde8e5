"""The door of pages that strangers may open in a public gallery, and how often they may; see also `access`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from gallery.access import asker, may_look
from gallery.throttle import Limit, TooManyRequests, require_within

if TYPE_CHECKING:
    from gallery.models import User

View = Callable[..., HttpResponseBase]


def person(request: HttpRequest) -> User:
    """The signed-in person of a request that passed `requires_role`."""
    return cast("User", request.user)


def limited(limit: Limit, *, queries: bool = False) -> Callable[[View], View]:
    """Decorate a page whose requests count against a limit; only those with a query where `queries` is set."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not queries or request.GET.get("q"):
                try:
                    require_within(limit, request)
                except TooManyRequests as error:
                    return too_many(error)
            return view(request, *args, **kwargs)

        return counted

    return decorate


def too_many(error: TooManyRequests) -> HttpResponse:
    """429: when to come back."""
    page = render_to_string("429.html", {"what": str(error)})
    return HttpResponse(page, status=429, headers={"Retry-After": str(error.seconds)})


def visitors(view: View) -> View:
    """Decorate a page for people with a login and, in a public gallery, for everybody."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_look(asker(request), settings.PUBLIC_GALLERY):
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded
