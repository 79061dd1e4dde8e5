"""The door of pages that strangers may open in a public gallery; `access.requires_role` guards others."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from gallery.access import asker, may_look

if TYPE_CHECKING:
    from gallery.models import User

View = Callable[..., HttpResponseBase]


def person(request: HttpRequest) -> User:
    """The signed-in person of a request that passed `requires_role`."""
    return cast("User", request.user)


def visitors(view: View) -> View:
    """Decorate a page for people with a login and, in a public gallery, for everybody."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_look(asker(request), settings.PUBLIC_GALLERY):
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded
