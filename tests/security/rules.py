"""How the table of routes says who gets in, and how the others are turned away."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.security.actors import ACTORS, SESSIONS, TOKENS

if TYPE_CHECKING:
    from tests.security.library import Library

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ALL = " ".join(METHODS)
SAFE = "GET HEAD"

# A cell is `in` (answered with the rule's status), `login` (sent to the login page), or the status of the refusal.
# `login>404` is `login`, and 404 where PUBLIC_GALLERY opens the site to strangers. Pages know no tokens: who sends one
# is a stranger to them.
PAGE_DOORS = {
    #                 anonymous  viewer other owner moderator admin
    "everyone":      "in         in     in    in    in        in",
    "nobody":        "404        404    404   404   404       404",
    "visitors":      "login>in   in     in    in    in        in",
    "strangers":     "in         302    302   302   302       302",
    "people":        "login      in     in    in    in        in",
    "uploaders":     "login      403    in    in    in        in",
    "moderators":    "login      403    403   403   in        in",
    "admins":        "login      403    403   403   403       in",
    "see private":   "login>404  404    404   in    in        in",
    "see members":   "login>404  404    in    in    in        in",
    "see public":    "login>in   in     in    in    in        in",
    "see trashed":   "login>404  404    404   in    in        in",
    "edit private":  "login      404    404   in    in        in",
    "edit members":  "login      404    403   in    in        in",
    "edit public":   "login      403    403   in    in        in",
    "own or 404":    "login      404    404   in    in        in",
    "owner alone":   "login      404    404   in    404       404",
    "numbers":       "401        401    401   401   401       in",
    "admin site":    "login      login  login login login     in",
    "admin login":   "200        200    200   200   200       302",
    "admin sign-in": "200        200    200   200   200       200",
    "admin logout":  "302        302    302   302   302       in",
}  # fmt: skip

API_DOORS = {
    #                    anonymous viewer other owner moderator admin | read upload moderate revoked expired
    "api everyone":      "in       in     in    in    in        in      in   in     in       in      in",
    "api health":        "in       in     in    in    in        in      in   in     in       401     401",
    "api nobody":        "404      404    404   404   404       404     404  404    404      404     404",
    "api visitors":      "401>in   in     in    in    in        in      in   403    403      401     401",
    "api askers":        "401      in     in    in    in        in      in   403    403      401     401",
    "api people":        "401      in     in    in    in        in      403  in     403      401     401",
    "api uploaders":     "401      403    in    in    in        in      403  in     403      401     401",
    "api moderators":    "401      403    403   403   in        in      403  403    in       401     401",
    "api admins":        "401      403    403   403   403       in      403  403    in       401     401",
    "api see private":   "401>404  404    404   in    in        in      in   403    403      401     401",
    "api see members":   "401>404  404    in    in    in        in      in   403    403      401     401",
    "api see public":    "401>in   in     in    in    in        in      in   403    403      401     401",
    "api see trashed":   "401>404  404    404   in    in        in      in   403    403      401     401",
    "api edit private":  "401      403    404   in    in        in      403  in     403      401     401",
    "api edit members":  "401      403    403   in    in        in      403  in     403      401     401",
    # Viewers have albums and saved searches too, so their role is no reason to refuse them.
    "api alter private": "401      404    404   in    in        in      403  in     403      401     401",
    "api alter members": "401      404    403   in    in        in      403  in     403      401     401",
    "api alter public":  "401      403    403   in    in        in      403  in     403      401     401",
    "api own upload":    "401      403    404   in    404       404     403  404    403      401     401",
    "api owner alone":   "401      404    404   in    404       404     403  404    403      401     401",
}  # fmt: skip

NO_METHOD = "no such method"


def cells(door: str) -> dict[str, str]:
    """The cell of each actor behind this door."""
    if door == NO_METHOD:
        return dict.fromkeys(ACTORS, "405")
    if door in API_DOORS:
        return dict(zip(ACTORS, API_DOORS[door].split(), strict=True))
    page = dict(zip(SESSIONS, PAGE_DOORS[door].split(), strict=True))
    return page | dict.fromkeys(TOKENS, page["anonymous"])


@dataclass(frozen=True)
class Form:
    """Fields of a form, or files."""

    fields: Mapping[str, Any]

    def encoded(self) -> tuple[bytes, str]:
        return encode_multipart(BOUNDARY, dict(self.fields)), MULTIPART_CONTENT


@dataclass(frozen=True)
class Json:
    """A body of JSON."""

    value: Any

    def encoded(self) -> tuple[bytes, str]:
        return json.dumps(self.value).encode(), "application/json"


@dataclass(frozen=True)
class Bytes:
    """A part of a file."""

    content: bytes

    def encoded(self) -> tuple[bytes, str]:
        return self.content, "application/offset+octet-stream"


def picture(content: bytes) -> SimpleUploadedFile:
    """A file of a form."""
    return SimpleUploadedFile("new.jpg", content, "image/jpeg")


Body = Callable[["Library"], Form | Json | Bytes]


@dataclass(frozen=True)
class Rule:
    """Who may send some methods to an address, spelled as the URL resolver spells it.

    `thing` is what the address names (an attribute of the library); `status` answers those who get in; `body` makes
    what they send. Without a body nothing is sent.
    """

    methods: str
    url: str
    door: str
    status: int = 200
    thing: str = ""
    body: Body | None = None
    query: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def known_methods(self) -> list[str]:
        return self.methods.split()

    def expected(self, actor: str, *, public_gallery: bool = False) -> str:
        """The cell of this actor, with the status of getting in."""
        closed, _, opened = cells(self.door)[actor].partition(">")
        cell = opened if opened and public_gallery else closed
        return str(self.status) if cell == "in" else cell


def outcome(response: Any) -> str:
    """What became of a request, in the words of the table."""
    sent_to = response.headers.get("Location", "")
    if response.status_code == 302 and sent_to.startswith(("/login?", "/admin/login/?")):
        return "login"
    return str(response.status_code)
