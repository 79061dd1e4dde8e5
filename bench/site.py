"""A site of its own for measuring: `manage.py start` in a temporary data folder, its processes and what they use."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx2
import psutil

REPOSITORY = Path(__file__).resolve().parent.parent
PASSWORD = "only for measuring"  # noqa: S105 - of a site that lives for minutes
START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 60
POLL_S = 0.2
GUARD = "gallery.imaging.guard_child"


class OwnSite:
    """A running site: its address, its processes, a moderator's token and browser."""

    def __init__(self, data: Path, environment: Mapping[str, str]) -> None:
        """`environment` is laid over the present one."""
        self.data = data
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = data / "site.log"
        own = {
            "GALLERY_DATA": str(data),
            "STATIC_ROOT": str(data / "static"),
            "PORT": str(self.port),
            "GALLERY_ADMIN_PASSWORD": PASSWORD,
        }
        self.environment = {**os.environ, **own, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "start"],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_ready()
            self.token = self.manage("create_token", "admin").stdout.decode().split()[-1]
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def manage(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run a command of manage.py on the site to its end."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=REPOSITORY, env=self.environment, check=True, capture_output=True)

    def start_import(self, folder: Path) -> subprocess.Popen[bytes]:
        """Import a folder in a process of its own."""
        command = [sys.executable, "manage.py", "import", str(folder)]
        return subprocess.Popen(command, cwd=REPOSITORY, env=self.environment, stdout=subprocess.DEVNULL)

    def api(self) -> httpx2.Client:
        """A client of the API as the administrator."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx2.Client(base_url=f"{self.address}/api/v1/", headers=headers, timeout=120)

    def browser(self) -> httpx2.Client:
        """A signed-in client of the pages."""
        client = httpx2.Client(base_url=self.address, timeout=120, follow_redirects=True)
        client.get("/login")
        form = {"username": "admin", "password": PASSWORD, "next": "/"}
        form["csrfmiddlewaretoken"] = client.cookies["csrftoken"]
        answer = client.post("/login", data=form, headers={"Referer": f"{self.address}/login"})
        answer.raise_for_status()
        return client

    def processes(self) -> Iterator[tuple[str, psutil.Process]]:
        """The living processes of the site with the part that each plays, as `role_of` names them."""
        assert self._process is not None  # noqa: S101 - it is started on entering
        # PostgreSQL and Redis are started by `manage.py start` as well.
        top = psutil.Process(self._process.pid)
        for process in [top, *children(top)]:
            yield role_of(process), process

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            if time.monotonic() > deadline or self._process is None or self._process.poll() is not None:
                raise SystemExit(f"The site does not start:\n{self.log.read_text(errors='replace')[-4000:]}")
            time.sleep(POLL_S)

    def _is_ready(self) -> bool:
        try:
            health: dict[str, Any] = httpx2.get(f"{self.address}/api/v1/health", timeout=5).json()
        except (httpx2.HTTPError, ValueError):
            return False
        return bool(health.get("workers", {}).get("ok"))

    def _stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_TIMEOUT_S)


def free_port() -> int:
    """A TCP port that nothing uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def words_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def role_of(process: psutil.Process) -> str:
    """decoder (the guarded child), worker, embed, query, beat, web, postgres, redis, or supervisor."""
    words = words_of(process)
    line = " ".join(words)
    if GUARD in words:
        return "decoder"
    for name in ("worker", "embed", "query"):
        if f"{name}@%h" in words:
            return name
    marks = {"celery": "beat", "gunicorn": "web", "postgres": "postgres", "redis": "redis"}
    return next((role for mark, role in marks.items() if mark in line), "supervisor")
