"""A warm process that forks a child for every order, so that some hundred of them can be killed in minutes.

Run as `python -m tests.torture.nursery`: one order in JSON per line of its input, one answer per line of its output.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import django

from tests.torture.points import Point, arm

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a child ended: killed, or with an answer."""

    killed: bool
    answer: Any


class Nursery:
    """The process, for the side that gives orders."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.nursery"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *reason: object) -> None:
        self.process.communicate()

    def run(self, operation: str, *, point: Point | None = None, **arguments: Any) -> Ended:
        """Let a new process do the operation, and die at the point."""
        order = {
            "operation": operation,
            "arguments": arguments,
            "point": asdict(point) if point else None,
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return Ended(**json.loads(self.process.stdout.readline()))


def obey(order: dict[str, Any]) -> Ended:
    """Fork a child for the order and wait for its end."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        live(order, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(pid, 0)
    return Ended(os.WIFSIGNALED(status), json.loads(told) if told else None)


def live(order: dict[str, Any], writing: int) -> None:
    """The child's life; it ends here."""
    from tests.torture import operations

    try:
        if order["point"] is not None:
            arm(Point(**order["point"]))
        answer = getattr(operations, order["operation"])(**order["arguments"])
        os.write(writing, json.dumps(answer).encode())
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        os._exit(0)


def main() -> None:
    django.setup()
    from django.test import Client
    from django.test.utils import setup_test_environment

    from tests.torture import operations  # noqa: F401 - the children find it loaded

    logging.getLogger("django.request").setLevel(logging.ERROR)
    setup_test_environment()
    Client().get(
        "/api/v1/photos"
    )  # Loads what every request needs; a stranger is refused without the database.
    for line in sys.stdin:
        sys.stdout.write(json.dumps(asdict(obey(json.loads(line)))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
