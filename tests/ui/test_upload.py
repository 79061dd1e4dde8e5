"""Uploading in a browser."""

import base64

import pytest
from playwright.sync_api import FilePayload, Route, expect

from gallery.models import Photo, User
from tests.browser import OpenPage, Watch
from tests.factories import make_user
from tests.live import LiveSite
from tests.pictures import decoded, jpeg_bytes, scene
from tests.ui.library import fill, open_grid, pictures

pytestmark = pytest.mark.browser

DROP = """([zone, name, data]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
    const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
    const fire = (type, on) => on.dispatchEvent(new DragEvent(type, options));
    fire("dragenter", document.body);
    fire("drop", document.querySelector(`.drop-zone[data-zone=${zone}]`));
}"""


@pytest.fixture
def person(live_site: LiveSite) -> User:
    return make_user()


def file(content: bytes, name: str = "photo.jpg") -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def test_new_files_are_stored_and_known_ones_are_not_sent(
    live_site: LiveSite, person: User, open_page: OpenPage, watch: Watch
) -> None:
    watch.allow("415")
    known, new = pictures(2)
    (known_id,) = fill(live_site, person, [known])
    page = open_page(person)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/upload")

    text = file(b"just words, no picture", "notes.txt")
    page.set_input_files("[data-choose=files]", [file(known, "known.jpg"), file(new, "new.jpg"), text])

    expect(page.locator(".upload-row.done")).to_contain_text("new.jpg")
    expect(page.locator(".upload-row.known")).to_contain_text("Already in your library")
    expect(page.locator(".upload-row.known a")).to_have_attribute("href", f"/photos/{known_id}")
    expect(page.locator(".upload-row.refused")).to_contain_text("notes.txt")
    expect(page.locator(".upload-row.refused")).to_contain_text("JPEG, PNG")
    expect(page.locator(".upload-summary")).to_have_text("1 stored, 1 already here, 1 not taken.")
    assert sum(url.endswith("/api/v1/photos") for url in sent) == 2
    assert Photo.objects.count() == 2


def test_the_same_file_can_be_chosen_again(live_site: LiveSite, person: User, open_page: OpenPage) -> None:
    page = open_page(person)
    page.goto("/upload")
    (content,) = pictures(1)

    page.set_input_files("[data-choose=files]", [file(content)])
    expect(page.locator(".upload-row.done")).to_have_count(1)
    page.set_input_files("[data-choose=files]", [file(content)])

    expect(page.locator(".upload-row.known")).to_have_count(1)


@pytest.mark.parametrize("in_parts", [False, True])
def test_when_the_server_asks_to_wait_the_files_wait_and_go_on(
    live_site: LiveSite, person: User, open_page: OpenPage, watch: Watch, in_parts: bool
) -> None:
    watch.allow("429")
    content = pictures(1)[0] + b"\0" * (5 * 1024 * 1024 if in_parts else 0)
    detail = "Too many requests within a minute. Try again in 1 second."
    refusal = {
        "status": 429,
        "headers": {"Retry-After": "1"},
        "json": {"detail": detail, "code": "throttled"},
    }
    page = open_page(person)
    page.goto("/upload")
    seen: list[str] = []

    def refuse_the_first(route: Route) -> None:
        if route.request.method != "POST" or seen:
            route.fallback()
            return
        seen.append(route.request.url)
        route.fulfill(**refusal)  # type: ignore[arg-type]  # its arguments by name

    page.route("**/uploads/" if in_parts else "**/api/v1/photos", refuse_the_first)

    page.set_input_files("[data-choose=files]", [file(content)])

    expect(page.locator(".upload-state")).to_have_text(detail)
    expect(page.locator(".upload-row.done")).to_have_count(1)
    assert len(seen) == 1
    assert Photo.objects.count() == 1


def test_tags_and_album_of_the_page_go_with_the_files(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    page = open_page(person)
    page.goto("/upload")
    page.get_by_text("Tags, album and visibility").click()
    page.get_by_label("Tags, separated by commas").fill("sea, boat")
    page.get_by_label("Album").fill("Holiday")
    page.get_by_label("Seen by").select_option("private")

    page.set_input_files("[data-choose=files]", [file(pictures(1)[0])])
    expect(page.locator(".upload-row.done")).to_have_count(1)

    photo = Photo.objects.get()
    assert set(photo.photo_tags.values_list("tag__name", flat=True)) == {"sea", "boat"}
    assert photo.albums.get().name == "Holiday"
    assert photo.visibility == "private"


def test_a_near_copy_says_so_and_can_be_discarded(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    original = jpeg_bytes(scene(7, (900, 600)))
    copy = decoded(original).resize((600, 400))
    fill(live_site, person, [original])
    page = open_page(person)
    page.goto("/upload")

    page.set_input_files("[data-choose=files]", [file(jpeg_bytes(copy, quality=70), "copy.jpg")])

    expect(page.locator(".upload-near")).to_contain_text("ame picture")
    page.get_by_role("button", name="Discard this one").click()
    expect(page.locator(".upload-row.discarded")).to_have_count(1)
    assert Photo.objects.trashed().get().file_name == "copy.jpg"


def test_a_picture_dropped_on_any_page_is_uploaded_there(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    page = open_page(person)
    open_grid(page)

    page.evaluate(DROP, ["upload", "dropped.jpg", base64.b64encode(pictures(1)[0]).decode()])

    expect(page.locator(".upload-panel.docked .upload-row.done")).to_contain_text("dropped.jpg")
    expect(page.locator(".tile.loaded")).to_have_count(1)


def test_a_picture_dropped_on_search_finds_its_copy(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    files = [jpeg_bytes(scene(seed, (900, 600))) for seed in (11, 12, 13)]
    ids = fill(live_site, person, files)
    page = open_page(person)
    open_grid(page)
    small = jpeg_bytes(decoded(files[1]).resize((450, 300)))

    page.evaluate(DROP, ["search", "example.jpg", base64.b64encode(small).decode()])

    page.wait_for_url("**/search?**")
    first = page.locator(".example-hits li").first
    expect(first.locator("a")).to_have_attribute("href", f"/photos/{ids[1]}")
    expect(first).to_contain_text("Same picture")
    assert Photo.objects.count() == 3


def test_without_crypto_subtle_the_digest_is_the_same(
    live_site: LiveSite, person: User, open_page: OpenPage
) -> None:
    (content,) = pictures(1)
    (known_id,) = fill(live_site, person, [content])
    page = open_page(person)
    page.goto("/upload")

    digest = page.evaluate(
        """async (data) => {
            const { sha256 } = await import("sha2");
            const hash = sha256.create();
            hash.update(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)));
            return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
        }""",
        base64.b64encode(content).decode(),
    )

    assert digest == Photo.objects.get(pk=known_id).upload_sha256
