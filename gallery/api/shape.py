"""Errors that arise before or beside an endpoint get the shape of all errors of the API as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import JsonResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

ROOT = "/api/v1/"
#: Status -> code and sentence, where no endpoint has said more.
SENTENCES = {
    400: ("bad-request", "The request cannot be read: look at its headers, its length and its encoding."),
    403: ("forbidden", "You may not do this."),
    404: ("not-found", "There is no such address; /api/docs lists those that there are."),
    405: (
        "method-not-allowed",
        "This address does not take the method; the header Allow names those that it takes.",
    ),
    413: ("too-large", "The request is larger than it may be."),
}
OTHERS = ("refused", "The request could not be answered.")
FIRST_ERROR = 400
#: They describe the body that is replaced.
BODY_HEADERS = ("Content-Type", "Content-Length", "Content-Language")


class ApiErrorShape:
    """Middleware: an error of the API that is no JSON becomes `{"detail", "code"}`; its other headers stay."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_ours = request.path.startswith(ROOT) and response.status_code >= FIRST_ERROR
        if not is_ours or response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        return in_shape(response)


def in_shape(response: HttpResponseBase) -> JsonResponse:
    """The same error as JSON."""
    code, detail = SENTENCES.get(response.status_code, OTHERS)
    answer = JsonResponse({"detail": detail, "code": code}, status=response.status_code)
    for name, value in response.items():
        if name not in BODY_HEADERS:
            answer[name] = value
    answer.cookies = response.cookies
    return answer
