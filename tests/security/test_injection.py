"""Texts of strangers stay text on every page: nothing runs, no element and no address is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from gallery.models import Photo, Role
from tests.factories import make_user
from tests.pictures import jpeg_bytes, scene
from tests.security.hostile import (
    ALL,
    TEXTS,
    TOKEN_CHARACTERS,
    TRIED_NAMES,
    HostileLibrary,
    fill_library,
    keywords,
    stored_name,
    text,
)
from tests.security.payloads import PAYLOADS, bundles, compact
from tests.security.watcher import check, guard
from tests.ui.library import open_grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import FilePayload, Page

    from gallery.models import User
    from tests.browser import OpenPage, Watch
    from tests.live import LiveSite

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUERY_CHARACTERS = 480
NAMES = [stored_name(words) for words in TEXTS]
CAMERAS_IN_STATISTICS = 12
PREVIEWS_OF_PURGE = 12
TOO_MANY = "x&" * 1001  # fields of a request
PASSED_ON = 1  # the photo of which the viewer and the pages of groups show more

Visit = tuple[str, list[str]]


def pages_of(library: HostileLibrary) -> Iterator[Visit]:
    """Addresses of pages, and the texts that each must show."""
    tags = list(PAYLOADS)
    first, last = library.albums[0], library.albums[-1]
    yield "/?page=1", TEXTS
    yield "/tags/", tags
    yield "/tags/?order=count&find=%3Cscript", ["<script"]
    yield f"/tags/?find={quote(ALL[:900])}", [ALL[:900]]
    yield f"/tags/{library.tag}", [*tags, *(f"alias {payload}" for payload in tags)]
    yield "/tags/categories/", tags
    yield "/albums/", [*TEXTS[:1], *(search.name for search in library.searches)]
    yield f"/albums/{last.pk}/arrange", TEXTS
    yield f"/searches/{library.searches[3].pk}", [TEXTS[3]]
    yield "/trash/", TEXTS
    yield "/jobs/", TEXTS
    yield "/duplicates/", [NAMES[0]]
    yield f"/duplicates/{library.group}", NAMES
    yield "/duplicates/journal", [TEXTS[0]]
    yield "/account", bundles(TOKEN_CHARACTERS)
    yield "/upload", [TEXTS[0]]
    yield f"/albums/{first.pk}", [first.name, ALL, *TEXTS[1:2]]


def admin_pages(library: HostileLibrary) -> Iterator[Visit]:
    """The lists and forms of the administration."""
    match = f"/admin/dedup/match/?q={quote('<script')}"
    yield "/admin/", [TEXTS[-1]]  # what was added last
    yield "/admin/auth/group/", TEXTS
    yield "/admin/auth/group/?q=%22%3E%3Csvg+onload%3Dpwned(1)%3E", ['"><svg onload=pwned(1)>']
    yield "/admin/dedup/match/", NAMES[-10:]  # a hundred pairs, the latest first
    yield match, ["<script"]
    yield f"/admin/dedup/group/{library.group}/change/", NAMES
    yield "/admin/dedup/resolution/", [TEXTS[0]]
    yield "/admin/axes/accessattempt/", TRIED_NAMES
    yield "/admin/axes/accessattempt/?username=%3Cscript%3E&path_info=%3Cscript%3E", ["axes"]


@pytest.fixture
def hostile(live_site: LiveSite) -> HostileLibrary:
    return fill_library(live_site)


def test_no_page_takes_text_for_anything_else(
    hostile: HostileLibrary, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow(r"status of (400|403|404|429)")
    page = open_page(hostile.admin)
    guard(page)
    for address, texts in [*pages_of(hostile), *admin_pages(hostile)]:
        page.goto(address)
        check(page, texts)
    visit_forms_of_admin(page)
    visit_photos(page, hostile)
    visit_statistics(page)
    visit_purge(page)
    visit_viewer(page)
    visit_dialogs(page)
    visit_suggestions(page)
    visit_errors(page)
    visit_search(page)
    visit_as_stranger(hostile, open_page)


def visit_forms_of_admin(page: Page) -> None:
    """The forms behind the lists of failed logins and of groups."""
    forms = {"axes/accessattempt": [TEXTS[1]], "auth/group": ["data-pwned"], "dedup/match": TEXTS[:2]}
    for name, texts in forms.items():
        page.goto(f"/admin/{name}/")
        form = page.locator("#result_list tbody th a").first.get_attribute("href")
        page.goto(str(form))
        check(page, texts)


def visit_photos(page: Page, library: HostileLibrary) -> None:
    """Every photo: what its file, its metadata and its owner's name say."""
    for number, pk in enumerate(library.photos):
        owner = text(number, 1)[:140]
        page.goto(f"/photos/{pk}")
        fields = [NAMES[number], *(text(number, shift) for shift in range(5)), ALL, owner]
        check(page, [*fields, *said_as_keywords(number)])


