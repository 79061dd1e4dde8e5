"""What has to hold before the site starts; each failure is one sentence that says what to do."""

import errno
import socket
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, ProgrammingError, connection
from redis import Redis
from redis.exceptions import RedisError

from gallery.embedded.paths import without_password

POSTGRES_MIN_VERSION = 16
VECTOR_MIN_VERSION = (0, 8)
REDIS_TIMEOUT_S = 5


class PreflightError(Exception):
    """Something that the site needs is missing; the message says what and what to do."""


def check_data_folder(data: Path) -> None:
    """Raise PreflightError unless files can be made in the data folder."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise PreflightError(
            f"The data folder {data} cannot be written ({error.strerror}): "
            "set GALLERY_DATA to a folder that you can write."
        ) from error


def check_port(host: str, port: int) -> None:
    """Raise PreflightError unless the web server can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host.strip("[]"), port))
    except OSError as error:
        raise PreflightError(_port_sentence(error, host, port)) from error


def _port_sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program: end it, or choose another port, "
            f"for example `PORT={port + 1} make run`."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by ordinary users: choose one above 1023 with PORT."
    return (
        f"HOST is {host}, which is no address of this machine ({error.strerror}): use 127.0.0.1 or 0.0.0.0."
    )


def check_database() -> None:
    """Raise PreflightError unless the database answers, is new enough and can keep vectors."""
    where = without_password(settings.DATABASE_URL)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
            check_version(cursor.fetchone()[0])
            cursor.execute("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
            row = cursor.fetchone()
            check_vector_version(row[0] if row else None)
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except OperationalError as error:
        reason = " ".join(str(error).split())
        raise PreflightError(
            f"The database at {where} does not answer ({reason}): check DATABASE_URL."
        ) from error
    except ProgrammingError as error:
        raise PreflightError(
            "The database's user may not install the vector extension: let its administrator run "
            "`CREATE EXTENSION vector` in this database once."
        ) from error


def check_version(major: int) -> None:
    """Raise PreflightError for a PostgreSQL that is too old."""
    if major < POSTGRES_MIN_VERSION:
        raise PreflightError(
            f"The database is PostgreSQL {major}; Likeness needs {POSTGRES_MIN_VERSION} or newer."
        )


def check_vector_version(version: str | None) -> None:
    """Raise PreflightError where the server offers no pgvector (None) or one that is too old."""
    needed = ".".join(map(str, VECTOR_MIN_VERSION))
    if version is None:
        raise PreflightError(
            f"The database server has no vector extension: install pgvector {needed} or newer on it "
            "(Debian: apt install postgresql-18-pgvector), or leave DATABASE_URL out for the embedded server."
        )
    if tuple(int(part) for part in version.split(".")[:2]) < VECTOR_MIN_VERSION:
        raise PreflightError(f"The database server has pgvector {version}; Likeness needs {needed} or newer.")


def check_redis() -> None:
    """Raise PreflightError unless Redis answers."""
    try:
        client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=REDIS_TIMEOUT_S)
        try:
            client.ping()
        finally:
            client.close()
    except (RedisError, ValueError) as error:
        where = without_password(settings.REDIS_URL)
        raise PreflightError(f"Redis at {where} does not answer ({error}): check REDIS_URL.") from error
