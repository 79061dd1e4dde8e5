"""The site as `make run` brings it up, seen from outside."""

import pytest
from playwright.sync_api import Page
from redis import Redis

from gallery.alive import WORKER_PREFIX
from tests.live import LiveSite, wait_until


def test_the_site_answers_with_a_worker_for_every_queue(live_site: LiveSite) -> None:
    def all_is_well() -> bool:
        health = live_site.request("GET", "/api/v1/health").json()
        return all(health[name]["ok"] for name in ("database", "redis", "workers", "storage"))

    # Another test may just have killed one of them.
    wait_until("all is well", all_is_well)


def test_workers_stand_back_behind_the_web_and_searches(live_site: LiveSite) -> None:
    def niceness(name: str) -> set[int]:
        return {process.nice() for process in live_site.processes(name)}

    [usual] = niceness("web") | niceness("query")
    [worker] = niceness("worker") | niceness("embed")
    assert worker > usual


def serving(site: LiveSite, name: str) -> set[int]:
    """The processes of a line of the Procfile that have told Redis that they serve their queue."""
    client = Redis.from_url(site.redis_url, decode_responses=True)
    known = {int(key.rsplit(":", 1)[1]) for key in client.scan_iter(match=f"{WORKER_PREFIX}*")}
    return known & {process.pid for process in site.processes(name)}


@pytest.mark.slow
def test_a_killed_worker_is_started_again(live_site: LiveSite) -> None:
    old = live_site.processes("query")[0]
    old.kill()
    wait_until("another query worker serves", lambda: serving(live_site, "query") - {old.pid} != set())


@pytest.mark.browser
def test_a_stranger_meets_the_login_page(page: Page) -> None:
    page.goto("/")
    assert page.url.endswith("/login?next=/")
