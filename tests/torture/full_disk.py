"""A disk that is full: files are refused with a sentence, nothing half stays, reading goes on, and space mends all.

The disk is a small tmpfs. Where mounts are refused, every write beyond a quota fails as the system would let it fail,
after a part of it was written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from django.conf import settings
from django.test.utils import override_settings
from django.urls import reverse

from gallery import marker, pipeline
from gallery.models import Job, Photo
from gallery.storage_url import storages_for
from tests.api.client import ApiClient
from tests.pictures import noise, png_bytes
from tests.torture import world
from tests.torture.invariants import Library, examine
from tests.torture.report import Row
from tests.tus import TusClient

if TYPE_CHECKING:
    from collections.abc import Iterator

DISK_BYTES = 8_000_000
FILE_SIDE_PX = 600
"""A square of noise of this side weighs about a megabyte as PNG."""
KEPT_FREE = {"to the last byte": 0, "with space kept free": 400_000}
PLENTY = 100
"""More files than the disk holds."""


@contextmanager
def small_disk() -> Iterator[tuple[Path, str]]:
    """A folder that holds DISK_BYTES, and what keeps it so small."""
    with tempfile.TemporaryDirectory(prefix="torture-disk-") as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", name]
        if shutil.which("mount") and not subprocess.run(mount, capture_output=True, check=False).returncode:
            try:
                yield Path(name), "a tmpfs"
            finally:
                subprocess.run(["umount", "--lazy", name], check=True)
            return
        with quota(Path(name)):
            yield Path(name), "a quota, as mounts are refused here"


class Usage(NamedTuple):
    """What shutil.disk_usage gives."""

    total: int
    used: int
    free: int


@contextmanager
def quota(folder: Path) -> Iterator[None]:
    """Let writes fail once the files in the folder weigh DISK_BYTES."""
    write = os.write

    def used() -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def limited(descriptor: int, data: bytes) -> int:
        if folder not in Path(f"/proc/self/fd/{descriptor}").readlink().parents:
            return write(descriptor, data)
        room = DISK_BYTES - used()
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:room])

    def usage(path: Path) -> Usage:
        return Usage(DISK_BYTES, used(), max(0, DISK_BYTES - used()))

    with patch("os.write", limited), patch("shutil.disk_usage", usage):
        yield


@dataclass
class Sender:
    """A person who fills the disk, and the files that were taken or refused."""

    row: Row
    disk: Path

    def __post_init__(self) -> None:
        person, _ = world.moderator()
        self.api, self.tus = ApiClient(person), TusClient(person)
        self.taken: dict[str, int] = {}
        self.refused: list[bytes] = []

    def send(self, content: bytes) -> bool:
        """Send a file whole. Returns whether it was taken."""
        self.row.tried += 1
        return self.note(self.api.upload(content, "photo.png"), content)

    def begin(self, content: bytes) -> str:
        """Send the first half of a file. Returns the upload's address."""
        self.row.tried += 1
        return str(self.tus.create(len(content), content[: len(content) // 2]).headers["Location"])

    def go_on(self, url: str, content: bytes) -> bool:
        """Send what is not there yet. Returns whether the file was taken."""
        offset = self.tus.offset(url)
        return self.note(self.tus.send(url, offset, content[offset:]), content)

    def note(self, answer: Any, content: bytes) -> bool:
        if answer.status_code in (200, 201, 204):
            self.taken[hashlib.sha256(content).hexdigest()] = len(content)
            self.row.acknowledged += 1
            return True
        body = answer.json()
        if answer.status_code != 507 or body["code"] != "storage-full" or len(body["detail"].split()) < 5:
            self.row.problems.append(f"A full disk was answered with {answer.status_code} {body}")
        self.refused.append(content)
        return False


def fill_the_disk() -> Iterator[Row]:
    """A row for each way in which a disk is full, and one for previews that find no room."""
    for name, kept_free in KEPT_FREE.items():
        with small_library(["originals", "quarantine"], kept_free) as (disk, kind):
            row = Row(f"full disk: uploads, {name}")
            started = time.monotonic()
            row.remarks.append(f"The disk of {DISK_BYTES / 1e6:.0f} MB is {kind}.")
            uploads_on_a_full_disk(Sender(row, disk))
            row.seconds = time.monotonic() - started
            yield row
    with small_library(["originals", "quarantine", "previews"]) as (disk, _):
        row = Row("full disk: no room for previews")
        started = time.monotonic()
        previews_on_a_full_disk(Sender(row, disk))
        row.seconds = time.monotonic() - started
        yield row


@contextmanager
def small_library(stores: list[str], kept_free: int = 0) -> Iterator[tuple[Path, str]]:
    """An empty library with these stores on a small disk."""
    world.empty()
    with ExitStack() as stack:
        disk, kind = stack.enter_context(small_disk())
        there = storages_for("", data=disk, access_key="", secret_key="")
        changed = {
            "STORAGES": {**settings.STORAGES, **{name: there[name] for name in stores}},
            "UPLOAD_TEMP_DIR": disk / "originals" / "incoming",
            "MIN_FREE_BYTES": kept_free,
        }
        stack.enter_context(override_settings(**changed))
        marker.forget()
        marker.settle()
        yield disk, kind
    marker.forget()


def picture(number: int) -> bytes:
    return png_bytes(noise(number, (FILE_SIDE_PX, FILE_SIDE_PX)))


def uploads_on_a_full_disk(sender: Sender) -> None:
    """Fill it, look around, make room, send the same again."""
    room = sender.disk / "something-else"
    room.write_bytes(bytes(3_000_000))
    numbers = iter(range(PLENTY))
    in_parts = picture(next(numbers))
    url = sender.begin(in_parts)
    while sender.send(picture(next(numbers))):
        pass
    fill(sender.disk / "filler")
    if sender.go_on(url, in_parts) or sender.tus.create(1_000_000).status_code != 507:
        sender.row.problems.append("The disk was not full.")
    nothing_half(sender, {url.rsplit("/", 1)[-1]})
    still_serves(sender)
    room.unlink()
    for taken in (sender.go_on(url, in_parts), sender.send(sender.refused[0])):
        sender.row.lost += not taken
    sender.row.tried -= 1  # The refused one was sent twice.
    world.do_all_work()
    examine(Library(settings.DATABASE_URL, sender.disk / "originals"), sender.taken, sender.row)


def nothing_half(sender: Sender, kept: set[str]) -> None:
    """No temporary file is left but what an upload in parts has so far; each final name has its whole content."""
    originals = sender.disk / "originals"
    left = {path.name.removeprefix("partial-") for path in (originals / "incoming").iterdir()}
    left |= {path.name for path in sender.disk.rglob(".writing-*")}
    for name in left - kept:
        sender.row.partial += 1
        sender.row.problems.append(f"Left over: {name}")
    found = Library(settings.DATABASE_URL, originals).files()
    if found.keys() != sender.taken.keys() or any(name != digest for name, digest in found.items()):
        sender.row.partial += 1
        sender.row.problems.append("The store holds something else than what was acknowledged.")


def still_serves(sender: Sender) -> None:
    """Lists, searches and originals."""
    photo = Photo.objects.get(upload_sha256=next(iter(sender.taken)))
    listed = sender.api.get("photos", q="type:png").json()
    sender.api.client.force_login(photo.owner)
    original: Any = sender.api.client.get(reverse("original", args=[photo.pk]))
    content = b"".join(original.streaming_content) if original.status_code == 200 else b""
    if listed["total"] != len(sender.taken) or len(content) != photo.file_size:
        sender.row.problems.append(f"Reading stopped: {listed['total']} listed, {len(content)} bytes read")


def previews_on_a_full_disk(sender: Sender) -> None:
    """The analysis fails with words, is tried again later, and succeeds once there is room."""
    sender.send(picture(1))
    filler = sender.disk / "filler"
    fill(filler)
    pipeline.run_batch(pipeline.stages()["analyse"])
    job = Job.objects.get(stage="analyse")
    if "disk is full" not in job.error or job.failed_at is not None:
        sender.row.problems.append(f"The job says {job.error!r}, failed at {job.failed_at}.")
    nothing_half(sender, set())
    filler.unlink()
    world.do_all_work()
    examine(Library(settings.DATABASE_URL, sender.disk / "originals"), sender.taken, sender.row)


def fill(path: Path) -> None:
    """Write until there is no room; the file keeps what fitted."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(descriptor, bytes(4096))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(descriptor)
