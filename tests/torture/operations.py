"""What a process does that may be killed meanwhile: each as a person or a worker does it. Arguments are JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gallery import pipeline
from gallery.trash import purge_photo
from tests.tus import BYTES, VERSION

API = "/api/v1"


def upload(token: str, file: str) -> tuple[int, Any]:
    """Send the file whole."""
    content = SimpleUploadedFile("photo.jpg", Path(file).read_bytes(), "image/jpeg")
    answer: Any = Client(headers=bearer(token)).post(f"{API}/photos", {"file": content})
    return answer.status_code, answer.json()


def parts(token: str, file: str, url: str) -> tuple[int, Any]:
    """Go on with an upload in parts where it stands, the rest in two of them; answers with the last status."""
    client, content = Client(headers={**bearer(token), **VERSION}), Path(file).read_bytes()
    answer = client.head(url)
    offset = int(answer.headers["Upload-Offset"])
    middle = (offset + len(content)) // 2
    for end in (middle, len(content)):
        if offset < end:
            answer = client.patch(
                url, content[offset:end], content_type=BYTES, headers={"Upload-Offset": str(offset)}
            )
            offset = end
    return answer.status_code, answer.headers.get("Upload-Photo")


def analyse() -> int:
    """Do what a worker does that is woken."""
    return pipeline.run_batch(pipeline.stages()["analyse"])


def resolve(token: str, group: int, keep: list[int], trash: list[int], version: int) -> tuple[int, Any]:
    """Decide about a group."""
    body = {"keep": keep, "trash": trash, "merge": True, "version": version}
    client: Any = Client(headers=bearer(token))
    answer = client.post(f"{API}/duplicates/{group}/resolve", body, content_type="application/json")
    return answer.status_code, answer.json()


def purge(photo: int) -> bool:
    """Remove a trashed photo for good."""
    return purge_photo(photo_id=photo)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
