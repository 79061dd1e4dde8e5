"""Resumable uploads: a server of the tus protocol 1.0 (https://tus.io/protocols/resumable-upload) at /uploads/.

Extensions: creation, creation-with-upload, expiration, checksum, termination.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import AuthenticationError, HttpError

from gallery.access import visible_photo
from gallery.api.common import ApiError, SessionAuth, TokenAuth, require_uploader
from gallery.api.photo_json import photo_json
from gallery.api.tus_headers import BYTES_TYPE, VERSION, announced, body_length, checksum_of, number
from gallery.intake import Outcome, RefusedFile
from gallery.partial_files import UploadBusy
from gallery.resumable import (
    CHECKSUMS,
    ChecksumMismatch,
    ContentMismatch,
    NoSuchUpload,
    UploadExpired,
    WrongOffset,
    append_bytes,
    begin_upload,
    find_upload,
    finish_upload,
    forget_upload,
    offset_of,
    unfinished_uploads,
)
from gallery.storage import BrokenWrite, StorageAway, StorageFull
from gallery.throttle import UPLOADS, TooManyRequests, require_within
from gallery.uploads import FileTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from django.http import HttpRequest

    from gallery.models import PartialUpload, User
    from gallery.resumable import Checksum, Unfinished

    Handler = Callable[..., HttpResponse]

BLOCK_BYTES = 256 * 1024
SENDER_SILENT_S = 30.0
"""A sender that is silent for this long has lost its network; the upload must be free when it comes back."""
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"

#: What uploads in parts raise -> status and code.
ERRORS: dict[type[Exception], tuple[int, str]] = {
    NoSuchUpload: (404, "not-found"),
    UploadExpired: (410, "expired"),
    WrongOffset: (409, "wrong-offset"),
    UploadBusy: (423, "busy"),
    FileTooLarge: (413, "too-large"),
    RefusedFile: (415, "unsupported-file"),
    ChecksumMismatch: (460, "checksum-mismatch"),
    ContentMismatch: (460, "sha256-mismatch"),
    StorageFull: (507, "storage-full"),
    BrokenWrite: (507, "storage-broken"),
    StorageAway: (503, "storage-away"),
    TooManyRequests: (429, "throttled"),
}


def endpoint(**handlers: Handler) -> Callable[..., HttpResponse]:
    """A view that gives each method to its handler, once the asker may upload and speaks our version."""

    @csrf_exempt  # uploader_of checks the CSRF token of those who come with a session
    def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            response = answer(request, handlers, kwargs)
        except ApiError as error:
            response = error_response(error)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    return view


def answer(request: HttpRequest, handlers: dict[str, Handler], kwargs: dict[str, Any]) -> HttpResponse:
    method = method_of(request)
    if method == "OPTIONS":
        return capabilities()
    if method not in handlers:
        return wrong_method([*handlers, "OPTIONS"])
    user = uploader_of(request)
    if method != "GET" and request.headers.get("Tus-Resumable") != VERSION:
        raise ApiError(412, "wrong-version", f"Send the header Tus-Resumable: {VERSION}.")
    try:
        return handlers[method](request, user, **kwargs)
    except tuple(ERRORS) as error:
        raise told(error) from error


def wrong_method(allowed: list[str]) -> HttpResponse:
    response = error_response(ApiError(405, "wrong-method", f"This address takes {', '.join(allowed)}."))
    response["Allow"] = ", ".join(allowed)
    return response


def method_of(request: HttpRequest) -> str:
    """The method; behind a proxy that knows few of them a POST may say which one is meant."""
    if request.method == "POST" and (meant := request.headers.get("X-HTTP-Method-Override", "")):
        return meant.upper()
    return request.method or ""


def told(error: Exception) -> ApiError:
    """The error as an answer."""
    status, code = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
    wait = error.seconds if isinstance(error, TooManyRequests) else None
    advice = {"storage-full": " What has arrived is kept; free some space and go on."}.get(code, "")
    return ApiError(status, code, f"{error}{advice}", retry_after_s=wait)


def error_response(error: ApiError) -> HttpResponse:
    body = {"detail": error.detail, "code": error.code, **error.extra}
    response = JsonResponse(body, status=error.status, headers=error.headers)
    if error.status == 412:
        response["Tus-Version"] = VERSION
    if error.status == 423:
        response["Retry-After"] = "1"
    return response


def uploader_of(request: HttpRequest) -> User:
    """Who asks, by a token or by the session of a browser, with its CSRF token. Raises ApiError 401 and 403."""
    try:
        if TokenAuth()(request) is None:
            SessionAuth()(request)
    except AuthenticationError as error:
        raise ApiError(401, "not-logged-in", "Log in, or send a valid token, to do this.") from error
    except HttpError as error:
        raise ApiError(error.status_code, "csrf", "The CSRF token is missing or wrong.") from error
    return require_uploader(request)


def capabilities() -> HttpResponse:
    response = HttpResponse(status=204)
    response["Tus-Version"] = VERSION
    response["Tus-Extension"] = EXTENSIONS
    response["Tus-Max-Size"] = str(settings.MAX_UPLOAD_BYTES)
    response["Tus-Checksum-Algorithm"] = ",".join(CHECKSUMS)
    return response


def list_unfinished(request: HttpRequest, user: User) -> HttpResponse:
    """The asker's unfinished uploads; with `sha256`, those that were announced with it."""
    found = unfinished_uploads(user)
    if sha256 := request.GET.get("sha256"):
        found = [each for each in found if each.upload.expected_sha256 == sha256.lower()]
    return JsonResponse({"uploads": [unfinished_json(each) for each in found]})


