"""Who asks: nobody, people of each role with a session, and programs with tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.test import Client
from django.utils import timezone

from gallery.models import ApiToken, ApiTokenScope
from gallery.tokens import create_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gallery.models import User

PEOPLE = ("viewer", "other", "owner", "moderator", "admin")
"""`owner` and `other` are uploaders; everything in the library is the owner's."""
SESSIONS = ("anonymous", *PEOPLE)
SCOPES = tuple(str(scope) for scope in ApiTokenScope)
TOKENS = (*SCOPES, "revoked", "expired")
"""All tokens are the admin's, so that nothing but the token itself limits them."""
ACTORS = (*SESSIONS, *TOKENS)


@dataclass(frozen=True)
class Actor:
    """A client that sends what this actor has to show."""

    name: str
    client: Client
    headers: dict[str, str]

    def ask(
        self,
        method: str,
        path: str,
        data: bytes | str = b"",
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer to a request, whatever it is: a crash is answered with 500. Cookies stay as they were."""
        before = self.client.cookies.output()
        sent = {**self.headers, **(headers or {})}
        response = self.client.generic(method, path, data, content_type or "text/plain", headers=sent)
        if response.cookies:
            self.client.cookies.clear()
            self.client.cookies.load(before.replace("Set-Cookie: ", ""))
        return response


def make_actors(people: dict[str, User]) -> dict[str, Actor]:
    """One of each, by name."""
    actors = {"anonymous": Actor("anonymous", Client(raise_request_exception=False), {})}
    for name in PEOPLE:
        client = Client(raise_request_exception=False)
        client.force_login(people[name], backend="django.contrib.auth.backends.ModelBackend")
        actors[name] = Actor(name, client, {})
    for name, text in make_tokens(people["admin"]).items():
        client = Client(raise_request_exception=False)
        actors[name] = Actor(name, client, {"Authorization": f"Bearer {text}"})
    return actors


def make_tokens(user: User) -> dict[str, str]:
    """Texts of tokens: one for each scope alone, and two with all scopes that do not count any more."""
    texts = {scope: create_token(user=user, name=scope, scopes=[ApiTokenScope(scope)])[1] for scope in SCOPES}
    revoked, texts["revoked"] = create_token(user=user, name="revoked")
    ApiToken.objects.filter(pk=revoked.pk).delete()
    past = timezone.now() - timedelta(seconds=1)
    texts["expired"] = create_token(user=user, name="expired", expires_at=past)[1]
    return texts
