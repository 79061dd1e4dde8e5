"""Log lines say which request or which photo they are about, in words or as JSON."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from gallery.logs import log_context, logging_settings


@pytest.fixture(params=["plain", "json"])
def log_format(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def written(log_format: str) -> Iterator[io.StringIO]:
    """What a logger writes through the handler that the settings describe, without touching other loggers."""
    stream = io.StringIO()
    configuration = logging_settings(log_format=log_format, level="INFO")
    configuration["handlers"]["console"]["stream"] = stream
    configuration["root"]["handlers"] = []
    configuration["loggers"] = {"tests.logs": {"handlers": ["console"], "propagate": False}}
    configuration["root"] = {}
    logging.config.dictConfig(configuration)
    yield stream
    logging.getLogger("tests.logs").handlers.clear()


def log_a_line() -> None:
    logging.getLogger("tests.logs").warning("Took %s", "long", extra={"details": {"seconds": 1.5}})


@pytest.mark.parametrize("log_format", ["plain"], indirect=True)
def test_a_plain_line_ends_with_the_facts(written: io.StringIO) -> None:
    with log_context(request="abc"), log_context(photo=7):
        log_a_line()
    log_a_line()

    assert written.getvalue().splitlines() == [
        "WARNING tests.logs: Took long  [request=abc photo=7 seconds=1.5]",
        "WARNING tests.logs: Took long  [seconds=1.5]",
    ]


@pytest.mark.parametrize("log_format", ["json"], indirect=True)
def test_a_json_line_holds_the_facts_as_members(written: io.StringIO) -> None:
    with log_context(stage="analyse", photos=[7, 8]):
        log_a_line()

    line = json.loads(written.getvalue())
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "tests.logs", "Took long")
    assert (line["stage"], line["photos"], line["seconds"]) == ("analyse", [7, 8], 1.5)
    assert line["time"].endswith("+00:00")


@pytest.mark.parametrize("log_format", ["json"], indirect=True)
def test_an_error_stays_on_one_line(written: io.StringIO) -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("tests.logs").exception("It broke")

    (line,) = written.getvalue().splitlines()
    assert "ValueError: first\nsecond" in json.loads(line)["traceback"]


def test_each_step_is_told_to_machines_only() -> None:
    levels = {
        name: logging_settings(log_format=name, level="WARNING")["loggers"]["gallery.steps"]["level"]
        for name in ("plain", "json")
    }
    assert levels == {"plain": "WARNING", "json": "INFO"}
