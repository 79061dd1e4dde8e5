"""What the headers of the tus protocol 1.0 say (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gallery.api.common import ApiError, storable
from gallery.intake import UploadOptions
from gallery.models import Visibility
from gallery.resumable import CHECKSUMS, Checksum
from gallery.tags import BadTag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

VERSION = "1.0.0"
BYTES_TYPE = "application/offset+octet-stream"
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
LARGEST_NUMBER = 2**63 - 1
MAX_ALBUM_CHARS = 255


@dataclass(frozen=True)
class Announced:
    """What a new upload says about its file."""

    name: str
    sha256: str
    options: UploadOptions


def number(request: HttpRequest, header: str) -> int:
    """A header that must be there and be a whole number from 0. Raises ApiError 400."""
    text = request.headers.get(header, "")
    if not text.isascii() or not text.isdigit() or int(text[:20]) > LARGEST_NUMBER:
        raise ApiError(400, "bad-header", f"{header} must be a whole number of bytes.")
    return int(text)


def body_length(request: HttpRequest) -> int:
    """How many bytes the request brings. Raises ApiError 411 when it does not say."""
    if request.META.get("CONTENT_LENGTH"):
        return number(request, "Content-Length")
    if "Transfer-Encoding" in request.headers:
        raise ApiError(411, "no-length", "Send the bytes with a Content-Length.")
    return 0


def checksum_of(request: HttpRequest) -> Checksum | None:
    """Upload-Checksum: the algorithm and the digest in base64. Raises ApiError 400."""
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    if algorithm not in CHECKSUMS:
        raise ApiError(
            400, "bad-checksum", f"Upload-Checksum can be {' or '.join(CHECKSUMS)}, not {algorithm}."
        )
    digest = from_base64(encoded, "Upload-Checksum")
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise ApiError(
            400, "bad-checksum", f"The digest in Upload-Checksum is not as long as one of {algorithm}."
        )
    return Checksum(algorithm, digest)


def from_base64(text: str, header: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise ApiError(400, "bad-header", f"{header} holds something that is not base64.") from error


def announced(request: HttpRequest) -> Announced:
    """Upload-Metadata: keys with values in base64, separated by commas. Raises ApiError 400 and 422."""
    fields = metadata_fields(request.headers.get("Upload-Metadata", ""))
    sha256 = fields.get("sha256", "")
    if sha256 and not SHA256.fullmatch(sha256):
        raise ApiError(422, "invalid", "sha256 must be 64 hexadecimal digits.")
    return Announced(fields.get("filename", "") or "unnamed", sha256.lower(), options_from(fields))


def metadata_fields(text: str) -> dict[str, str]:
    fields = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            fields[key] = storable(from_base64(encoded, "Upload-Metadata").decode())
        except ValueError as error:
            raise ApiError(400, "bad-header", f"{key} in Upload-Metadata is no text in UTF-8.") from error
    return fields


def options_from(fields: Mapping[str, str]) -> UploadOptions:
    """The options of the plain upload, under the same names."""
    on_duplicate = fields.get("on_duplicate") or "report"
    visibility = fields.get("visibility") or Visibility.MEMBERS
    album = fields.get("album", "").strip()
    if on_duplicate not in ("report", "keep"):
        raise ApiError(422, "invalid", "on_duplicate must be report or keep.")
    if visibility not in Visibility.values:
        raise ApiError(422, "invalid", f"visibility must be one of {', '.join(Visibility.values)}.")
    if len(album) > MAX_ALBUM_CHARS:
        raise ApiError(422, "invalid", f"The name of an album may have {MAX_ALBUM_CHARS} characters.")
    try:
        return UploadOptions(
            tags=[tag for tag in fields.get("tags", "").split(",") if tag.strip()],
            album=album,
            keep_duplicates=on_duplicate == "keep",
            visibility=Visibility(visibility),
        )
    except BadTag as error:
        raise ApiError(422, "bad-tag", str(error)) from error
