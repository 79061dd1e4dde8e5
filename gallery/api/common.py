"""What all endpoints share: errors of one shape, who asks and what they may do."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from ninja import Field, Path, Query, Schema
from ninja.errors import AuthenticationError
from ninja.parser import Parser
from ninja.security import APIKeyCookie, HttpBearer
from ninja.throttling import BaseThrottle
from pydantic import AfterValidator

from gallery.access import asker
from gallery.models import ApiToken, ApiTokenScope, Role, User
from gallery.throttle import Limit, is_within, seconds_left
from gallery.tokens import find_token

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def storable(text: str) -> str:
    """The text, when PostgreSQL can keep it. Raises ValueError for NUL and halves of surrogate pairs."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("NUL and unpaired surrogates cannot be stored or searched for.")
    return text


Text = Annotated[str, AfterValidator(storable)]
"""A text of a request that the database gets to see."""

Number = Annotated[int, Field(strict=True, ge=1, lt=2**63)]
"""What a thing of the database is known by in the body of a request: `true` is not photo 1."""

PhotoId = Annotated[int, Path(description="The photo's id.")]
CursorText = Annotated[Text, Query("", description="`next` of the page before; empty for the first page.")]
QueryText = Annotated[
    str, Query(description="What to look for, as in the search box: tags, fields, words, `and`, `or`, `not`.")
]


class ErrorBody(Schema):
    """Every error: a sentence for people and a code for programs."""

    detail: str = Field(description="What is wrong and what to do about it, in words.")
    code: str = Field(description="The same for programs, such as `not-found`; it does not change.")


#: Whatever is asked: unreadable, by a stranger, without the right, or while the database or the store is away.
ALWAYS_POSSIBLE = (400, 401, 403, 503)


def errors(*statuses: int) -> dict[tuple[int, ...], type[ErrorBody]]:
    """The errors that an endpoint may answer with, for the published schema: these and those always possible."""
    return {(*ALWAYS_POSSIBLE, *statuses): ErrorBody}


class ApiError(Exception):
    """An answer with an error status. `extra` is added to the body."""

    def __init__(
        self, status: int, code: str, detail: str, *, retry_after_s: int | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.extra = status, code, detail, extra
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}


class ObjectParser(Parser):
    """Every body of the API is a JSON object. Where a body may be left out, ninja would take any other for none."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Raises ValueError, which is answered with 400."""
        body = super().parse_body(request)
        if not isinstance(body, dict):
            raise ValueError("The body has to be a JSON object.")
        return body


class Throttle(BaseThrottle):
    """Counts requests against a limit before their body is received; of those with a query where `queries` is set."""

    def __init__(self, limit: Limit, *, queries: bool = False) -> None:
        self.limit, self.queries = limit, queries

    def allow_request(self, request: HttpRequest) -> bool:
        return (self.queries and not request.GET.get("q")) or is_within(self.limit, request)

    def wait(self) -> float:
        return seconds_left()


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>`. A wrong token is an error even where a session would do."""

    openapi_description = "A token from the account page or `manage.py create_token`."

    def authenticate(self, request: HttpRequest, token: str) -> User:
        found = find_token(token)
        if found is None:
            raise AuthenticationError(401, "The token is unknown or has expired.")
        request.user = found.user
        request.api_token = found  # type: ignore[attr-defined]
        return found.user


class SessionAuth(APIKeyCookie):
    """The session of a logged-in browser, with the CSRF token for changes. Strangers may read a public gallery."""

    param_name = settings.SESSION_COOKIE_NAME
    openapi_description = "The session cookie of a logged-in browser."

    def _get_key(self, request: HttpRequest) -> str | None:
        # The user is looked at before the CSRF check, which reads the body: a stranger's upload is not received.
        user = asker(request)
        if user.is_authenticated:
            return super()._get_key(request)
        return "anonymous" if settings.PUBLIC_GALLERY and request.method in SAFE_METHODS else None

    def authenticate(self, request: HttpRequest, key: str | None) -> User | AnonymousUser | None:
        user = asker(request)
        if user.is_authenticated or key == "anonymous":
            return user
        return None


def anyone(request: HttpRequest) -> User | AnonymousUser:
    """Last in a list of ways to authenticate: strangers may ask as well."""
    return asker(request)


def require(request: HttpRequest, role: Role, scope: ApiTokenScope) -> User:
    """The asking person, when their role and, for a token, its scopes allow it. Raises ApiError 401 or 403."""
    user = asker(request)
    if isinstance(user, AnonymousUser):
        raise ApiError(401, "not-logged-in", "Log in, or send a token, to do this.")
    if not user.has_role(role):
        raise ApiError(403, "role-too-weak", f"This needs the role {role.label.lower()}.")
    require_scope(request, scope)
    return user


def require_scope(request: HttpRequest, scope: ApiTokenScope) -> None:
    """Raises ApiError 403 when the request carries a token without `scope`."""
    token: ApiToken | None = getattr(request, "api_token", None)
    if token is not None and scope not in token.scopes:
        raise ApiError(403, "scope-missing", f"The token lacks the scope {scope}.")


def require_reader(request: HttpRequest) -> User | AnonymousUser:
    """Anyone who may look at the library. Raises ApiError 403 for a token without the scope read."""
    require_scope(request, ApiTokenScope.READ)
    return asker(request)


def require_uploader(request: HttpRequest) -> User:
    return require(request, Role.UPLOADER, ApiTokenScope.UPLOAD)


def require_moderator(request: HttpRequest) -> User:
    return require(request, Role.MODERATOR, ApiTokenScope.MODERATE)
