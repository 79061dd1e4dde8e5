"""What a log line tells beside its message: the request or the work that it belongs to, in words or as JSON."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMATS = ("plain", "json")

_context: ContextVar[Mapping[str, Any] | None] = ContextVar("log_context", default=None)


@contextmanager
def log_context(**facts: Any) -> Iterator[None]:
    """Give every log line within the block these facts, such as ``photo=12``; inner blocks add to outer ones."""
    token = _context.set({**(_context.get() or {}), **facts})
    try:
        yield
    finally:
        _context.reset(token)


class ContextFilter(logging.Filter):
    """Puts the facts of the block in which a line is logged on its record, as `record.context`.

    Django logs an answer after it has left all middleware, so its line names the request itself.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        context = dict(_context.get() or {})
        if request_id := getattr(getattr(record, "request", None), "request_id", ""):
            context["request"] = request_id
        record.context = context
        return True


class PlainFormatter(logging.Formatter):
    """For people: level, logger, message, and the facts in brackets."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s%(facts)s")

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        record.facts = f"  [{facts}]" if facts else ""
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """For machines: one JSON object a line, with the facts as its members."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **_facts(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    """The context of a line and what was given with ``extra={"details": {...}}``."""
    return {**getattr(record, "context", {}), **getattr(record, "details", {})}


def logging_settings(*, log_format: str, level: str) -> dict[str, Any]:
    """The setting LOGGING. Answers below 500 are told to who asked, and are no news for the operator.

    Lines about each request and each batch of work are for machines: they are written as JSON only.
    """
    every_step = "INFO" if log_format == "json" else "WARNING"
    formatter = "gallery.logs.JsonFormatter" if log_format == "json" else "gallery.logs.PlainFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "gallery.logs.ContextFilter"}},
        "formatters": {"console": {"()": formatter}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "console",
                "filters": ["context"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "gallery": {"level": "INFO"},
            "gallery.steps": {"level": every_step},
            "dedup": {"level": "INFO"},
            "axes": {"level": "ERROR"},
            "django.request": {"level": "ERROR"},
            # These two bring handlers of their own, which would write every line a second time or in another form.
            "django.server": {"handlers": [], "propagate": True},
            "gunicorn.error": {"handlers": ["console"], "propagate": False},
        },
    }
