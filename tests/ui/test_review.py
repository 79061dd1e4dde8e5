"""The review queue in a browser: decided by keyboard alone, compared in every way, on desktop and phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from dedup.models import Group, GroupStatus
from gallery.models import Job, Photo, Role
from tests.browser import PHONE
from tests.dedup.photos import copies
from tests.factories import make_user
from tests.live import wait_until
from tests.ui.library import fill, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from gallery.models import User
    from tests.browser import OpenPage
    from tests.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GROUP = re.compile(r"/duplicates/\d+")


@pytest.fixture
def reviewer(live_site: LiveSite) -> User:
    """A moderator whose library holds two groups: three copies of one scene, two of another."""
    user = make_user(role=Role.MODERATOR)
    fill(
        live_site,
        user,
        [*list(copies(1, (700, 500)).values())[:3], *list(copies(2, (600, 800)).values())[:2]],
    )
    wait_until("everything is matched", lambda: not Job.objects.filter(stage="match").exists())
    assert Group.objects.filter(status=GroupStatus.OPEN).count() == 2
    return user


def live() -> int:
    return Photo.objects.live().count()


def mode(page: Page) -> str | None:
    return page.locator(".stage").get_attribute("data-mode")


def press(page: Page, key: str) -> None:
    """Press a key that leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_a_whole_queue_is_decided_and_taken_back_by_keyboard(open_page: OpenPage, reviewer: User) -> None:
    page = open_page(reviewer)
    page.goto("/duplicates/")
    page.get_by_role("button", name="Start reviewing").click()
    page.wait_for_url(GROUP)
    first = page.url

    press(page, "j")
    assert page.url != first
    press(page, "k")
    assert page.url == first
    names = page.locator(".side-name").all_inner_texts()
    press(page, "s")
    assert page.locator(".side-name").all_inner_texts() == names[::-1]
    press(page, "s")
    press(page, "1")
    expect(page.get_by_role("status").filter(has_text="to the trash")).to_be_visible()
    assert (page.url, live()) == (first, 4)
    press(page, "Shift+Enter")
    assert (page.url != first, live()) == (True, 3)
    press(page, "4")
    expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()
    for _ in range(3):
        press(page, "z")
    assert live() == 5
    assert Group.objects.filter(status=GroupStatus.OPEN).count() == 2


def test_two_photos_can_be_compared_in_every_way(open_page: OpenPage, reviewer: User) -> None:
    page = open_page(reviewer)
    page.goto(f"/duplicates/{Group.objects.order_by('-gain')[0].pk}")
    assert mode(page) == "side"

    page.keyboard.press("w")
    assert mode(page) == "swipe"
    slider = page.get_by_label("Position")
    slider.fill("25")
    rect = page.locator(".swipe-rect")
    assert float(rect.get_attribute("x") or 0) == 175
    page.keyboard.press("e")
    assert mode(page) == "difference"
    page.get_by_label("Gain").fill("9")
    assert page.locator("#gain-filter [slope]").first.get_attribute("slope") == "9"
    page.locator("h1").click()
    page.keyboard.down(" ")
    assert mode(page) == "blink"
    page.keyboard.up(" ")
    assert mode(page) == "difference"
    page.keyboard.press("+")
    boxes = {svg.get_attribute("viewBox") for svg in page.locator(".stage .picture").all()}
    assert all(box and not box.startswith("0 0 ") for box in boxes)
    page.keyboard.press("0")
    page.keyboard.press("q")
    assert mode(page) == "side"
    page.keyboard.press("i")
    expect(page.get_by_role("heading", name="What differs")).to_be_in_viewport()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_way_to_compare_is_kept_for_the_next_group(open_page: OpenPage, reviewer: User) -> None:
    page = open_page(reviewer)
    page.goto(f"/duplicates/{Group.objects.order_by('-gain')[0].pk}")
    page.keyboard.press("w")
    press(page, "j")

    assert mode(page) == "swipe"


def test_it_works_without_scripts(open_page: OpenPage, reviewer: User) -> None:
    page = open_page(reviewer, java_script_enabled=False)
    page.goto("/duplicates/")
    page.get_by_role("button", name="Start reviewing").click()
    expect(page.get_by_role("button", name="Swipe")).to_be_hidden()
    page.get_by_role("button", name="Keep left").click()

    assert live() == 4


def test_all_suggestions_are_accepted_at_once_and_taken_back(open_page: OpenPage, reviewer: User) -> None:
    page = open_page(reviewer)
    page.goto("/duplicates/")
    page.get_by_role("link", name="Accept all").click()
    expect(page.get_by_text("3 photos go to the trash")).to_be_visible()
    page.get_by_role("spinbutton").fill("3")
    page.get_by_role("button", name="Accept 2 suggestions").click()
    expect(page.get_by_role("button", name="Take all of it back")).to_be_visible()
    assert live() == 2
    page.get_by_role("button", name="Take all of it back").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert live() == 5
    assert Group.objects.filter(status=GroupStatus.OPEN).count() == 2


def test_two_moderators_get_different_groups_and_see_each_other(open_page: OpenPage, reviewer: User) -> None:
    anna, bert = open_page(reviewer), open_page(make_user("bert", role=Role.MODERATOR))
    for page in (anna, bert):
        page.goto("/duplicates/")
        page.get_by_role("button", name="Start reviewing").click()
        page.wait_for_url(GROUP)
    assert anna.url != bert.url

    anna.goto(bert.url)
    expect(anna.get_by_role("status").filter(has_text="bert looks at this group")).to_be_visible()


def test_what_is_taken_over_is_chosen_once_and_remembered(open_page: OpenPage, reviewer: User) -> None:
    page = open_page(reviewer)
    group = Group.objects.order_by("-gain")[0]
    Photo.objects.exclude(pk=group.suggested_keeper_id or 0).update(title="From the copy", rating=4)
    page.goto(f"/duplicates/{group.pk}")
    page.get_by_text("What the kept photo takes over").click()
    page.get_by_label("Title").uncheck()
    press(page, "Shift+Enter")
    kept = Photo.objects.get(pk=group.suggested_keeper_id or 0)
    assert (kept.title, kept.rating) == ("", 4)

    page.get_by_text("What the kept photo takes over").click()
    expect(page.get_by_label("Title")).not_to_be_checked()
    expect(page.get_by_label("Rating")).to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(open_page: OpenPage, reviewer: User, scheme: str) -> None:
    page = open_page(reviewer, viewport=PHONE | {"width": 360}, color_scheme=scheme)
    group = Group.objects.order_by("-gain")[0]
    page.goto(f"/duplicates/{group.pk}")
    press_first = page.get_by_role("button", name="Keep left")
    decided = f"/duplicates/{group.pk}"
    for path in ("/duplicates/", "/duplicates/accept", decided, "/duplicates/journal", "/duplicates/report"):
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert violations(page) == []
        if path == decided:
            with page.expect_navigation():
                press_first.click()