def unfinished_json(unfinished: Unfinished) -> dict[str, Any]:
    partial = unfinished.upload
    return {
        "url": reverse("tus-upload", args=[partial.pk]),
        "file_name": partial.file_name,
        "length": partial.length,
        "offset": unfinished.have,
        "sha256": partial.expected_sha256,
        "expires_at": partial.expires_at,
    }


def create(request: HttpRequest, user: User) -> HttpResponse:
    """Begin an upload; bytes that come along are its first."""
    require_within(UPLOADS, request)
    if "Upload-Defer-Length" in request.headers:
        raise ApiError(400, "bad-header", "Say how long the file is with Upload-Length.")
    length, sent = number(request, "Upload-Length"), body_length(request)
    said, checksum = announced(request), checksum_of(request)
    if sent:
        require_bytes_type(request)
        require_fit(sent, length)
    partial = begin_upload(
        owner=user, name=said.name, length=length, sha256=said.sha256, options=said.options
    )
    try:
        have = receive(request, partial, 0, checksum) if sent else 0
        response = progress(request, user, partial, have, status=201)
    except tuple(ERRORS):
        forget_upload(partial)  # Nobody has been told its address.
        raise
    response["Location"] = reverse("tus-upload", args=[partial.pk])
    return response


def state(request: HttpRequest, user: User, upload_id: UUID) -> HttpResponse:
    """How much is here. An upload whose last answer was lost is finished first."""
    partial = find_upload(owner=user, upload_id=upload_id)
    response = progress(request, user, partial, offset_of(partial), status=200)
    response["Upload-Length"] = str(partial.length)
    return response


def add(request: HttpRequest, user: User, upload_id: UUID) -> HttpResponse:
    """Take the bytes of the body; the last ones bring the photo."""
    require_bytes_type(request)
    offset, checksum = number(request, "Upload-Offset"), checksum_of(request)
    partial = find_upload(owner=user, upload_id=upload_id)
    require_fit(offset + body_length(request), partial.length)
    have = receive(request, partial, offset, checksum)
    return progress(request, user, partial, have, status=204)


def remove(request: HttpRequest, user: User, upload_id: UUID) -> HttpResponse:
    forget_upload(find_upload(owner=user, upload_id=upload_id))
    return HttpResponse(status=204)


def require_bytes_type(request: HttpRequest) -> None:
    if request.content_type != BYTES_TYPE:
        raise ApiError(415, "wrong-type", f"Send the bytes with the Content-Type {BYTES_TYPE}.")


def require_fit(end: int, length: int) -> None:
    if end > length:
        raise FileTooLarge(f"The file was announced with {length} bytes; there are more.")


def receive(request: HttpRequest, partial: PartialUpload, offset: int, checksum: Checksum | None) -> int:
    """Stream the body into the upload. Returns the new offset."""
    with patience(request):
        return append_bytes(partial=partial, offset=offset, blocks=blocks_of(request), checksum=checksum)


def blocks_of(request: HttpRequest) -> Iterator[bytes]:
    """The body as it arrives. A sender that goes away ends it: what came before counts."""
    while True:
        try:
            block = request.read(BLOCK_BYTES)
        except UnreadablePostError:
            return
        if not block:
            return
        yield block


@contextmanager
def patience(request: HttpRequest) -> Iterator[None]:
    """Wait for a silent sender only so long: gunicorn's threads would wait for ever, holding the upload's lock."""
    connection = request.META.get("gunicorn.socket")
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(SENDER_SILENT_S)
    try:
        yield
    finally:
        connection.settimeout(before)


def progress(
    request: HttpRequest, user: User, partial: PartialUpload, have: int, *, status: int
) -> HttpResponse:
    """The answer that tells the offset; when all bytes are here, the photo that they became."""
    response = HttpResponse(status=status)
    if have == partial.length:
        response = finished(request, user, finish_upload(partial), status)
    response["Upload-Offset"] = str(have)
    response["Upload-Expires"] = http_date(partial.expires_at.timestamp())
    return response


def finished(request: HttpRequest, user: User, partial: PartialUpload, status: int) -> HttpResponse:
    """Which photo it is, and how it came to, in headers; in JSON too for those who accept it.

    The protocol wants 204 for PATCH, which has no body; who asks for JSON gets 200.
    """
    response = HttpResponse(status=status)
    if request.method != "HEAD" and "application/json" in request.headers.get("Accept", ""):
        body = finished_json(user, partial)
        response = JsonResponse(body, status=200 if status == 204 else status)
    response["Upload-Photo"] = str(partial.photo_id)
    response["Upload-Outcome"] = partial.outcome
    return response


def finished_json(user: User, partial: PartialUpload) -> dict[str, Any]:
    """As the plain upload answers. Of a photo that was hidden from the asker since, no more than the id."""
    try:
        body = photo_json(visible_photo(user, partial.photo_id or 0), user)
    except Http404:
        body = {"id": partial.photo_id}
    is_new = partial.outcome == Outcome.CREATED.value
    return body | {
        "duplicate_of": None if is_new else partial.photo_id,
        "reason": "" if is_new else partial.outcome,
    }


uploads = endpoint(POST=create, GET=list_unfinished)
upload = endpoint(HEAD=state, PATCH=add, DELETE=remove)
