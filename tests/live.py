"""The real site in processes of its own: `manage.py start` on the test session's servers."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from gallery.embedded import redis_url
from gallery.embedded.processes import marked

REPOSITORY = Path(__file__).resolve().parent.parent
PATIENCE_S = 180
"""How long anything may take before a test fails of it: several times what it takes where others use the cores too."""
START_TIMEOUT_S = 300
STOP_TIMEOUT_S = 120
POLL_S = 0.1
NO_MODEL = "/nowhere/model.pt"
"""For sites that describe nothing: each of two workers takes seconds of the processor to load what a model needs."""
EndsEarly = Callable[[str, Callable[[], None]], AbstractContextManager[None]]
"""See `ends_early` in sharing.py, which may not be imported before pytest has loaded it as a plugin."""


def wait_until(what: str, holds: Callable[[], bool], *, timeout_s: float = PATIENCE_S) -> None:
    """Return as soon as `holds()` is true; fail with `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"After {timeout_s:.0f} s still not: {what}")
        time.sleep(POLL_S)


def free_port() -> int:
    """A TCP port that nothing uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    """What the site answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class LiveSite:
    """A running site: its address, its processes, its log."""

    def __init__(self, *, data: Path, environment: Mapping[str, str]) -> None:
        """`environment` is laid over the present one."""
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / f"site-{self.port}.log"
        self._environment = {**os.environ, "GALLERY_DATA": str(data), "PORT": str(self.port), **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start everything; return when the web answers and a worker serves every queue."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "start"],
                cwd=REPOSITORY,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until("the site is ready", self._ready, timeout_s=START_TIMEOUT_S)

    @property
    def redis_url(self) -> str:
        """The address of its Redis."""
        return self._environment.get("REDIS_URL") or redis_url(self.data)

    def stop(self) -> None:
        """Stop everything, as Ctrl-C does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """Kill the supervisor, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT_S)

    def processes(self, name: str) -> list[psutil.Process]:
        """The living processes that the Procfile's line `name` started, first the one that leads the others."""
        found = [process for process in marked(self.data) if _plays(process, name)]
        return sorted(found, key=lambda process: process.create_time())

    def request(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: Any = None,
        form: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send one request; `body` goes as JSON, `form` as multipart (open files are sent as files)."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = b""
        if form is not None:
            content = encode_multipart(BOUNDARY, dict(form))
            headers["Content-Type"] = MULTIPART_CONTENT
        elif body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body=content, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def is_own(self, url: str) -> bool:
        """Whether `url` leads to this site (or nowhere, as data: and blob: do)."""
        parts = urlsplit(url)
        return parts.scheme in {"data", "blob", "about"} or parts.netloc == urlsplit(self.url).netloc

    def _ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise AssertionError(f"The site ended early:\n{self.log.read_text(errors='replace')[-4000:]}")
        try:
            health = self.request("GET", "/api/v1/health").json()
        except (OSError, http.client.HTTPException, ValueError):
            return False
        return bool(health.get("workers", {}).get("ok"))


def _plays(process: psutil.Process, name: str) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    if name == "web":
        return "gunicorn" in words
    if name == "beat":
        return "celery" in words and "beat" in words
    return "celery" in words and f"{name}@%h" in words
