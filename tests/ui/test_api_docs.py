"""The documentation page of the API."""

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.browser
def test_the_page_lists_the_endpoints_without_breaking_the_content_policy(page: Page) -> None:
    page.goto("/api/docs")

    expect(page.get_by_text("/api/v1/photos/check")).to_be_visible()
    expect(page.get_by_text("/api/v1/search/image")).to_be_visible()
