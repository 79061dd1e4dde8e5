"""Chromium for tests: pages that fail the test on script errors, console errors and requests to other hosts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from gallery.models import User
from tests.chromium import FLAGS, find_chromium
from tests.live import PATIENCE_S, LiveSite

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = PATIENCE_S * 1000
"""For what a page is expected to do or to show. Playwright's own 5 s are too few where others use the cores."""
expect.set_options(timeout=PATIENCE_MS)
LOGIN_BACKEND = "django.contrib.auth.backends.ModelBackend"

OpenPage = Callable[..., Page]


class Watch:
    """Collects what goes wrong on the pages of one test."""

    def __init__(self, site: LiveSite) -> None:
        self._site = site
        self._allowed: list[re.Pattern[str]] = []
        self._problems: list[str] = []

    def allow(self, pattern: str) -> None:
        """Expect problems whose text matches, for example the console's line about an answer of 404."""
        self._allowed.append(re.compile(pattern))

    def follow(self, page: Page) -> None:
        """Watch a page."""
        page.on("pageerror", lambda error: self._problems.append(f"script error: {error}"))
        page.on("console", self._read_console)
        page.on("request", self._check_host)

    def problems(self) -> list[str]:
        """What went wrong and was not expected."""
        return [text for text in self._problems if not any(p.search(text) for p in self._allowed)]

    def _read_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _check_host(self, request: Request) -> None:
        if not self._site.is_own(request.url):
            self._problems.append(f"request to another host: {request.url}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    path = find_chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def watch(live_site: LiveSite) -> Watch:
    """What goes wrong on this test's pages; `watch.allow(pattern)` expects something."""
    return Watch(live_site)


@pytest.fixture
def open_page(browser: Browser, live_site: LiveSite, watch: Watch) -> Iterator[OpenPage]:
    """A function that opens a page, logged in as `user` where one is given.

    Further arguments go to Playwright's new_context, for example viewport=PHONE or color_scheme="dark".
    """
    contexts: list[BrowserContext] = []

    def open_one(user: User | None = None, **options: Any) -> Page:
        context = browser.new_context(**{"base_url": live_site.url, "viewport": DESKTOP, **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if user is not None:
            value = session_of(user)
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_site.url}]
            )
        page = context.new_page()
        watch.follow(page)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert watch.problems() == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page without a login, at desktop size."""
    return open_page()


def session_of(user: User) -> str:
    """The cookie of a session in which `user` is logged in."""
    client = Client()
    client.force_login(user, backend=LOGIN_BACKEND)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)
