"""Every page: no error, nothing that axe finds, no sideways scrolling, in both themes and on a phone."""

import pytest
from django.test import override_settings
from playwright.sync_api import expect

from gallery.models import Album, Role, User
from gallery.tags import add_tags
from gallery.trash import trash_photos
from tests.browser import PHONE, OpenPage, Watch
from tests.factories import PASSWORD, make_photo, make_user
from tests.live import LiveSite
from tests.ui.library import fill, open_grid, pictures, violations

pytestmark = pytest.mark.browser

PAGES = ["/upload", "/tags/", "/albums/", "/trash/", "/jobs/", "/account", "/duplicates/", "/?page=1"]
PAGES += ["/duplicates/settings/"]
GRIDS = ["/", "/search?q=sea"]


@pytest.fixture
def person(live_site: LiveSite) -> User:
    return make_user(role=Role.ADMIN)


def test_strangers_sign_in(live_site: LiveSite, open_page: OpenPage, watch: Watch) -> None:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"]):
        make_user("ann")
    page = open_page()
    page.goto("/tags/")
    assert violations(page) == []

    page.get_by_label("Username").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Tags", exact=True)).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_on_any_page(
    live_site: LiveSite, person: User, open_page: OpenPage, theme: str, viewport: dict[str, int]
) -> None:
    (pk,) = fill(live_site, person, pictures(1), tags="sea, blue sky")
    album = Album.objects.create(owner=person, name="Holiday")
    trashed = make_photo(person)
    add_tags(photos=[trashed], names=["boat"])
    trash_photos(photos=[trashed], by=person)
    page = open_page(person, color_scheme=theme, viewport=viewport)
    for address in [*PAGES, f"/photos/{pk}"]:
        page.goto(address)
        assert violations(page) == [], address
    for address in [*GRIDS, f"/albums/{album.pk}"]:
        open_grid(page, address)
        assert violations(page) == [], address
    open_grid(page)
    page.locator(".tile > a").click()
    page.locator(".pswp--open").wait_for()
    page.keyboard.press("i")
    page.locator(".viewer-panel .photo-panel").wait_for()
    assert violations(page) == [], "viewer"


def test_nothing_scrolls_sideways_on_the_narrowest_screen(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    fill(live_site, person, pictures(1), tags="sea")
    page = open_page(person, viewport={"width": 320, "height": 640})

    for address in [*PAGES, *GRIDS]:
        page.goto(address)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, address


def test_the_theme_is_switched_and_kept(person: User, open_page: OpenPage) -> None:
    page = open_page(person)
    page.goto("/account")

    page.locator("main").get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    page.goto("/tags/")

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_single_key_shortcuts_can_be_switched_off(person: User, open_page: OpenPage) -> None:
    page = open_page(person)
    page.goto("/account")
    page.get_by_label("Shortcuts of a single key").uncheck()
    page.goto("/tags/")

    page.keyboard.press("/")

    expect(page.locator("#search-input")).not_to_be_focused()


def test_an_unknown_address_leads_back(person: User, open_page: OpenPage, watch: Watch) -> None:
    watch.allow("404")
    page = open_page(person)
    page.goto("/nothing/here")

    assert violations(page) == []
    page.get_by_role("link", name="Go to the library").click()
    page.wait_for_url("**/")


def test_the_jobs_page_keeps_its_counts_fresh(live_site: LiveSite, person: User, open_page: OpenPage) -> None:
    page = open_page(person)
    page.goto("/jobs/")
    done = page.locator("section[aria-labelledby=stage-analyse] dd").nth(3)
    before = int(done.inner_text().replace(",", ""))

    fill(live_site, person, pictures(1, first_seed=50))

    expect(done).to_have_text(f"{before + 1:,}")
