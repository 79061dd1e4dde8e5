"""A client of the tus protocol for tests."""

from __future__ import annotations

import base64
import hashlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.test import Client

from gallery.models import ApiTokenScope
from gallery.originals import open_original
from gallery.tokens import create_token
from tests.pictures import jpeg_bytes, noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import Photo, User

VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"


def metadata(**fields: str) -> str:
    """The header Upload-Metadata."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in fields.items())


def checksum(content: bytes, algorithm: str = "sha1") -> str:
    """The header Upload-Checksum."""
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


class TusClient:
    """Speaks tus as `user`, with a token of the given scopes; without a user as a stranger."""

    def __init__(
        self, user: User | None = None, scopes: Sequence[ApiTokenScope] = (ApiTokenScope.UPLOAD,)
    ) -> None:
        self.client = Client()
        self.headers = dict(VERSION)
        if user is not None:
            self.headers["Authorization"] = f"Bearer {create_token(user=user, name='test', scopes=scopes)[1]}"

    def call(self, method: str, url: str, content: bytes | None = None, **headers: str) -> Any:
        """One request; headers are given as Upload_Offset="3"."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            given["Content-Type"] = BYTES
        return self.client.generic(
            method,
            url,
            content or b"",
            content_type=BYTES,
            headers={**self.headers, **given},
        )

    def create(self, length: int, content: bytes | None = None, **fields: str) -> Any:
        return self.call(
            "POST",
            "/uploads/",
            content,
            Upload_Length=str(length),
            Upload_Metadata=metadata(**{"filename": "photo.jpg", **fields}),
        )

    def begin(self, length: int, **fields: str) -> str:
        """The address of a new upload."""
        answer = self.create(length, None, **fields)
        assert answer.status_code == 201, answer.content
        return str(answer.headers["Location"])

    def send(self, url: str, offset: int, content: bytes, **headers: str) -> Any:
        return self.call("PATCH", url, content, Upload_Offset=str(offset), **headers)

    def offset(self, url: str) -> int:
        answer = self.call("HEAD", url)
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["Upload-Offset"])


def content_of(photo: Photo) -> bytes:
    """The bytes that are kept for a photo."""
    with open_original(photo.stored_sha256) as file:
        return bytes(file.read())


def leftovers() -> list[Path]:
    """The files of unfinished uploads."""
    return list(Path(settings.UPLOAD_TEMP_DIR).glob("partial-*"))


def large_jpeg() -> bytes:
    """More than the first bytes that a kind is told by."""
    return jpeg_bytes(noise(uuid.uuid4().int % 2**32, (100, 100)))


def code(answer: Any) -> tuple[int, str]:
    """The status and the word of a refusal."""
    return answer.status_code, answer.json()["code"]
