"""Animations in a browser: they move in the viewer and on the photo page, unless less motion is asked for."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import OpenPage
from tests.factories import make_user
from tests.live import LiveSite
from tests.pictures import encoded, flat, gif_bytes, scene
from tests.ui.library import fill, open_grid

pytestmark = pytest.mark.browser

MOVING, STILL = "/media/originals/", "/media/previews/"


def animations() -> list[bytes]:
    frames = [flat((320, 240), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    return [
        gif_bytes(frames),
        encoded(frames[1], "WEBP", save_all=True, append_images=frames),
        encoded(frames[2], "PNG", save_all=True, append_images=frames),
        encoded(scene(1, (320, 240)), "AVIF", save_all=True, append_images=frames),
        encoded(scene(2, (320, 240)), "TIFF", save_all=True, append_images=frames),
    ]


def shown(image: Locator) -> str:
    return str(image.evaluate("image => image.currentSrc"))


def test_animations_are_marked_and_move_in_the_viewer(live_site: LiveSite, open_page: OpenPage) -> None:
    person = make_user()
    ids = fill(live_site, person, animations())
    page = open_page(person)
    open_grid(page)
    expect(page.locator(".tile")).to_have_count(5)
    expect(page.locator(".tile-kind[title='Animated']")).to_have_count(4)  # a TIFF has pages

    page.locator(f".tile > a[href='/photos/{ids[3]}']").click()
    for pk in reversed(ids[:4]):
        page.wait_for_url(f"**/photos/{pk}")
        image = page.locator(f".pswp__img[src*='{MOVING}{pk}']")
        expect(image).to_be_visible()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
        page.keyboard.press("ArrowRight")
    button = page.get_by_role("button", name="Play or stop the animation")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator(f".pswp__img[src*='{MOVING}{ids[0]}']")).to_have_count(0)


def test_whoever_asks_for_less_motion_starts_an_animation_by_hand(
    live_site: LiveSite, open_page: OpenPage
) -> None:
    person = make_user()
    (pk,) = fill(live_site, person, animations()[:1])
    page = open_page(person)
    page.emulate_media(reduced_motion="reduce")
    open_grid(page)
    page.locator(".tile > a").first.click()
    button = page.get_by_role("button", name="Play or stop the animation")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator(f".pswp__img[src*='{MOVING}']")).to_have_count(0)
    page.keyboard.press("p")
    expect(page.locator(f".pswp__img[src*='{MOVING}{pk}']")).to_be_visible()

    page.goto(f"/photos/{pk}")
    expect(page.locator(".photo-side")).to_contain_text("3 frames")
    image = page.locator(".photo-large img")
    assert STILL in shown(image)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(image).to_have_attribute("src", f"{page.url.partition('/photos')[0]}{MOVING}{pk}?inline=1")
    page.get_by_role("button", name="Stop", exact=True).click()
    assert STILL in shown(image)
