"""What gunicorn runs in each web process as it begins and ends (`--config python:gallery.serving`)."""

from typing import Any

from gallery.requestmeter import METER


def post_fork(server: Any, worker: Any) -> None:
    """Begin to count requests; a thread of the parent would not have come along."""
    METER.start()


def worker_exit(server: Any, worker: Any) -> None:
    """Add the last counts."""
    METER.stop()
