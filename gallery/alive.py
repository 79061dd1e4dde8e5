"""`python -m gallery.alive web|worker|scheduler`: whether this container's process does its work; ends with 1 if not.

Container engines ask every half minute, so this loads neither Django nor Celery.
"""

from __future__ import annotations

import json
import socket
import sys
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

import redis

from gallery import env

if TYPE_CHECKING:
    from collections.abc import Callable

WORKER_PREFIX = "likeness:worker:"
SCHEDULER_PREFIX = "likeness:scheduler:"
"""Names in Redis under which processes say that they live, each with the host and the process behind it."""
PATIENCE_S = 8
NEEDED_BY_WEB = ("database", "redis", "storage")
"""What the web itself cannot do without; missing workers are the trouble of their own containers."""


def web_problem() -> str:
    """Why the web server of this machine does not serve; empty when it does."""
    connection = HTTPConnection(
        "127.0.0.1", env.integer("PORT", 8000, minimum=1, maximum=65535), timeout=PATIENCE_S
    )
    try:
        connection.request("GET", "/api/v1/health", headers={"X-Forwarded-Proto": "https"})
        parts = json.loads(connection.getresponse().read())
        return " ".join(parts[name]["detail"] for name in NEEDED_BY_WEB if not parts[name]["ok"])
    except (OSError, HTTPException, ValueError, LookupError) as error:
        return f"The web server does not answer: {error}"
    finally:
        connection.close()


def beat_problem(prefix: str) -> str:
    """Why no process of this host counts as living under `prefix`; empty when one does."""
    try:
        with redis.Redis.from_url(
            env.text("REDIS_URL"), socket_connect_timeout=PATIENCE_S, socket_timeout=PATIENCE_S
        ) as client:
            found = client.scan_iter(match=f"{prefix}{socket.gethostname()}:*", count=1000)
            return (
                "" if any(True for _ in found) else "No process of this host has said lately that it lives."
            )
    except (redis.RedisError, ValueError) as error:
        return f"Redis does not answer: {error}"


CHECKS: dict[str, Callable[[], str]] = {
    "web": web_problem,
    "worker": lambda: beat_problem(WORKER_PREFIX),
    "scheduler": lambda: beat_problem(SCHEDULER_PREFIX),
}


def main(arguments: list[str]) -> str:
    """The problem of what the first argument names; empty when there is none."""
    if len(arguments) != 1 or arguments[0] not in CHECKS:
        return f"usage: python -m gallery.alive {'|'.join(CHECKS)}"
    return CHECKS[arguments[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or None)
