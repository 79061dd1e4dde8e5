"""The library in a browser: grid, keyboard, selection, viewer."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import FilePayload, Page, expect

from gallery.models import Photo, User
from tests.browser import OpenPage
from tests.factories import make_user, photo_row
from tests.live import LiveSite
from tests.ui.library import fill, open_grid, pictures

pytestmark = pytest.mark.browser

FIRST_ON_SCREEN = """() => {
    const tiles = [...document.querySelectorAll(".tile")];
    const top = document.querySelector(".site-header").offsetHeight;
    return tiles.map((tile) => [tile.getBoundingClientRect().bottom, tile.querySelector("a").href])
        .filter(([bottom]) => bottom > top + 1).sort((a, b) => a[0] - b[0])[0][1];
}"""


SOME_FRAMES = """async () => {
    for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
}"""
TILES_ON_SCREEN = """() => [...document.querySelectorAll(".tile")].some((tile) => {
    const { top } = tile.getBoundingClientRect();
    return top > 0 && top < innerHeight;
})"""


def settle(page: Page) -> None:
    """Let the grid follow a change of the window: it lays out and mounts in the frames after it."""
    page.evaluate(SOME_FRAMES)
    page.wait_for_function(TILES_ON_SCREEN)


@pytest.fixture
def person(live_site: LiveSite) -> User:
    return make_user()


def path_of(page: Page) -> str:
    return page.url.removeprefix("http://").partition("/")[2]


def test_photos_are_seen_chosen_trashed_and_brought_back(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    fill(live_site, person, pictures(6))
    page = open_page(person)
    open_grid(page)
    expect(page.locator(".tile.loaded")).to_have_count(6)
    expect(page.locator(".tile img[alt^='photo-3.jpg, ']")).to_have_count(1)

    page.locator(".tile").nth(1).hover()
    page.locator(".tile-check").nth(1).click()
    page.locator(".tile").nth(3).click(modifiers=["Shift"])
    expect(page.locator(".selection-count")).to_have_text("3 photos selected")

    page.get_by_role("button", name="Trash", exact=True).click()
    expect(page.locator(".tile")).to_have_count(3)
    assert Photo.objects.trashed().count() == 3
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(6)
    assert Photo.objects.trashed().count() == 0


def test_selected_photos_get_tags_and_an_album(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    ids = fill(live_site, person, pictures(3))
    page = open_page(person)
    open_grid(page)

    page.locator(".tile > a").first.focus()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tags, separated by commas").fill("sea, blue sky")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("3 photos tagged sea, blue sky.")).to_be_visible()
    page.get_by_role("button", name="Album", exact=True).click()
    page.get_by_label("Album, an old one or a new name").fill("Holiday")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Open", exact=True).click()

    page.wait_for_selector("[data-grid-page][data-ready]")
    expect(page.locator(".tile")).to_have_count(3)
    for photo in Photo.objects.filter(pk__in=ids):
        assert set(photo.photo_tags.values_list("tag__name", flat=True)) == {"sea", "blue_sky"}


def test_the_keyboard_does_it_all(live_site: LiveSite, person: User, open_page: OpenPage) -> None:
    ids = fill(live_site, person, pictures(8))
    newest_first = list(reversed(ids))
    page = open_page(person)
    open_grid(page)

    def focused() -> int:
        return int(str(page.evaluate("document.activeElement.href")).rsplit("/", 1)[1])

    page.locator(".tile > a[tabindex='0']").focus()
    assert focused() == newest_first[0]
    page.keyboard.press("ArrowRight")
    assert focused() == newest_first[1]
    page.keyboard.press("Control+End")
    assert focused() == newest_first[-1]
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".tile[aria-selected='true']")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".tile[aria-selected='true']")).to_have_count(0)
    page.keyboard.press("f")
    expect(page.get_by_text("1 photo marked as favourite.")).to_be_visible()
    assert Photo.objects.get(favourite=True).pk == newest_first[1]


def test_the_viewer_follows_the_address_and_gives_the_focus_back(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    ids = list(reversed(fill(live_site, person, pictures(4))))
    page = open_page(person)
    open_grid(page)

    page.locator(".tile > a").first.click()
    expect(page.locator(".pswp__img[src*='/1440']").first).to_be_visible()
    assert path_of(page) == f"photos/{ids[0]}"
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/photos/{ids[1]}")
    page.keyboard.press("i")
    expect(page.locator(".viewer-panel")).to_contain_text("photo-3.jpg")
    page.go_back()
    expect(page.locator(".pswp")).to_have_count(0)
    assert path_of(page) == ""
    expect(page.locator(f".tile > a[href='/photos/{ids[1]}']")).to_be_focused()


def test_escape_closes_the_viewer_even_while_it_opens(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    fill(live_site, person, pictures(1))
    page = open_page(person)
    open_grid(page)

    page.locator(".tile > a").first.click()
    page.locator(".pswp--open").wait_for()
    page.keyboard.press("Escape")

    page.locator(".pswp").wait_for(state="detached")
    page.wait_for_url(live_site.url + "/")


def test_a_photo_trashed_in_the_viewer_makes_room_for_the_next(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    ids = list(reversed(fill(live_site, person, pictures(3))))
    page = open_page(person)
    open_grid(page)

    page.locator(".tile > a").first.click()
    page.wait_for_url(f"**/photos/{ids[0]}")
    page.keyboard.press("Delete")
    page.wait_for_url(f"**/photos/{ids[1]}")
    page.keyboard.press("Escape")

    expect(page.locator(".tile")).to_have_count(2)
    assert list(Photo.objects.trashed().values_list("pk", flat=True)) == [ids[0]]


def test_thousands_of_photos_mount_only_what_is_near(person: User, open_page: OpenPage) -> None:
    start = datetime(2024, 12, 31, tzinfo=UTC)
    Photo.objects.bulk_create(
        photo_row(person, taken_at=start - timedelta(hours=9 * number), width=600 + number % 5 * 100)
        for number in range(2000)
    )
    page = open_page(person)
    open_grid(page)

    assert page.locator(".tile").count() < 200
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    settle(page)
    assert 0 < page.locator(".tile").count() < 200

    before = page.evaluate(FIRST_ON_SCREEN)
    page.set_viewport_size({"width": 900, "height": 700})
    settle(page)
    assert page.evaluate(FIRST_ON_SCREEN) == before

    slider = page.get_by_role("slider", name="Time")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "December 2022")


def test_an_empty_library_fills_before_ones_eyes(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    page = open_page(person)
    open_grid(page)
    expect(page.get_by_text("Your library is empty")).to_be_visible()

    page.goto("/upload")
    chosen: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": pictures(1)[0]}
    page.set_input_files("[data-choose=files]", [chosen])
    expect(page.locator(".upload-row.done")).to_have_count(1)
    open_grid(page)
    expect(page.locator(".tile.loaded")).to_have_count(1)
