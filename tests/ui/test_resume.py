"""Large files in a browser: they go in parts, stop, and go on where they stopped."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from gallery.models import PartialUpload, Photo, User
from gallery.partial_files import partial_path, size_now
from tests.factories import make_user, unique_jpeg
from tests.live import LiveSite, wait_until

if TYPE_CHECKING:
    from tests.browser import OpenPage, Watch

pytestmark = pytest.mark.browser

PART = 4 * 1024 * 1024
LARGE = 14_000_000
SLOW = 3_000_000
"""Bytes a second: a large file takes some seconds, so that there is a middle of it."""


@pytest.fixture
def person(live_site: LiveSite) -> User:
    return make_user()


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A picture with much behind its end, which decoders pass over."""
    path = tmp_path / "IMG_2043.jpg"
    picture = unique_jpeg()
    path.write_bytes(picture + os.urandom(LARGE - len(picture)))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def set_speed(network: CDPSession, bytes_per_second: int) -> None:
    speed = {"downloadThroughput": -1, "uploadThroughput": bytes_per_second, "latency": 0, "offline": False}
    network.send("Network.emulateNetworkConditions", speed)


def start_slowly(page: Page, file: Path) -> CDPSession:
    """Send the file at a slow pace, until more than a part of it has arrived."""
    page.goto("/upload")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    set_speed(network, SLOW)
    page.set_input_files("[data-choose=files]", file)
    wait_until("more than a part has arrived", lambda: arrived() > PART + 200_000)
    return network


def arrived() -> int:
    upload = PartialUpload.objects.first()
    return (size_now(upload.pk) or 0) if upload else 0


def offsets_sent(page: Page) -> list[int]:
    """The offsets of the PATCH requests of this page from now on."""
    offsets: list[int] = []
    page.on(
        "request",
        lambda request: (
            offsets.append(int(request.headers["upload-offset"])) if request.method == "PATCH" else None
        ),
    )
    return offsets


def expect_stored(page: Page, file: Path) -> None:
    expect(page.locator(".upload-row.done")).to_contain_text(file.name)
    assert Photo.objects.get().upload_sha256 == digest(file)


def test_a_file_goes_on_after_the_page_was_left(person: User, open_page: OpenPage, large_file: Path) -> None:
    page = open_page(person)
    network = start_slowly(page, large_file)
    page.reload()
    unfinished = page.locator("[data-unfinished] li")
    expect(unfinished).to_contain_text("IMG_2043.jpg")
    expect(unfinished).to_contain_text("of 13.4 MB were sent")
    set_speed(network, -1)
    offsets = offsets_sent(page)

    page.set_input_files("[data-choose=files]", large_file)

    expect_stored(page, large_file)
    assert offsets[0] > PART
    expect(page.locator("[data-unfinished]")).to_have_count(0)


def test_a_file_can_be_paused_and_resumed_by_keyboard(
    person: User, open_page: OpenPage, large_file: Path
) -> None:
    page = open_page(person)
    network = start_slowly(page, large_file)
    page.get_by_role("button", name="Pause IMG_2043.jpg").press("Enter")

    expect(page.locator(".upload-row.paused")).to_contain_text("Paused at")
    expect(page.locator(".upload-summary")).to_have_text("1 paused.")
    resume = page.get_by_role("button", name="Resume IMG_2043.jpg")
    expect(resume).to_be_focused()
    offsets = offsets_sent(page)
    set_speed(network, -1)
    resume.press("Enter")

    expect_stored(page, large_file)
    assert offsets[0] > PART


def test_a_cancelled_file_is_removed_from_the_server(
    person: User, open_page: OpenPage, large_file: Path
) -> None:
    page = open_page(person)
    start_slowly(page, large_file)
    path = partial_path(PartialUpload.objects.get().pk)
    page.get_by_role("button", name="Cancel IMG_2043.jpg").click()

    expect(page.locator(".upload-row.cancelled")).to_contain_text("Cancelled")
    wait_until("the server has removed it", lambda: not PartialUpload.objects.exists() and not path.exists())
    assert not Photo.objects.exists()


def test_an_unfinished_file_can_be_discarded(person: User, open_page: OpenPage, large_file: Path) -> None:
    page = open_page(person)
    start_slowly(page, large_file)
    page.goto("/upload")
    page.get_by_role("button", name="Discard IMG_2043.jpg").click()

    expect(page.locator("[data-unfinished]")).to_have_count(0)
    assert not PartialUpload.objects.exists()


def test_a_lost_connection_is_made_up_for_by_itself(
    person: User, open_page: OpenPage, large_file: Path, watch: Watch
) -> None:
    def lose_one(route: Route) -> None:
        lost.append(int(route.request.headers["upload-offset"]))
        route.abort("connectionreset")

    watch.allow("ERR_CONNECTION_RESET")
    lost: list[int] = []
    page = open_page(person)
    network = start_slowly(page, large_file)
    with page.expect_request(lambda request: request.method == "HEAD"):
        page.route("**/uploads/*", lose_one, times=1)
    set_speed(network, -1)

    expect_stored(page, large_file)
    assert lost[0] > PART


def test_without_crypto_subtle_large_files_go_as_well(
    person: User, open_page: OpenPage, large_file: Path
) -> None:
    page = open_page(person)
    page.route(
        "**/upload/hash-worker*.js",
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            body="Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined });" + answer.text(),
        ),
    )
    page.goto("/upload")
    page.set_input_files("[data-choose=files]", large_file)

    expect_stored(page, large_file)
