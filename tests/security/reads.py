"""Everything that can be read, asked so that it would tell of the secrets if it could."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.security.actors import Actor
from tests.security.rules import Form, picture
from tests.security.secrets import FIRST_SECRET, SECRET_BYTES, SECRET_SHA256, WORD
from tests.security.walk import content_of

if TYPE_CHECKING:
    from tests.security.secrets import Shown

QUERIES = [
    "", WORD, f"-{WORD}", "zan*", "-zan*", "tag:zan*", "zanzibaruim~", "zanzi", f"text:{WORD}", "camera:zanz",
    "lens:zanz", "source:zanz", "album:zanzibarium", f'album:"{WORD} album"', "in:album", "has:album", "type:tiff",
    "taken:2011-11", "date:2024-05-02", "has:location", "rating:5", "is:favourite", "is:failed", "is:processing",
    "is:private", "user:olga", f"id:{FIRST_SECRET}", f"id:>={FIRST_SECRET}", "sha256:5ec7e7", "dupes:>0", "dupes:0",
    "has:duplicates", "dupe:open", "-dupe:open", f"similar:{FIRST_SECRET}", f"-similar:{FIRST_SECRET}",
    "width:4001", "filesize:>9mb", "tagcount:>2", "water", "water sand", "colour:#c01020", "order:filesize",
    "order:rating", "order:tagcount", "order:id", "order:oldest", "order:unusual", "order:random:1", "limit:2",
    f"{WORD} or water",
]  # fmt: skip
ON_PAGES = ("", WORD, "zan*", "zanzi", "water", "dupes:>0", "limit:2")
"""Queries that are asked on the page, in the grid and for how they are understood as well."""
MEMORY = re.compile(
    rb'nonce(-|=")[^"\';]+|name="csrfmiddlewaretoken"[^>]+>|<meta name="csrf-token"[^>]+>'
    rb'|"counted_at"[^,]+,|Counted[^<]+<'
)
"""What an answer says of itself, and not of the library."""


@dataclass(frozen=True)
class Read:
    """One request; `tells` where the owner and moderators have to learn something new from it after the planting."""

    path: str
    body: bytes = b""
    content_type: str = ""
    tells: bool = False

    def by(self, actor: Actor) -> tuple[int, bytes]:
        """Status and body of the answer, without what differs each time."""
        method = "POST" if self.body else "GET"
        response = actor.ask(method, self.path, self.body, self.content_type)
        place = response.headers.get("Location", "").encode()
        return response.status_code, MEMORY.sub(b"", place + content_of(response))


def searches() -> Iterator[Read]:
    """Each query over the API, some in the other places too."""
    for query in QUERIES:
        asked = urlencode({"q": query})
        tells = query in ("", "zan*", WORD, "type:tiff", "dupes:>0", "is:private", "order:filesize")
        yield Read(f"/api/v1/photos?{asked}", tells=tells)
        if query in ON_PAGES:
            yield Read(f"/search?{asked}", tells=tells)
            yield Read(f"/grid/layout?{asked}", tells=tells)
            yield Read(f"/api/v1/search/parse?{asked}", tells=query in (WORD, "zanzi"))


def lists() -> Iterator[Read]:
    """Pages and lists of the whole library."""
    yield Read("/")
    for path in (
        "/?page=1", "/grid/layout", f"/grid/details?ids=1,{FIRST_SECRET}", "/tags/?order=count", "/tags/?find=zan",
        "/tags/suggest?text=zan", "/tags/suggest?text=zanzi", "/tags/suggest?text=wat", "/search/suggest?text=zan",
        "/search/suggest?text=album:zan", "/search/suggest?text=album:sum", "/albums/", "/statistics",
        "/trash/", "/api/v1/tags", "/api/v1/tags?find=zan", "/api/v1/albums", "/api/v1/searches", "/api/v1/trash",
    ):  # fmt: skip
        yield Read(path, tells=True)
    for path in (
        "/albums/names", "/upload", "/account", "/duplicates/", "/duplicates/journal", "/metrics",
        "/duplicates/settings/", "/api/v1/duplicates/settings",
        "/api/v1/duplicates", "/api/v1/tag-categories", "/api/v1/tokens", "/api/v1/health", "/admin/",
    ):  # fmt: skip
        yield Read(path)


def around_things(shown: Shown) -> Iterator[Read]:
    """What is shown, beside which the secrets lie."""
    for photo in (shown.sea, shown.shore, shown.others):
        yield Read(f"/photos/{photo.pk}")
        yield Read(f"/photos/{photo.pk}?part=panel")
        yield Read(f"/api/v1/photos/{photo.pk}")
        yield Read(f"/api/v1/stacks/{photo.pk}")
        for way in ("look", "tags", "colour", "structure"):
            yield Read(f"/api/v1/photos/{photo.pk}/similar?by={way}", tells=photo == shown.sea)
    yield Read(f"/albums/{shown.album.pk}", tells=True)
    yield Read(f"/albums/{shown.others_album.pk}")
    yield Read(f"/albums/{shown.others_album.pk}/arrange")
    yield Read(f"/grid/layout?album={shown.album.pk}", tells=True)
    yield Read(f"/api/v1/albums/{shown.album.pk}", tells=True)
    yield Read(f"/api/v1/albums/{shown.others_album.pk}")
    yield Read(f"/searches/{shown.search.pk}/count", tells=True)
    yield Read(f"/api/v1/searches/{shown.search.pk}", tells=True)


def asked_with_a_body() -> Iterator[Read]:
    """Reads that send something: digests, and an example picture."""
    digests = json.dumps({"sha256": [SECRET_SHA256]}).encode()
    yield Read("/api/v1/photos/check", digests, "application/json", tells=True)
    example, content_type = Form({"file": picture(SECRET_BYTES)}).encoded()
    yield Read("/api/v1/search/image", example, content_type, tells=True)


def all_reads(shown: Shown) -> list[Read]:
    return [*searches(), *lists(), *around_things(shown), *asked_with_a_body()]
