"""What counts as a copy in a browser: tried, read, applied, on desktop and phone, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from dedup.detection_settings import GROUP_STAGE, KindRule, present_rules
from dedup.models import Group, Match, Verdict
from gallery.models import Job, Photo, Role
from tests.browser import DESKTOP, PHONE
from tests.dedup.photos import copies
from tests.dedup.rows import group_now
from tests.factories import make_user
from tests.live import wait_until
from tests.ui.library import fill, violations

if TYPE_CHECKING:
    from gallery.models import User
    from tests.browser import OpenPage
    from tests.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDER = "document.documentElement.scrollWidth - innerWidth"
OVERLAPS = """() => [...document.querySelectorAll(".kind-row:has(.kind-switch)")].filter((row) => {
    const parts = [".kind-switch span", ".kind-least"].map((part) => row.querySelector(part));
    const [on, least] = parts.map((part) => part.getBoundingClientRect());
    return on.right > least.left && on.bottom > least.top && least.bottom > on.top;
}).length"""


@pytest.fixture
def reviewer(live_site: LiveSite) -> User:
    """A moderator whose library holds a group of two copies that are 90 % sure to be a crop."""
    user = make_user(role=Role.MODERATOR)
    fill(live_site, user, list(copies(1, (700, 500)).values())[:2])
    wait_until("everything is matched", lambda: not Job.objects.filter(stage="match").exists())
    Match.objects.update(kind=Verdict.CROP, confidence=0.9)
    group_now(Photo.objects.all())
    return user


def test_a_threshold_is_tried_and_then_applied(open_page: OpenPage, reviewer: User) -> None:
    page = open_page(reviewer)
    page.goto("/duplicates/")
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("At least this sure for Crop, in percent").fill("92.5")
    page.get_by_role("button", name="Preview").click()

    row = page.get_by_role("row", name="Crop")
    expect(row).to_contain_text("1")
    expect(page.get_by_role("heading", name="Crop: at least 92.5 % sure")).to_be_visible()
    expect(page.locator(".border-pairs .thumb")).to_have_count(2)
    assert present_rules()[Verdict.CROP] == KindRule()
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_text("Saved. 2 photos will be grouped anew.")).to_be_visible()
    wait_until("they are grouped", lambda: not Job.objects.filter(stage=GROUP_STAGE).exists())
    assert not Group.objects.exists()
    page.goto("/duplicates/")
    expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, {"width": 320, "height": 640}])
def test_the_preview_reads_well_on_every_screen(
    open_page: OpenPage, reviewer: User, theme: str, viewport: dict[str, int]
) -> None:
    page = open_page(reviewer, color_scheme=theme, viewport=viewport)
    page.goto("/duplicates/settings/")
    page.get_by_role("switch", name="Look for crops").uncheck()
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_role("heading", name="Crop: off")).to_be_visible()
    assert page.evaluate(WIDER) <= 0
    assert page.evaluate(OVERLAPS) == 0
    assert violations(page) == []
