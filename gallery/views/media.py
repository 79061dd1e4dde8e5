"""Previews and originals. Nothing here has a public address: each request passes the access rule."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from gallery.access import visible_photo
from gallery.imaging.sizes import PREVIEW_SIZES_PX
from gallery.originals import open_original, original_name
from gallery.previews import NoPreview, existing_preview_name, open_preview
from gallery.storage import RemoteStorage
from gallery.views.doors import visitors

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.files.base import File

    from gallery.models import Photo

IMMUTABLE = "private, max-age=31536000, immutable"
"""A preview's address changes with its content, so a browser may keep it for a year."""
ORIGINAL_POLICY = "default-src 'none'; sandbox"
"""An original is a stranger's file: opened in a tab it may load and run nothing."""


@require_safe
@visitors
def preview(request: HttpRequest, pk: int, size: int) -> HttpResponseBase:
    """A preview of at least `size` px on its long side, where the photo is that large."""
    if size not in PREVIEW_SIZES_PX:
        raise Http404(f"Previews come in {', '.join(map(str, PREVIEW_SIZES_PX))} px.")
    photo = visible_photo(request.user, pk)
    try:
        name = existing_preview_name(photo, size)
        response = deliver("previews", name, lambda: open_preview(photo, size))
    except NoPreview as error:
        raise Http404(str(error)) from error
    response["Content-Type"] = photo.preview_media_type
    response["Cache-Control"] = IMMUTABLE
    return response


@require_safe
@visitors
def original(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The original's bytes; ``?inline=1`` shows them in the viewer, else they are downloaded."""
    photo = visible_photo(request.user, pk)
    try:
        response = deliver_original(photo)
    except FileNotFoundError as error:
        raise Http404("The original is missing from the store; it can be restored from a backup.") from error
    response["Content-Type"] = photo.media_type
    response["Content-Security-Policy"] = ORIGINAL_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=86400"
    disposition = content_disposition_header("inline" not in request.GET, photo.file_name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


def deliver_original(photo: Photo) -> HttpResponseBase:
    """Send the original, though it may be replaced by a smaller file between our look at its row and at the store.

    Raises FileNotFoundError.
    """
    asked = photo.stored_sha256
    try:
        return deliver("originals", original_name(asked), lambda: open_original(asked))
    except FileNotFoundError:
        photo.refresh_from_db(fields=["stored_sha256"])
        if photo.stored_sha256 == asked:
            raise
        return deliver_original(photo)


def deliver(store: str, name: str, opened: Callable[[], File[bytes]]) -> HttpResponseBase:
    """Send a stored file: through the web server in front of us where it is set to, else by ourselves."""
    if settings.X_ACCEL_REDIRECT:
        response = HttpResponse()
        response["X-Accel-Redirect"] = internal_address(store, name)
        return response
    file = opened()
    sent = FileResponse(file)
    sent.setdefault("Content-Length", str(file.size))
    return sent


def internal_address(store: str, name: str) -> str:
    """Where the web server finds a file: below a folder of its own, or by a signed address in a store elsewhere."""
    storage = storages[store]
    if not isinstance(storage, RemoteStorage):
        return f"/internal/{store}/{name}"
    address = urlsplit(storage.signed_url(name))
    return f"/internal/remote/{address.scheme}/{address.netloc}{address.path}?{address.query}"
