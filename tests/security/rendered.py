"""Reads a rendered page for what the policy would stop: scripts, styles and handlers within the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

SCRIPT_ADDRESS = re.compile(r"\s*(javascript|vbscript|data:text)", re.IGNORECASE)
ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href", "poster"}
DATA_TYPES = {"application/json"}
"""A script of this type is data, which browsers never run."""


class InlineFinder(HTMLParser):
    """Collects in `found` what may not stand in a page; the nonced import map is the one exception."""

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "style" or (tag == "script" and not self.may_stand(values)):
            self.found.append(str(self.get_starttag_text()))
        for name, value in values.items():
            if name == "style" or name.startswith(("on", "hx-on")) or name == "data-pwned":
                self.found.append(f"<{tag} {name}={value!r}>")
            if name in ADDRESSES and SCRIPT_ADDRESS.match(value):
                self.found.append(f"<{tag} {name}={value!r}>")

    def may_stand(self, values: dict[str, str]) -> bool:
        if "src" in values:
            return True
        if values.get("type") == "importmap":
            return bool(self.nonce) and values.get("nonce") == self.nonce
        return values.get("type") in DATA_TYPES


def inline_parts(page: str, nonce: str) -> list[str]:
    """What in the page runs, or would if the policy let it."""
    finder = InlineFinder(nonce)
    finder.feed(page)
    finder.close()
    return finder.found
