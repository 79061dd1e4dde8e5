"""Albums, stacks, saved searches, tags, the trash and the jobs page in a browser."""

import pytest
from playwright.sync_api import Page, expect

from gallery.albums import add_to_album
from gallery.models import Album, AlbumPhoto, Photo, Role, StageStatistics, Tag, User, Visibility
from gallery.saved_searches import save_search
from gallery.tag_upkeep import save_category
from gallery.tags import add_tags
from gallery.trash import trash_photos
from tests.browser import PHONE, OpenPage
from tests.factories import make_photo, make_user
from tests.live import LiveSite, wait_until
from tests.ui.library import fill, open_grid, pictures, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def person(live_site: LiveSite) -> User:
    return make_user(role=Role.ADMIN)


@pytest.fixture
def album(person: User) -> Album:
    """Three photos, a to c."""
    made = Album.objects.create(owner=person, name="Holiday")
    add_to_album(album=made, photos=[make_photo(person, file_name=name) for name in "abc"])
    return made


def names_in(album: Album) -> str:
    return "".join(
        AlbumPhoto.objects.filter(album=album).order_by("position").values_list("photo__file_name", flat=True)
    )


def shown_names(page: Page) -> str:
    return "".join(str(item.get_attribute("data-name")) for item in page.locator(".arrange-list li").all())


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE, {"width": 320, "height": 640}])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    person: User, album: Album, open_page: OpenPage, theme: str, viewport: dict[str, int]
) -> None:
    photo = make_photo(person)
    add_tags(photos=[photo], names=["dog", "sea"])
    tag = Tag.objects.get(name="dog")
    tag.category = save_category(category=None, name="Animals", colour="#a03020")
    tag.save()
    saved = save_search(owner=person, name="Dogs", query="dog", visibility=Visibility.MEMBERS)
    Album.objects.create(owner=person, name="Inner", parent=album)
    page = open_page(person, color_scheme=theme, viewport=viewport)

    for address in (
        "/albums/", f"/albums/{album.pk}", f"/albums/{album.pk}/arrange", f"/searches/{saved.pk}", "/tags/",
        f"/tags/{tag.pk}", "/tags/categories/", "/statistics", "/account", "/jobs/",
    ):  # fmt: skip
        page.goto(address)
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address


def test_photos_of_an_album_are_moved_by_keyboard_and_by_dragging(
    person: User, album: Album, open_page: OpenPage
) -> None:
    page = open_page(person)
    page.goto(f"/albums/{album.pk}/arrange")

    page.get_by_role("button", name="Move a later").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#arrange-note")).to_have_text("a is now 2 of 3.")
    expect(page.get_by_role("button", name="Move a later")).to_be_focused()
    assert names_in(album) == "bac"

    page.locator("li[data-name=c]").drag_to(
        page.locator("li[data-name=b]"), target_position={"x": 8, "y": 40}
    )
    expect(page.locator("#arrange-note")).to_have_text("c is now 1 of 3.")
    assert (shown_names(page), names_in(album)) == ("cba", "cba")


def test_photos_are_moved_without_scripts(person: User, album: Album, open_page: OpenPage) -> None:
    page = open_page(person, java_script_enabled=False)
    page.goto(f"/albums/{album.pk}/arrange")

    page.get_by_role("button", name="Move c to the front").click()
    page.get_by_role("button", name="Make b the cover").click()

    assert names_in(album) == "cab"
    album.refresh_from_db()
    assert album.cover == Photo.objects.get(file_name="b")


def test_selected_photos_are_stacked_and_unstacked(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    fill(live_site, person, pictures(3))
    page = open_page(person)
    open_grid(page)

    page.locator(".tile").nth(0).locator(".tile-check").click(force=True)
    page.locator(".tile").nth(1).locator(".tile-check").click(force=True)
    page.get_by_label("More for the selection").click()
    page.get_by_role("button", name="Stack as one photo").click()

    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator(".tile-stack")).to_have_text("2")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(3)


def test_a_search_is_saved_and_counts_itself(live_site: LiveSite, person: User, open_page: OpenPage) -> None:
    add_tags(photos=[make_photo(person)], names=["boat"])
    page = open_page(person)
    page.goto("/search?q=boat")

    page.get_by_text("Save this search").click()
    page.get_by_label("Name", exact=True).fill("My boats")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/albums/")

    expect(page.locator(".search-list a").first).to_contain_text("1 photo")


def test_a_tag_is_renamed_and_put_into_a_category(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    add_tags(photos=[make_photo(person)], names=["doggo"])
    page = open_page(person)
    page.goto("/tags/")
    page.get_by_role("link", name="Categories").click()
    page.get_by_label("Name", exact=True).fill("Animals")
    page.get_by_role("button", name="Add").click()
    page.goto("/tags/")

    page.get_by_role("link", name="Edit doggo").click()
    page.get_by_label("Tag", exact=True).fill("dog")
    page.get_by_role("button", name="Rename").click()
    page.locator("select[name=category]").select_option("Animals")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="All tags").click()

    expect(page.get_by_role("heading", name="Animals")).to_be_visible()
    expect(page.get_by_role("link", name="dog 1")).to_be_visible()


def test_the_trash_is_emptied_after_a_question(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    trash_photos(photos=[make_photo(person), make_photo(person)], by=person)
    page = open_page(person)
    page.goto("/trash/")

    page.get_by_role("button", name="Empty the trash").click()
    expect(page.get_by_role("heading", name="Remove 2 photos for good?")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Remove 2 photos").click()

    expect(page.get_by_text("The trash is empty")).to_be_visible()
    assert not Photo.objects.exists()


def test_a_stage_rests_and_goes_on(live_site: LiveSite, person: User, open_page: OpenPage) -> None:
    page = open_page(person)
    page.goto("/jobs/")

    page.get_by_role("button", name="Pause Compare").click()
    expect(page.locator("section[aria-labelledby=stage-match] .chip")).to_have_text("paused")
    assert StageStatistics.objects.get(stage="match").paused
    page.get_by_role("button", name="Resume Compare").click()

    wait_until("the stage goes on", lambda: not StageStatistics.objects.get(stage="match").paused)


def test_another_browser_is_signed_out(person: User, open_page: OpenPage) -> None:
    here, there = open_page(person), open_page(person)
    there.goto("/albums/")
    here.goto("/account")

    here.get_by_role("button", name="Sign out A browser").first.click()
    expect(here.get_by_text("1 browser signed out.")).to_be_visible()
    there.goto("/albums/")

    expect(there.get_by_role("button", name="Sign in")).to_be_visible()
