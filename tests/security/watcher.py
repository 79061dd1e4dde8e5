"""Looks at a page in Chromium for anything that hostile text has become, and for the text itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.live import wait_until
from tests.security.payloads import compact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Page

# What runs tells the console, whose errors fail the test (tests/browser.py).
ON_EVERY_PAGE = """
window.pwned = (number) => console.error(`a payload was executed: ${number}`);
for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
    window[name] = (text) => console.error(`a payload called ${name}: ${text}`);
}
document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`the policy stopped ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""

MADE_OF_TEXT = """() => {
    const addresses = new Set(["href", "src", "action", "formaction", "data", "xlink:href", "srcdoc"]);
    const live = ({ name, value }) => name === "data-pwned" || name.startsWith("on") || name === "srcdoc"
        || (addresses.has(name) && /^[\\s\\u0000-\\u001f]*(javascript|vbscript|data:text)/i.test(value))
        || (addresses.has(name) && URL.parse(value, location.origin)?.host === "evil.test")
        || (name.startsWith("hx-") && value.includes("evil.test"));
    const found = [];
    for (const node of document.querySelectorAll("*")) {
        if ([...node.attributes].some(live)) found.push(node.outerHTML.slice(0, 300));
    }
    return found;
}"""

ALL_TEXT = """() => {
    const parts = [];
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (node.nodeType === Node.TEXT_NODE) parts.push(node.data);
        else {
            for (const { value } of node.attributes) parts.push(value);
            if (typeof node.value === "string") parts.push(node.value);
        }
    }
    return parts.join("\\n");
}"""


def guard(page: Page) -> None:
    """Let whatever is executed on the page, or stopped by the policy, fail the test."""
    page.add_init_script(ON_EVERY_PAGE)


def check(page: Page, texts: Iterable[str]) -> None:
    """The page shows each of the texts, as text: no element and no address was made of any."""
    wanted = {compact(text): text for text in texts}
    assert wanted, page.url

    def missing() -> list[str]:
        shown = compact(page.evaluate(ALL_TEXT))
        return [text for short, text in wanted.items() if short not in shown]

    try:
        wait_until("every text is there", lambda: not missing())
    except AssertionError as error:
        raise AssertionError(f"{page.url} does not show {missing()}") from error
    assert page.evaluate(MADE_OF_TEXT) == [], page.url
