"""An S3 server on this machine, in a process of its own: moto's."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

import boto3

from tests.live import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "photos"
KEYS = ("test-key", "test-secret")
"""moto takes any."""


class S3Server:
    """The server's address, and what an administrator of the store may do."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self.storage_url = (
            f"s3://{BUCKET}/library?endpoint={self.endpoint}&region=eu-central-1&addressing=path"
        )
        self._session = boto3.Session(*KEYS, region_name="eu-central-1")

    def names(self) -> list[str]:
        """The names of all objects."""
        with self._bucket() as bucket:
            return sorted(item.key for item in bucket.objects.all())

    def read(self, name: str) -> bytes:
        """An object's content."""
        with self._bucket() as bucket:
            content: bytes = bucket.Object(name).get()["Body"].read()
            return content

    def write(self, name: str, content: bytes) -> None:
        """Put an object, or replace one."""
        with self._bucket() as bucket:
            bucket.put_object(Key=name, Body=content)

    def empty(self) -> None:
        """Forget everything and make the bucket."""
        assert _ask(self._port, "POST", "/moto-api/reset") == 200
        with self._bucket() as bucket:
            bucket.create(CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def remove_bucket(self) -> None:
        """Remove the empty bucket, as somebody might by mistake."""
        with self._bucket() as bucket:
            bucket.delete()

    @contextmanager
    def _bucket(self) -> Iterator[boto3.resources.base.ServiceResource]:
        resource = self._session.resource("s3", endpoint_url=self.endpoint)
        try:
            yield resource.Bucket(BUCKET)
        finally:
            resource.meta.client.close()


@contextmanager
def running_s3_server() -> Iterator[S3Server]:
    """Start the server, and end it in the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until("the S3 server answers", lambda: _answers(port))
        yield S3Server(port)
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        return _ask(port, "GET", "/moto-api/") == 200
    except (OSError, HTTPException):
        return False


def _ask(port: int, method: str, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()
