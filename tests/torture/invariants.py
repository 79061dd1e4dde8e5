"""What must hold whatever has happened, read from tables and files by plain means, not by the code under test."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from tests.torture.report import Row

FINAL_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}")


class Library:
    """A library as it lies on the disk: the address of its database and the folder of its originals."""

    def __init__(self, url: str, originals: Path) -> None:
        self.url = url
        self.originals = originals

    def rows(self, query: str) -> list[tuple[str, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def files(self) -> dict[str, str]:
        """Every file with a final name, and what its bytes hash to."""
        found = {}
        for path in self.originals.rglob("*"):
            name = path.relative_to(self.originals).as_posix()
            if path.is_file() and FINAL_NAME.fullmatch(name):
                found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


def examine(library: Library, acknowledged: Collection[str], row: Row) -> None:
    """Add to `row` what is wrong with a library in which all work is done.

    `acknowledged` are the digests of all uploads that were answered with 2xx.
    """
    files = library.files()
    photos = library.rows("SELECT upload_sha256, stored_sha256, state, state_reason FROM gallery_photo")
    count_files(files, [stored for _, stored, _, _ in photos], row)
    copies = Counter(upload for upload, _, _, _ in photos)
    for sha256 in acknowledged:
        if not copies[sha256]:
            row.lost += 1
            row.problems.append(f"No photo has the acknowledged bytes {sha256}.")
        row.doubled += max(0, copies[sha256] - 1)
    live_twice = library.rows(
        "SELECT upload_sha256 FROM gallery_photo WHERE trashed_at IS NULL "
        "GROUP BY owner_id, upload_sha256 HAVING count(*) > 1"
    )
    row.doubled += len(live_twice)
    count_stuck(library, photos, row)


def count_files(files: dict[str, str], named: list[str], row: Row) -> None:
    for name, digest in files.items():
        if name != digest:
            row.partial += 1
            row.problems.append(f"{name} has other bytes than its name says.")
    for stored in set(named) - files.keys():
        row.lost += 1
        row.problems.append(f"A photo names the missing file {stored}.")


def count_stuck(library: Library, photos: list[tuple[str, ...]], row: Row) -> None:
    unfinished = [(sha256, state, reason) for sha256, _, state, reason in photos if state != "ready"]
    owed = library.rows("SELECT stage, photo_id, error FROM gallery_job WHERE stage <> 'embed'")
    row.stuck += len(unfinished) + len(owed)
    row.problems += [f"Not ready: {one}" for one in unfinished[:5]]
    row.problems += [f"Still owed: {one}" for one in owed[:5]]
