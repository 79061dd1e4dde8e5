"""Requests are counted in memory and added up in Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import Settings

from gallery.requestmeter import RequestMeter, read_totals


@pytest.fixture
def meter(servers: None) -> Iterator[RequestMeter]:
    """A meter that counts."""
    meter = RequestMeter()
    meter.start()
    yield meter
    meter.stop()


def test_the_counts_of_several_processes_add_up(servers: None) -> None:
    for _ in range(2):
        meter = RequestMeter()
        meter.start()
        meter.record("GET", "photos/<int:pk>", 200, 0.04)
        meter.record("GET", "photos/<int:pk>", 404, 3.0)
        meter.stop()

    totals = read_totals()
    assert totals.counts == {
        ("GET", "photos/<int:pk>", "200"): 2,
        ("GET", "photos/<int:pk>", "404"): 2,
    }
    assert totals.seconds["photos/<int:pk>"] == pytest.approx(6.08)
    assert totals.buckets == {("photos/<int:pk>", 0.05): 2, ("photos/<int:pk>", 10.0): 2}


def test_an_empty_route_and_a_strange_method_are_counted(meter: RequestMeter) -> None:
    meter.record("BREW", "", 405, 20.0)
    meter.flush()

    assert read_totals().counts == {("OTHER", "", "405"): 1}
    assert read_totals().buckets == {("", float("inf")): 1}


def test_what_redis_does_not_take_is_added_later(
    meter: RequestMeter, settings: Settings, tmp_path: Path
) -> None:
    there = settings.REDIS_URL
    meter.record("GET", "login", 200, 0.1)
    settings.REDIS_URL = f"unix://{tmp_path}/nothing.sock"
    with pytest.raises(redis.ConnectionError):
        meter.flush()

    settings.REDIS_URL = there
    meter.record("GET", "login", 200, 0.1)
    meter.flush()
    assert read_totals().counts == {("GET", "login", "200"): 2}


def test_nothing_is_counted_before_the_start(servers: None) -> None:
    meter = RequestMeter()
    meter.record("GET", "login", 200, 0.1)
    meter.flush()

    assert read_totals().counts == {}
