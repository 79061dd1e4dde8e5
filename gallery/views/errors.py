"""What people see when an answer fails: what is away, where that is the reason."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from gallery.storage import StorageAway

if TYPE_CHECKING:
    from django.http import HttpRequest

RETRY_AFTER_SECONDS = 30


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler500: answers 503 where the database or the store does not answer, for it may soon."""
    error = sys.exc_info()[1]
    if isinstance(error, StorageAway):
        return away(request, "storage-away", "The store of the photos does not answer.")
    if isinstance(error, (OperationalError, InterfaceError)):
        return away(request, "database-away", "The database does not answer.")
    if is_api(request):
        detail = "The server could not answer; an administrator finds the reason in its log."
        return JsonResponse({"detail": detail, "code": "server-error"}, status=500)
    return server_error(request)


def away(request: HttpRequest, code: str, sentence: str) -> HttpResponse:
    """503 in the shape that the asker reads."""
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if is_api(request):
        body = {"detail": f"{sentence} Try again later.", "code": code}
        return JsonResponse(body, status=503, headers=headers)
    return HttpResponse(render_to_string("503.html", {"what": sentence}), status=503, headers=headers)


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks: the API, or what sends a file in parts."""
    return request.path.startswith(("/api/", "/uploads/"))
