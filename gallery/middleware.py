"""Every request: where it comes from, its id in each log line and in the answer, how long it took, who may keep it."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from django.conf import settings

from gallery.logs import log_context
from gallery.requestmeter import METER, UNMATCHED

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

logger = logging.getLogger("gallery.steps")

REQUEST_ID = "X-Request-ID"
USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What we take over as an id: it is written into logs, so it must hold no line end and have an end itself."""


class RequestMiddleware:
    """Outermost, so that answers of every other middleware carry the id and are counted too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.BEHIND_PROXY:
            take_address_from_proxy(request)
        request_id = id_of(request)
        request.request_id = request_id  # type: ignore[attr-defined]  # for lines that Django logs later
        started = time.monotonic()
        with log_context(request=request_id):
            response = self.get_response(request)
            seconds = time.monotonic() - started
            METER.record(request.method or "", route_of(request), response.status_code, seconds)
            log_answer(request, response, seconds)
        response[REQUEST_ID] = request_id
        response.setdefault("Cache-Control", caching_of(request))
        return response


def caching_of(request: HttpRequest) -> str:
    """Who may keep an answer that says nothing about it: no proxy, as pages and the API tell each person other things.

    A browser asks again before it shows a page it has kept; what programs get is of no use later.
    """
    return "no-store" if request.path.startswith("/api/") else "private, no-cache"


def take_address_from_proxy(request: HttpRequest) -> None:
    """Take the visitor's address from the entry that the nearest proxy has added; others can be made up."""
    entries = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",")]
    if entries[-1]:
        request.META["REMOTE_ADDR"] = entries[-1]


def id_of(request: HttpRequest) -> str:
    """The id that the proxy in front of us gave the request, else a new one."""
    given = request.headers.get(REQUEST_ID, "") if settings.BEHIND_PROXY else ""
    return given if USABLE_ID.fullmatch(given) else uuid.uuid4().hex


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, such as ``photos/<int:pk>``: a number of values that does not grow."""
    return request.resolver_match.route if request.resolver_match else UNMATCHED


def log_answer(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """One line for each answer. The query is left out: what people search for is theirs."""
    user = getattr(request, "user", None)
    details = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
        "address": request.META.get("REMOTE_ADDR", ""),
        "user": user.pk if user is not None else None,
    }
    logger.info(
        "%s %s answered %s", request.method, request.path, response.status_code, extra={"details": details}
    )
