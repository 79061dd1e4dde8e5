"""Sessions that know whose they are, so that people see and end their own."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.utils import timezone

from gallery.models import BrowserSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.sessions.base_session import AbstractBaseSession
    from django.http import HttpRequest, HttpResponseBase

    from gallery.models import User

BROWSER_KEY = "browser"
SIGNED_IN_KEY = "signed_in_at"
SEEN_KEY = "seen_at"
SEEN_RESOLUTION = timedelta(hours=1)
"""How exactly the last visit is kept: each finer step would be another write to the database."""

BROWSERS = ["Edg", "OPR", "Firefox", "Chrome", "Safari"]
"""Marks in the order in which they tell: Edge and Opera call themselves Chrome, and Chrome calls itself Safari."""
BROWSER_NAMES = {"Edg": "Edge", "OPR": "Opera"}
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS", "Linux": "Linux",
}  # fmt: skip


class SessionStore(DatabaseSessionStore):
    """Django's sessions in the database, with the person and the browser beside the data."""

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row of the session."""
        row = super().create_model_instance(data)
        for name, value in columns_of(data).items():
            setattr(row, name, value)
        return row


def columns_of(data: dict[str, Any]) -> dict[str, Any]:
    """What the row of a session says beside its data."""
    return {
        "user_id": int(data[SESSION_KEY]) if SESSION_KEY in data else None,
        "browser": data.get(BROWSER_KEY, ""),
        "signed_in_at": moment(data.get(SIGNED_IN_KEY)),
        "seen_at": moment(data.get(SEEN_KEY)),
    }


def moment(text: str | None) -> datetime | None:
    """A time as sessions keep it."""
    return datetime.fromisoformat(text) if text else None


class SeenMiddleware:
    """Notes, to the hour, when a signed-in browser came last, and which it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if SESSION_KEY in request.session:
            note_visit(request)
        return self.get_response(request)


def note_sign_in(*, request: HttpRequest, **signal: Any) -> None:
    """Receiver of Django's signal: people sign in on more than one page."""
    request.session.pop(SEEN_KEY, None)
    note_visit(request)


def note_visit(request: HttpRequest) -> None:
    """Write the visit into the session when the last one noted is long ago."""
    now = timezone.now()
    seen = moment(request.session.get(SEEN_KEY))
    if seen is not None and now - seen < SEEN_RESOLUTION:
        return
    request.session[SEEN_KEY] = now.isoformat()
    request.session.setdefault(SIGNED_IN_KEY, now.isoformat())
    request.session[BROWSER_KEY] = browser_in_words(request.headers.get("User-Agent", ""))


def browser_in_words(user_agent: str) -> str:
    """ "Firefox on Linux" from what a browser says of itself."""
    browser = next((mark for mark in BROWSERS if f"{mark}/" in user_agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    name = BROWSER_NAMES.get(browser, browser) or "A browser"
    return f"{name} on {system}" if system else name


def session_digest(key: str) -> str:
    """What a page calls a session: its key itself would sign in whoever reads it."""
    return hashlib.sha256(f"session:{key}".encode()).hexdigest()[:32]


def sessions_of(user: User) -> list[BrowserSession]:
    """The person's signed-in browsers, the latest visit first."""
    live = user.browser_sessions.filter(expire_date__gt=timezone.now())
    return list(live.order_by("-seen_at", "-signed_in_at"))


def end_session(*, user: User, digest: str) -> bool:
    """Sign out the person's browser with this `session_digest`. Returns whether there was one."""
    found = [row for row in sessions_of(user) if session_digest(row.session_key) == digest]
    for row in found:
        row.delete()
    return bool(found)
