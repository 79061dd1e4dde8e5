"""The rows of the grid, run in the browser that runs them for people."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import OpenPage
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

ROWS = """
async ([ratios, start, end, width, target, gap]) => {
    const { justify } = await import("likeness/library/justify");
    return justify(ratios, start, end, width, target, gap);
}
"""
MANY = """
async (count) => {
    const { justify } = await import("likeness/library/justify");
    let seed = 1;
    const random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
    const usual = [0.67, 0.75, 1, 1.33, 1.5, 1.78];
    const ratios = Float32Array.from({ length: count }, () => usual[Math.floor(random() * usual.length)]);
    const rows = justify(ratios, 0, count, 1200, 220, 4);
    const off = rows.slice(0, -1).map((row) => Math.abs(row.height / 220 - 1));
    const gapless = rows.every((row, at) => row.start === (at ? rows[at - 1].end : 0));
    return { gapless, last: rows.at(-1).end, worst: Math.max(...off), mean: off.reduce((a, b) => a + b) / off.length };
}
"""


@pytest.fixture
def grid_page(open_page: OpenPage) -> Page:
    page = open_page(make_user())
    page.goto("/upload")
    return page


def rows(page: Page, ratios: list[float], width: int = 1200) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(ROWS, [ratios, 0, len(ratios), width, 220, 4])
    return found


def test_rows_fill_the_width_and_come_near_the_wanted_height(grid_page: Page) -> None:
    ratios = [1.5, 0.67, 1.33, 1.5, 1.0, 1.78, 0.75, 1.5, 1.5, 1.33]

    found = rows(grid_page, ratios)

    assert [row["start"] for row in found] == [0, *[row["end"] for row in found[:-1]]]
    assert found[-1]["end"] == len(ratios)
    for row in found:
        width = sum(ratios[row["start"] : row["end"]]) * row["height"] + 4 * (row["end"] - row["start"] - 1)
        assert width == pytest.approx(1200, abs=0.01)
        assert 120 < row["height"] < 352


def test_nothing_gives_no_rows(grid_page: Page) -> None:
    assert rows(grid_page, []) == []


def test_a_single_photo_is_not_blown_up(grid_page: Page) -> None:
    assert rows(grid_page, [0.67]) == [{"start": 0, "end": 1, "height": 220}]


def test_a_panorama_gets_a_row_of_its_own(grid_page: Page) -> None:
    found = rows(grid_page, [1.5, 1.5, 1.5, 1.5, 10, 1.5, 1.5, 1.5, 1.5])

    assert {"start": 4, "end": 5, "height": 120} in found


def test_a_narrow_page_takes_one_photo_a_row(grid_page: Page) -> None:
    assert [row["end"] for row in rows(grid_page, [1.5, 1.5], width=300)] == [1, 2]


def test_a_hundred_thousand_photos_make_even_rows(grid_page: Page) -> None:
    found = grid_page.evaluate(MANY, 100_000)

    assert found["gapless"]
    assert found["last"] == 100_000
    assert found["mean"] < 0.12
    assert found["worst"] < 0.6