def said_as_keywords(number: int) -> list[str]:
    """Tags that come from the file; Windows separates its keywords by semicolons."""
    words = keywords(number)
    return [part for word in words for part in word.split(";")] if number % 3 == 2 else list(words)


def visit_statistics(page: Page) -> None:
    page.goto("/statistics")
    cameras = page.locator(".bars dt")
    expect(cameras).to_have_count(1 + CAMERAS_IN_STATISTICS)
    shown = [entry for entry in cameras.all_inner_texts() if entry != "JPEG"]
    assert {compact(entry) for entry in shown} <= {compact(words) for words in TEXTS}
    check(page, shown)


def visit_purge(page: Page) -> None:
    page.goto("/trash/")
    page.get_by_role("button", name="Empty the trash").click()
    check(page, TEXTS[:PREVIEWS_OF_PURGE])


def visit_viewer(page: Page) -> None:
    """The grid's tiles, the viewer's caption and its panel."""
    open_grid(page)
    check(page, TEXTS)
    page.locator(".tile > a").nth(1).click()  # the first one has no file
    page.locator(".pswp--open").wait_for()
    page.keyboard.press("i")
    page.locator(".viewer-panel .photo-panel").wait_for()
    for number in reversed(range(len(TEXTS) - 3, len(TEXTS))):
        check(page, [text(number), NAMES[number], text(number, 1), text(number, 2), ALL])
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.locator(".pswp").wait_for(state="detached")


def visit_dialogs(page: Page) -> None:
    """What the selection bar offers, and the notices that repeat what was typed."""
    hostile = PAYLOADS[7]
    open_grid(page)
    page.locator(".tile").first.hover()
    page.locator(".tile-check").first.click()
    page.locator(".selection-bar [data-action=tag]").click()
    page.get_by_label("Tags, separated by commas").fill(hostile)
    check(page, [hostile])
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".toast").first).to_contain_text(hostile)
    page.locator(".selection-bar [data-action=album]").click()
    page.get_by_label("Album, an old one or a new name").fill(TEXTS[5])
    check(page, TEXTS)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".toast").last).to_contain_text("Added to")
    check(page, [f"Added to {TEXTS[5]}", hostile])


def visit_suggestions(page: Page) -> None:
    """The list below the search box and below the field for tags."""
    for start in ("tag:<", 'tag:"<', "<", "tag:{{", "album:<", "java"):
        page.locator("#search-input").fill("")
        page.locator("#search-input").fill(start)
        page.locator("[role=option]").first.wait_for()
        check(page, page.locator("[role=option] span").all_inner_texts())
    page.goto(f"/photos/{Photo.objects.live().filter(state='ready').latest('pk').pk}")
    page.locator(".tag-input").fill("<scr")
    page.locator("[role=option]").first.wait_for()
    hostile = f"back\\slash {PAYLOADS[31]}"
    page.locator(".tag-input").fill(hostile)
    page.locator(".tag-input").press("Enter")
    expect(page.locator(".save-state")).to_have_text("Saved")
    check(page, [hostile])
    page.locator(".tag-chips .chip").last.locator("a").click()
    expect(page.locator(".result-count")).to_have_text("1 photo")


