"""The upload page. The files themselves go to the API."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.access import requires_role
from gallery.models import Role, User
from gallery.resumable import unfinished_uploads


@require_safe
@requires_role(Role.UPLOADER)
def upload(request: HttpRequest) -> HttpResponse:
    """The place to drop, paste or choose files, and what was begun there and not finished."""
    assert isinstance(request.user, User)  # noqa: S101  strangers were sent to the login
    context = {
        "max_megabytes": settings.MAX_UPLOAD_BYTES // 1_000_000,
        "unfinished": unfinished_uploads(request.user),
    }
    return render(request, "upload/upload.html", context)
