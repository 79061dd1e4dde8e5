"""The site as `make run` brings it up, seen from outside."""

import pytest
from playwright.sync_api import Page

from tests.live import LiveSite, wait_until


def test_the_site_answers_with_a_worker_for_every_queue(live_site: LiveSite) -> None:
    health = live_site.request("GET", "/api/v1/health").json()
    assert {name: health[name]["ok"] for name in ("database", "redis", "workers", "storage")} == {
        "database": True,
        "redis": True,
        "workers": True,
        "storage": True,
    }


def test_workers_stand_back_behind_the_web_and_searches(live_site: LiveSite) -> None:
    def niceness(name: str) -> set[int]:
        return {process.nice() for process in live_site.processes(name)}

    [usual] = niceness("web") | niceness("query")
    [worker] = niceness("worker") | niceness("embed")
    assert worker > usual


@pytest.mark.slow
def test_a_killed_worker_is_started_again(live_site: LiveSite) -> None:
    old = live_site.processes("query")[0]
    old.kill()
    wait_until(
        "another query worker runs",
        lambda: any(process.pid != old.pid for process in live_site.processes("query")),
    )


@pytest.mark.browser
def test_a_stranger_meets_the_login_page(page: Page) -> None:
    page.goto("/")
    assert page.url.endswith("/login?next=/")
