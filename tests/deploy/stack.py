"""The stack of docker-compose.yml on this machine: its commands with its environment, and nginx in front.

Only what containers would bring along is different: folders, ports, and the database and Redis of the tests.
"""

from __future__ import annotations

import http.client
import json
import os
import shlex
import shutil
import ssl
import subprocess
import sys
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import psycopg
from django.conf import settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from gallery.embedded import database_url, redis_url
from tests.deploy.compose import REPOSITORY, compose
from tests.live import PATIENCE_S, START_TIMEOUT_S, STOP_TIMEOUT_S, Answer, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

PROCESSES = ("web", "worker", "embed", "query", "beat")
PASSWORD = "a password for the deployed site"
SENT_OFTEN = {"Set-Cookie", "Vary"}
SECRETS = "/run/secrets"
MAX_UPLOAD_MB = 60
NGINX_MISSING = (
    "The deployment tests need nginx: install it (Debian and Ubuntu: sudo apt install nginx-light; "
    "with libnginx-mod-http-brotli-filter Brotli is tested too)."
)


@dataclass(frozen=True)
class Person:
    """Somebody with an account: their API token, and the cookie of a session."""

    token: str
    session: str


class Stack:
    """All processes of the compose file but database and Redis, over which `folder` belongs to it alone."""

    def __init__(self, folder: Path, name: str, redis_number: int, **dotenv: str) -> None:
        """`name` is the database's; `dotenv` is what .env would hold beside PUBLIC_URL."""
        assert shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin"), NGINX_MISSING
        self.folder = folder
        self.ports = {name: free_port() for name in ("web", "http", "https")}
        self.url = f"https://127.0.0.1:{self.ports['https']}"
        self.host = f"127.0.0.1:{self.ports['https']}"
        self._database = name
        self._redis_number = redis_number
        self.compose = compose({"PUBLIC_URL": self.url, "MAX_UPLOAD_MB": str(MAX_UPLOAD_MB), **dotenv})
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    # --- what the containers would be given ---------------------------------------------------------------

    def environment(self, service: str) -> dict[str, str]:
        """The environment of a service as the compose file says it, with this machine's places."""
        given = {name: str(value) for name, value in self.compose["services"][service]["environment"].items()}
        own = {name: value.replace(SECRETS, str(self.folder / "secrets")) for name, value in given.items()}
        inherited = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        marks = {name: value for name, value in os.environ.items() if name.startswith("LIKENESS_TESTS")}
        return {**own, **inherited, **marks, **self._places()}

    def _places(self) -> dict[str, str]:
        data = settings.GALLERY_DATA
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}{os.pathsep}/usr/sbin",
            "GALLERY_DATA": str(self.folder / "data"),
            "STATIC_ROOT": str(self.folder / "static"),
            "DATABASE_URL": database_url(data, self._database),
            "REDIS_URL": redis_url(data).replace("db=0", f"db={self._redis_number}"),
            "HOST": "127.0.0.1",
            "PORT": str(self.ports["web"]),
            "WEB_PROCESSES": "1",
            "WORKER_PROCESSES": "1",
            "MIN_FREE_MB": "0",
            "HF_HUB_OFFLINE": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        }

    def nginx_environment(self, **changes: str) -> dict[str, str]:
        """What start.sh is given: the compose file's environment and this machine's places."""
        return {
            **self.environment("nginx"),
            "LIKENESS_WEB": f"127.0.0.1:{self.ports['web']}",
            "HTTP_PORT": str(self.ports["http"]),
            "HTTPS_PORT": str(self.ports["https"]),
            "CERTIFICATES": str(self.folder / "certificates"),
            "RUN": str(self.folder / "nginx"),
            "ACCESS_LOG": str(self.folder / "access.log"),
            "CA_CERTIFICATES": certifi.where(),
            "NGINX_USER": "root",
            **changes,
        }

    # --- starting and stopping ----------------------------------------------------------------------------

    def start(self) -> None:
        """Start everything; return when nginx answers and a worker serves every queue."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run(["sh", str(REPOSITORY / "deploy/init.sh"), str(self.folder)])
        with psycopg.connect(database_url(settings.GALLERY_DATA, "postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._database}"')
        self._run(collectstatic_of_the_image(), env=self.environment("web"))
        self._run(self.command("migrate"), env=self.environment("migrate"))
        for service in PROCESSES:
            self.start_process(service, self.command(service), self.environment(service))
        self.start_nginx("nginx", self.nginx_environment())
        wait_until("the stack is ready", self._ready, timeout_s=START_TIMEOUT_S)

    def command(self, service: str) -> list[str]:
        """The service's command, word for word."""
        words: list[str] = self.compose["services"][service]["command"]
        return words

    def start_nginx(self, name: str, environment: Mapping[str, str]) -> None:
        """Start nginx as its image does."""
        command = [word.replace("/deploy/", f"{REPOSITORY}/deploy/") for word in self.command("nginx")]
        self.start_process(name, command, environment)

    def start_process(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start a process that runs until the stack stops; its output goes to NAME.log."""
        with (self.folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """Stop everything and drop the database."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(STOP_TIMEOUT_S)
        with psycopg.connect(database_url(settings.GALLERY_DATA, "postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')

    def log(self, name: str) -> str:
        """What a process has written so far."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def is_healthy(self, service: str) -> bool:
        """What the service's health check in the compose file says."""
        test = self.compose["services"][service]["healthcheck"]["test"]
        assert test[0] == "CMD"
        result = subprocess.run(
            test[1:], cwd=REPOSITORY, env=self.environment(service), check=False, timeout=PATIENCE_S
        )
        return result.returncode == 0

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py as in the web's container; what it writes."""
        return self._run([sys.executable, "manage.py", *arguments], env=self.environment("web"))

    def _run(self, command: list[str], env: Mapping[str, str] | None = None) -> str:
        result = subprocess.run(
            command, cwd=REPOSITORY, env=env, check=False, timeout=PATIENCE_S, capture_output=True, text=True
        )
        assert result.returncode == 0, f"{shlex.join(command)}\n{result.stdout}{result.stderr}"
        return result.stdout

    def _ready(self) -> bool:
        for name, process in self._running.items():
            assert process.poll() is None, f"{name} ended early:\n{self.log(name)[-4000:]}"
        if not (self.folder / "certificates/fullchain.pem").exists():
            return False
        try:
            health = self.request("GET", "/api/v1/health").json()
        except (OSError, http.client.HTTPException, ValueError):
            return False
        return bool(health.get("workers", {}).get("ok"))  # nginx itself may answer

    # --- talking to it ------------------------------------------------------------------------------------

    def people(self, **roles: str) -> dict[str, Person]:
        """Make accounts, name=role, and let them log in."""
        script = f"""
import json
from gallery.models import ApiTokenScope, User
from gallery.tokens import create_token
made = {{}}
for name, role in {roles!r}.items():
    user = User.objects.create_user(username=name, password={PASSWORD!r}, role=role)
    made[name] = create_token(user=user, name="test", scopes=list(ApiTokenScope))[1]
print(json.dumps(made))
"""
        tokens = json.loads(self.manage("shell", "-c", script).splitlines()[-1])
        return {name: Person(tokens[name], self.log_in(name, PASSWORD)) for name in roles}

    def log_in(self, name: str, password: str) -> str:
        """Log in as a browser does; the value of the session's cookie."""
        csrf = cookies_of(self.request("GET", "/login"))["csrftoken"].value
        answer = self.request(
            "POST",
            "/login",
            headers={"Cookie": f"csrftoken={csrf}", "Referer": f"{self.url}/login", "X-CSRFToken": csrf},
            form={"username": name, "password": password},
        )
        assert (answer.status, answer.headers["Location"]) == (302, "/")
        cookie = cookies_of(answer)[settings.SESSION_COOKIE_NAME]
        assert cookie["secure"]
        assert cookie["httponly"]
        return cookie.value

    def connection(self, port: int = 0) -> http.client.HTTPSConnection:
        """A TLS connection that believes in the certificate that was made at the first start, and in its name."""
        context = ssl.create_default_context(cafile=str(self.folder / "certificates/fullchain.pem"))
        return http.client.HTTPSConnection(
            "127.0.0.1", port or self.ports["https"], timeout=PATIENCE_S, context=context
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        by: Person | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, Any] | None = None,
        port: int = 0,
    ) -> Answer:
        """Send one request through nginx: to the API with a token, elsewhere with the session's cookie.

        `port` is that of another nginx of this stack.
        """
        sent = dict(headers or {})
        if by is not None and path.startswith("/api/"):
            sent["Authorization"] = f"Bearer {by.token}"
        elif by is not None:
            sent["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={by.session}"
        content = None
        if form is not None:
            content = encode_multipart(BOUNDARY, dict(form))
            sent["Content-Type"] = MULTIPART_CONTENT
        connection = self.connection(port)
        try:
            connection.request(method, path, body=content, headers=sent)
            response = connection.getresponse()
            return Answer(response.status, http_headers(response), response.read())
        finally:
            connection.close()

    def photo_when_done(self, photo_id: int, by: Person) -> dict[str, Any]:
        """The photo as soon as it has been analysed."""
        photo: dict[str, Any] = {}

        def done() -> bool:
            photo.update(self.request("GET", f"/api/v1/photos/{photo_id}", by=by).json())
            return bool(photo["state"] != "processing")

        wait_until("the photo is analysed", done)
        return photo


def cookies_of(answer: Answer) -> SimpleCookie:
    """The cookies that an answer sets."""
    return SimpleCookie(answer.headers["Set-Cookie"])


def http_headers(response: http.client.HTTPResponse) -> dict[str, str]:
    """The headers by name. One that was sent twice is a mistake of ours, but for those that may be.

    nginx keeps the site's Cache-Control when it fails itself; the stricter one of both counts for browsers.
    """
    headers: dict[str, str] = {}
    allowed = SENT_OFTEN | ({"Cache-Control"} if response.status >= 400 else set())
    for name, value in response.getheaders():
        assert name not in headers or name in allowed, f"{name} was sent twice: {response.getheaders()}"
        headers[name] = f"{headers[name]}\r\n{value}" if name in headers else value
    return headers


def collectstatic_of_the_image() -> list[str]:
    """The command that collects the static files while the image is built."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "collectstatic" in line]
    words = shlex.split(line.removesuffix("\\"))
    return words[words.index("python") :]
