"""A client of the API that sends a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gallery.models import ApiTokenScope
from gallery.tokens import create_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import User

API = "/api/v1"


class ApiClient:
    """Calls the API as `user`, with a token of the given scopes; without a user as a stranger."""

    def __init__(
        self, user: User | None = None, scopes: Sequence[ApiTokenScope] = tuple(ApiTokenScope)
    ) -> None:
        self.client = Client()
        self.headers = {}
        if user is not None:
            _, text = create_token(user=user, name="test", scopes=scopes)
            self.headers["Authorization"] = f"Bearer {text}"

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"{API}/{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(
            f"{API}/{path}", body or {}, content_type="application/json", headers=self.headers
        )

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"{API}/{path}", body, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(f"{API}/{path}", headers=self.headers)

    def upload(self, content: bytes, name: str = "photo.jpg", path: str = "photos", **fields: Any) -> Any:
        file = SimpleUploadedFile(name, content, "application/octet-stream")
        return self.client.post(f"{API}/{path}", {"file": file, **fields}, headers=self.headers)
