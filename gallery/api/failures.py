"""Whatever an endpoint raises becomes an answer of one shape."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from gallery.api.common import ApiError
from gallery.storage import StorageAway
from gallery.throttle import TooManyRequests, seconds_left

if TYPE_CHECKING:
    from collections.abc import Callable

    from ninja import NinjaAPI


def invalid(error: ValidationError) -> ApiError:
    """One sentence that names every wrong field."""
    wrong = (f"{'.'.join(str(part) for part in item['loc'][1:])}: {item['msg']}" for item in error.errors)
    return ApiError(422, "invalid", "; ".join(wrong))


def too_large(error: RequestDataTooBig) -> ApiError:
    limit = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) // 1000
    return ApiError(413, "too-large", f"Beside files, a request may have {limit} kB; ask for less at once.")


def unreadable(error: Exception) -> ApiError:
    return ApiError(400, "bad-request", f"The request cannot be read: {error}")


def throttled(error: Throttled) -> ApiError:
    told = TooManyRequests(seconds_left())
    return ApiError(429, "throttled", str(told), retry_after_s=told.seconds)


def http_error(error: HttpError) -> ApiError:
    code = "forbidden" if error.status_code == 403 else "bad-request"
    return ApiError(error.status_code, code, str(error))


#: What is raised -> the answer to it. The nearest class counts.
ANSWERS: dict[type[Exception], Callable[[Any], ApiError]] = {
    ApiError: lambda error: error,
    ValidationError: invalid,
    AuthenticationError: lambda error: ApiError(
        401, "not-logged-in", "Log in, or send a valid token, to do this."
    ),
    Http404: lambda error: ApiError(404, "not-found", str(error) or "There is no such thing."),
    StorageAway: lambda error: ApiError(503, "storage-away", f"{error} Try again later."),
    RequestDataTooBig: too_large,
    SuspiciousOperation: unreadable,
    BadRequest: unreadable,
    MultiPartParserError: unreadable,
    UnreadablePostError: unreadable,
    Throttled: throttled,
    HttpError: http_error,
}


def install_error_handlers(api: NinjaAPI) -> None:
    """Give every error the shape of ErrorBody."""
    for kind, convert in ANSWERS.items():
        api.add_exception_handler(kind, partial(answer, api, convert))


def answer(
    api: NinjaAPI, convert: Callable[[Any], ApiError], request: HttpRequest, error: Exception
) -> HttpResponse:
    """The error as the API shows it."""
    told = convert(error)
    body = {"detail": told.detail, "code": told.code, **told.extra}
    response = api.create_response(request, body, status=told.status)
    for name, value in told.headers.items():
        response[name] = value
    return response
