"""Originals in an S3-compatible store, fetched by nginx itself with an address that the site has signed."""

from __future__ import annotations

import http.client
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gallery.marker import MARKER_NAME
from tests.deploy.stack import Person, Stack
from tests.factories import unique_jpeg
from tests.live import Answer, free_port, wait_until
from tests.s3_server import KEYS, S3Server, running_s3_server

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class S3Site:
    """A web server of the stack that stores in S3, the nginx before it, and a photo in it."""

    stack: Stack
    server: S3Server
    port: int

    def request(self, method: str, path: str, by: Person | None, **options: object) -> Answer:
        """Send a request through that nginx."""
        return self.stack.request(method, path, by=by, port=self.port, **options)  # type: ignore[arg-type]

    def upload(self, by: Person, content: bytes, **fields: str) -> str:
        """Upload a photo; the address of its original."""
        file = io.BytesIO(content)
        file.name = "Größe.jpg"
        answer = self.request("POST", "/api/v1/photos", by, form={"file": file, **fields})
        assert answer.status == 201, answer.body
        return str(answer.json()["original"])


@pytest.fixture(scope="module")
def site(stack: Stack) -> Iterator[S3Site]:
    web, http_port, https_port = free_port(), free_port(), free_port()
    with running_s3_server() as server:
        server.empty()
        # As whoever moves the originals into a bucket copies the mark along with them.
        mark = Path(stack.environment("web")["GALLERY_DATA"]) / "originals" / MARKER_NAME
        server.write(f"library/originals/{MARKER_NAME}", mark.read_bytes())
        secret = stack.folder / "storage-secret"
        secret.write_text(KEYS[1])
        settings = {
            "STORAGE_URL": server.storage_url,
            "STORAGE_ACCESS_KEY": KEYS[0],
            "STORAGE_SECRET_KEY_FILE": str(secret),
            "PORT": str(web),
        }
        stack.start_process("web-s3", stack.command("web"), stack.environment("web") | settings)
        places = {
            "LIKENESS_WEB": f"127.0.0.1:{web}",
            "HTTP_PORT": str(http_port),
            "HTTPS_PORT": str(https_port),
            "RUN": str(stack.folder / "nginx-s3"),
            "ACCESS_LOG": str(stack.folder / "access-s3.log"),
        }
        stack.start_nginx("nginx-s3", stack.nginx_environment(**places))
        running = S3Site(stack, server, https_port)
        wait_until("the web server with S3 answers", lambda: answers(running))
        yield running


def answers(site: S3Site) -> bool:
    try:
        return site.request("GET", "/login", None).status == 200
    except (OSError, http.client.HTTPException):
        return False


def test_an_original_comes_with_our_headers_and_none_of_the_store(site: S3Site, anna: Person) -> None:
    content = unique_jpeg()
    answer = site.request("GET", site.upload(anna, content), anna)

    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.jpg"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, max-age=86400"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Content-Length"] == str(len(content))
    assert [name for name in answer.headers if name.lower().startswith(("x-amz", "x-accel"))] == []


def test_a_part_and_the_head_come_from_the_store_too(site: S3Site, anna: Person) -> None:
    content = unique_jpeg()
    address = site.upload(anna, content)

    part = site.request("GET", address, anna, headers={"Range": "bytes=10-19"})
    head = site.request("HEAD", address, anna)
    assert (part.status, part.body) == (206, content[10:20])
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(content)))


def test_the_access_check_comes_first(site: S3Site, anna: Person, ben: Person) -> None:
    address = site.upload(anna, unique_jpeg(), visibility="private")

    assert site.request("GET", address, anna).status == 200
    assert site.request("GET", address, ben).status == 404
    assert site.request("GET", address, None).status == 302


def test_nobody_fetches_from_elsewhere_through_nginx(site: S3Site, anna: Person) -> None:
    target = site.server.endpoint.removeprefix("http://")
    assert site.request("GET", f"/internal/remote/http/{target}/moto-api/", anna).status == 404


def test_an_original_that_the_store_lost_is_missing_and_its_words_stay_inside(
    site: S3Site, anna: Person
) -> None:
    address = site.upload(anna, unique_jpeg())
    site.server.empty()
    answer = site.request("GET", address, anna)

    assert answer.status == 404
    assert answer.body == b"There is no such file.\n"
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "no-store" in answer.headers["Cache-Control"]
