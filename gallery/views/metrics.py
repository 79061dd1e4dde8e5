"""Numbers for Prometheus."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gallery.access import asker
from gallery.metrics import metrics_text

THIS_MACHINE = {"127.0.0.1", "::1"}
DENIED = (
    "The metrics are for administrators, and for programs that send METRICS_TOKEN as a bearer token; "
    "METRICS_FROM_THIS_MACHINE=1 opens them to programs on the same machine.\n"
)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers, for those who may know them; they tell how many photos there are and who is busy."""
    if not may_read_metrics(request):
        answer = HttpResponse(DENIED, status=401, content_type="text/plain; charset=utf-8")
        answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    response = HttpResponse(metrics_text(), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def may_read_metrics(request: HttpRequest) -> bool:
    """Whether the request shows the token, comes from an administrator, or from this machine where that is enough."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if token:
        known = settings.METRICS_TOKEN
        return bool(known) and kind.lower() == "bearer" and constant_time_compare(token.strip(), known)
    user = asker(request)
    if not isinstance(user, AnonymousUser) and user.is_admin_role:
        return True
    return settings.METRICS_FROM_THIS_MACHINE and request.META.get("REMOTE_ADDR") in THIS_MACHINE
