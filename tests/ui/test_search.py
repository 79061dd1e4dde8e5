"""The search box and the photo page in a browser."""

import pytest
from playwright.sync_api import expect

from gallery.models import Photo, User
from gallery.tags import add_tags
from tests.browser import OpenPage
from tests.factories import make_photo, make_user
from tests.live import LiveSite
from tests.ui.library import fill, open_grid, pictures

pytestmark = pytest.mark.browser


@pytest.fixture
def person(live_site: LiveSite) -> User:
    return make_user()


def test_the_box_completes_a_tag_at_the_caret(person: User, open_page: OpenPage) -> None:
    add_tags(photos=[make_photo(person), make_photo(person)], names=["blue sky"])
    page = open_page(person)
    page.goto("/tags/")

    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search", exact=True)
    expect(box).to_be_focused()
    page.keyboard.type("width:>100 -blu")
    option = page.get_by_role("option", name="blue sky 2 photos")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(box).to_have_value("width:>100 -blue_sky ")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=width**")


def test_chips_say_how_the_search_was_understood_and_can_be_taken_away(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    ids = fill(live_site, person, pictures(3))
    add_tags(photos=list(Photo.objects.filter(pk__in=ids[:2])), names=["sea"])
    page = open_page(person)

    open_grid(page, "/search?q=sea -width:>5000")
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator(".understood-chips li")).to_have_count(2)
    page.get_by_role("link", name="Remove tag sea").click()
    page.wait_for_selector("[data-grid-page][data-ready]")
    expect(page.locator(".tile")).to_have_count(3)
    expect(page.locator("#search-input")).to_have_value("-width:>5000")


def test_a_search_without_result_says_what_to_do(person: User, open_page: OpenPage) -> None:
    page = open_page(person)

    open_grid(page, "/search?q=width:>100 (")

    expect(page.get_by_text("No photo fits")).to_be_visible()
    expect(page.locator(".notice.warn").first).to_be_visible()


def test_a_description_without_model_says_that_descriptions_are_off(
    person: User, open_page: OpenPage
) -> None:
    page = open_page(person)

    open_grid(page, "/search?q=a dog on the beach")

    expect(page.locator(".understood-chips")).to_contain_text("found in the text fields only")


def test_the_photo_page_saves_each_change_by_itself(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    (pk,) = fill(live_site, person, pictures(1))
    page = open_page(person)
    page.goto(f"/photos/{pk}")

    page.get_by_label("Title").fill("The boat")
    page.get_by_label("Title").press("Tab")
    expect(page.locator(".save-state")).to_have_text("Saved")
    page.get_by_label("Add a tag").fill("Blue Sky")
    page.get_by_label("Add a tag").press("Enter")
    page.get_by_label("Add a tag").fill("sea")
    page.get_by_label("Add a tag").press(",")
    expect(page.locator(".tag-chips .chip")).to_have_count(2)
    page.get_by_role("button", name="Remove blue sky").click()
    expect(page.locator(".save-state")).to_have_text("Saved")

    photo = Photo.objects.get(pk=pk)
    assert photo.title == "The boat"
    assert list(photo.photo_tags.values_list("tag__name", flat=True)) == ["sea"]


def test_without_scripts_the_photo_page_saves_by_a_form(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    (pk,) = fill(live_site, person, pictures(1))
    page = open_page(person, java_script_enabled=False)
    page.goto("/")
    page.wait_for_url("**/?page=1")
    page.locator(".plain-grid a").click()

    page.get_by_label("Title").fill("The boat")
    page.get_by_label("Tags, separated by commas").fill("sea, sky")
    page.get_by_role("button", name="Save").click()

    photo = Photo.objects.get(pk=pk)
    assert photo.title == "The boat"
    assert photo.photo_tags.count() == 2
