"""Each request has an id, and the address of who sent it."""

import logging
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from gallery.logs import ContextFilter

pytestmark = pytest.mark.django_db


@pytest.fixture
def steps(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Lines about requests, with their context."""
    caplog.handler.addFilter(ContextFilter())
    caplog.set_level(logging.INFO, logger="gallery.steps")
    return caplog


def facts_of(steps: pytest.LogCaptureFixture) -> dict[str, Any]:
    """All facts of the one line about a request."""
    (record,) = [record for record in steps.records if record.name == "gallery.steps"]
    return {**record.context, **record.details}  # type: ignore[attr-defined]  # set by the filter and by `extra`


def test_an_answer_and_its_log_line_carry_the_same_id(steps: pytest.LogCaptureFixture) -> None:
    answer = Client().get("/login?next=/secret")

    facts = facts_of(steps)
    assert facts["request"] == answer.headers["X-Request-ID"]
    assert (facts["method"], facts["path"], facts["status"]) == ("GET", "/login", 200)
    assert "secret" not in str(facts)


def test_what_django_logs_about_a_failure_carries_the_id(steps: pytest.LogCaptureFixture) -> None:
    answer = Client().get("/api/v1/health")

    (record,) = [record for record in steps.records if record.name == "django.request"]
    assert answer.status_code == 503
    assert record.context == {"request": answer.headers["X-Request-ID"]}  # type: ignore[attr-defined]


def test_each_request_gets_an_id_of_its_own() -> None:
    ids = {Client().get("/login").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_an_id_from_outside_is_not_taken_over() -> None:
    answer = Client().get("/login", headers={"X-Request-ID": "chosen"})
    assert answer.headers["X-Request-ID"] != "chosen"


def test_the_id_of_the_proxy_is_taken_over(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    answer = Client().get("/login", headers={"X-Request-ID": "0123-abc"})
    assert answer.headers["X-Request-ID"] == "0123-abc"


@pytest.mark.parametrize("given", ["", "two words", "line\tend", "x" * 65, "ü"])
def test_an_unusable_id_is_replaced(settings: Settings, given: str) -> None:
    settings.BEHIND_PROXY = True
    answer = Client().get("/login", headers={"X-Request-ID": given})
    assert len(answer.headers["X-Request-ID"]) == 32


@pytest.mark.parametrize(
    ("behind_proxy", "address"),
    [(True, "203.0.113.9"), (False, "127.0.0.1")],
)
def test_the_address_comes_from_the_nearest_proxy_only(
    settings: Settings, steps: pytest.LogCaptureFixture, behind_proxy: bool, address: str
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    Client().get("/login", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})

    assert facts_of(steps)["address"] == address


def test_a_missing_page_is_no_news_for_the_operator() -> None:
    assert not logging.getLogger("django.request").isEnabledFor(logging.WARNING)
    assert logging.getLogger("django.request").isEnabledFor(logging.ERROR)