def visit_errors(page: Page) -> None:
    """Pages that say what was wrong with a request, and JSON opened as a page."""
    for payload in (PAYLOADS[0], PAYLOADS[2], PAYLOADS[31]):
        hostile = quote(payload, safe="")
        for address in (f"/nothing/{hostile}", f"/photos/1{hostile}", f"/search?{hostile}=1&{TOO_MANY}"):
            page.goto(address)
            check(page, ["Not found" if "search" not in address else "This cannot be read"])
        for address in (
            f"/api/v1/search/parse?q={hostile}",
            f"/api/v1/photos?q={hostile}&cursor={hostile}",
            f"/api/v1/photos/999?x={hostile}",
            f"/tags/suggest?text={quote(payload[:3])}",
            f"/search/suggest?text={hostile}",
            "/albums/names",
            "/api/v1/tags",
        ):
            answer = page.goto(address)
            assert answer is not None
            assert answer.headers["content-type"].startswith("application/json")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert page.evaluate("document.contentType") == "application/json"
            check(page, ["{"])
    page.goto("/api/docs")
    page.get_by_text("/api/v1/photos/check").wait_for()
    check(page, ["/api/v1/photos/check"])


def visit_search(page: Page) -> None:
    """Queries: the box, the title, chips, warnings, the form that keeps the search."""
    for query in bundles(QUERY_CHARACTERS):
        page.goto(f"/search?q={quote(query)}")
        page.wait_for_selector("[data-grid-page][data-ready]")
        assert page.locator(".understood-chips .chip").count() > 0
        expect(page.locator("#search-input")).to_have_value(query.replace("\r", "").replace("\n", ""))
        check(page, [query])


def visit_as_stranger(library: HostileLibrary, open_page: OpenPage) -> None:
    """A viewer sees words instead of forms; who is locked out reads the name they typed."""
    page = open_page(make_user(TEXTS[6], role=Role.VIEWER))
    guard(page)
    Photo.objects.filter(pk__in=library.photos).update(visibility="public")
    page.goto(f"/photos/{library.photos[PASSED_ON]}")
    check(page, [text(PASSED_ON), ALL, TEXTS[6]])
    page.goto("/duplicates/")
    check(page, ["Your role does not allow this", TEXTS[6]])
    stranger = open_page()
    guard(stranger)
    stranger.goto(f"/login?next={quote(ALL[:900])}")
    check(stranger, [ALL[:900]])
    stranger.get_by_label("Username").fill(TEXTS[1])
    stranger.get_by_label("Password").fill("wrong")
    with stranger.expect_navigation():
        stranger.get_by_role("button", name="Sign in").click()
    check(stranger, ["Too many wrong passwords", TEXTS[1]])
    stranger.evaluate("document.body.append(Object.assign(document.createElement('form'), {method: 'post'}))")
    with stranger.expect_navigation():
        stranger.evaluate("document.querySelector('form').submit()")
    check(stranger, ["The form is too old"])


@pytest.fixture
def uploader(live_site: LiveSite) -> User:
    return make_user(TEXTS[0])


def named(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def test_the_rows_of_an_upload_show_names_as_text(uploader: User, open_page: OpenPage, watch: Watch) -> None:
    watch.allow("status of 415")
    page = open_page(uploader)
    guard(page)
    page.goto("/upload")
    page.get_by_text("Tags, album and visibility").click()
    page.get_by_label("Tags, separated by commas").fill(PAYLOADS[2])
    page.get_by_label("Album").fill(PAYLOADS[31])
    pictures = [named(f"{stored_name(TEXTS[0])}.jpg", jpeg_bytes(scene(900, (120, 80))))]
    others = [named(words, f"no picture: {words}".encode()) for words in TEXTS]

    page.set_input_files("[data-choose=files]", [*pictures, *others])

    expect(page.locator(".upload-row.refused")).to_have_count(len(others))
    expect(page.locator(".upload-row.done")).to_have_count(1)
    check(page, TEXTS)
    photo = Photo.objects.get()
    page.goto(f"/photos/{photo.pk}")
    check(page, [PAYLOADS[2], PAYLOADS[31], photo.file_name])
    assert "data-pwned" in photo.file_name
