"""Rows and files side by side, both in the order of their digests, with little of either in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gallery.storage import ListedStore, Stored

CHUNK_ROWS = 2_000
CONTENT_NAME = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})(-v\d+-\d+)?")


@dataclass(frozen=True)
class Content:
    """What the photos say of one content: its digest, their ids, the size, and the previews that there should be."""

    sha256: str
    photo_ids: tuple[int, ...]
    size: int
    previews: frozenset[tuple[int, int]]
    """(version, long side in px)"""


@dataclass
class Pair:
    """A content that photos name (None where none does) and the files under its digest."""

    sha256: str
    content: Content | None
    files: list[Stored] = field(default_factory=list)


CONTENTS = """
    SELECT stored_sha256, array_agg(DISTINCT id ORDER BY id), max(file_size),
           array_agg(DISTINCT ARRAY[previews_version::int, side])
               FILTER (WHERE side IS NOT NULL AND state IN ('ready', 'damaged') AND previews_version > 0)
      FROM gallery_photo LEFT JOIN LATERAL unnest(preview_sizes) AS side ON true
     WHERE {which}
     GROUP BY stored_sha256 ORDER BY stored_sha256 LIMIT {limit}
"""


def contents_after(last: str) -> list[Content]:
    """The next contents behind the digest `last`, in order."""
    return _contents("stored_sha256 > %s", last)


def content_now(sha256: str) -> Content | None:
    """What the photos say of one content at this moment; None where no photo names it."""
    return next(iter(_contents("stored_sha256 = %s", sha256)), None)


def _contents(which: str, value: str) -> list[Content]:
    with connection.cursor() as cursor:
        cursor.execute(CONTENTS.format(which=which, limit=CHUNK_ROWS), [value])
        return [
            Content(sha256, tuple(ids), size, frozenset((version, side) for version, side in previews or []))
            for sha256, ids, size, previews in cursor.fetchall()
        ]


def contents() -> Iterator[Content]:
    """All contents that photos name, in the order of their digests, a chunk at a time."""
    last = ""
    while chunk := contents_after(last):
        yield from chunk
        last = chunk[-1].sha256


def digest_of(name: str) -> str:
    """The digest that a file's name says; empty for a name that no original and no preview has."""
    match = CONTENT_NAME.fullmatch(name)
    return match[3] if match else ""


def side_by_side(store: ListedStore, others: list[Stored]) -> Iterator[Pair]:
    """Every content with its files. Files of other names go to `others`.

    Raises StorageAway.
    """
    rows = contents()
    content = next(rows, None)
    for pair in _by_digest(store, others):
        while content is not None and content.sha256 < pair.sha256:
            yield Pair(content.sha256, content)
            content = next(rows, None)
        if content is not None and content.sha256 == pair.sha256:
            pair.content = content
            content = next(rows, None)
        yield pair
    while content is not None:
        yield Pair(content.sha256, content)
        content = next(rows, None)


def _by_digest(store: ListedStore, others: list[Stored]) -> Iterator[Pair]:
    group: Pair | None = None
    for file in store.stored_files():
        sha256 = digest_of(file.name)
        if not sha256:
            others.append(file)
        elif group is not None and group.sha256 == sha256:
            group.files.append(file)
        else:
            if group is not None:
                yield group
            group = Pair(sha256, None, [file])
    if group is not None:
        yield group
