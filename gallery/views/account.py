"""A person's own page: password, theme, signed-in browsers, API tokens. And signing in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gallery.access import requires_role
from gallery.forms import LoginForm, NewPasswordForm, TokenForm
from gallery.models import ApiToken, ApiTokenScope, Role
from gallery.sessions import end_session, session_digest, sessions_of
from gallery.tokens import create_token
from gallery.views.doors import person


class Login(LoginView):
    """The login page; people who are signed in already go on to the library."""

    template_name = "account/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


@require_safe
@requires_role(Role.VIEWER)
def account(request: HttpRequest) -> HttpResponse:
    """The page with its forms."""
    return render(request, "account/account.html", page_context(request))


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Empty forms, the person's tokens and signed-in browsers."""
    user = person(request)
    return {
        "password_form": NewPasswordForm(user),
        "token_form": TokenForm(),
        "tokens": ApiToken.objects.filter(user=user),
        "sessions": [
            (row, session_digest(row.session_key), row.session_key == request.session.session_key)
            for row in sessions_of(user)
        ],
        "now": timezone.now(),
    }


@require_POST
@requires_role(Role.VIEWER)
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; this browser stays signed in, others are signed out."""
    form = NewPasswordForm(person(request), request.POST)
    if not form.is_valid():
        return render(
            request, "account/account.html", page_context(request) | {"password_form": form}, status=422
        )
    update_session_auth_hash(request, form.save())
    messages.success(request, "The password is changed. Other browsers are signed out.")
    return redirect("account")


@require_POST
@requires_role(Role.VIEWER)
def add_token(request: HttpRequest) -> HttpResponse:
    """Make an API token; its text is on the answer and nowhere else, ever."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return render(
            request, "account/account.html", page_context(request) | {"token_form": form}, status=422
        )
    days = form.cleaned_data["days"]
    _, text = create_token(
        user=person(request),
        name=form.cleaned_data["name"],
        scopes=[ApiTokenScope(scope) for scope in form.cleaned_data["scopes"]],
        expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
    )
    response = render(request, "account/account.html", page_context(request) | {"new_token": text})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@requires_role(Role.VIEWER)
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one of the person's tokens useless at once."""
    get_object_or_404(ApiToken, pk=pk, user=person(request)).delete()
    messages.success(request, "The token is revoked.")
    return redirect("account")


@require_POST
@requires_role(Role.VIEWER)
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out one of the person's browsers (``session``), or all but this one (``others``)."""
    user = person(request)
    rows = sessions_of(user)
    if "others" in request.POST:
        digests = [
            session_digest(row.session_key) for row in rows if row.session_key != request.session.session_key
        ]
    else:
        digests = [request.POST.get("session", "")]
    ended = sum(end_session(user=user, digest=digest) for digest in digests)
    messages.success(request, f"{ended} browser{'' if ended == 1 else 's'} signed out.")
    return redirect("account")
