"""Where the embedded servers keep their files and sockets. Pure functions of the data folder.

The addresses follow from the data folder alone, so a command in another terminal reaches the servers that
`make run` started.
"""

import hashlib
from pathlib import Path
from urllib.parse import quote, urlsplit

DATABASE_NAME = "likeness"
DATABASE_USER = "likeness"

SOCKET_PATH_MAX_BYTES = 103
"""Longest name of a Unix socket that all systems take: macOS has 104 bytes with the final zero, Linux 108."""

SOCKET_NAMES = (".s.PGSQL.5432", "redis.sock")


def postgres_folder(data: Path) -> Path:
    """The database cluster's folder."""
    return data.resolve() / "postgres"


def redis_folder(data: Path) -> Path:
    """The folder with Redis' append-only file."""
    return data.resolve() / "redis"


def logs_folder(data: Path) -> Path:
    """The folder for the logs of both servers."""
    return data.resolve() / "logs"


def run_folder(data: Path) -> Path:
    """The folder for locks and notes about running processes."""
    return data.resolve() / "run"


def socket_folder(data: Path) -> Path:
    """The folder for both sockets: below the data folder, or in /tmp where that name would be too long."""
    below = run_folder(data)
    if max(len(bytes(below / name)) for name in SOCKET_NAMES) <= SOCKET_PATH_MAX_BYTES:
        return below
    digest = hashlib.sha256(bytes(data.resolve())).hexdigest()[:16]
    return Path("/tmp") / f"likeness-{digest}"  # noqa: S108 - one fixed place that every process derives alike


def redis_socket(data: Path) -> Path:
    """The name of Redis' socket."""
    return socket_folder(data) / "redis.sock"


def database_url(data: Path, name: str = DATABASE_NAME) -> str:
    """The address of the embedded database that belongs to a data folder."""
    return f"postgresql://{DATABASE_USER}@/{name}?host={quote(str(socket_folder(data)), safe='')}"


def redis_url(data: Path) -> str:
    """The address of the embedded Redis that belongs to a data folder, in the form that redis-py takes."""
    return f"unix://{quote(str(redis_socket(data)))}?db=0"


def broker_url(url: str) -> str:
    """The same Redis address in the form that Celery takes: it names sockets differently from redis-py."""
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    number = next((part[3:] for part in query.split("&") if part.startswith("db=")), "0")
    return f"redis+socket://{path}?virtual_host={number}"


def without_password(url: str) -> str:
    """The address with its password left out, for messages."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":***@") if parts.password else url
