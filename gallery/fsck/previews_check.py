"""Previews: is each that a photo names there, and whole?"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, cast

from django.db import transaction

from gallery.contentlock import lock_content
from gallery.fsck.findings import Finding, Kind
from gallery.fsck.join import content_now, side_by_side
from gallery.previews import preview_name, previews_storage
from gallery.storage import TEMP_PREFIX, RemoteStorage

if TYPE_CHECKING:
    from django.core.files.base import File

    from gallery.fsck.join import Pair
    from gallery.storage import ListedStore, Stored

HEAD_BYTES = 16
JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
RIFF_HEADER_BYTES = 8


def check_previews(*, with_content: bool) -> tuple[int, list[Finding]]:
    """How many files of previews there are, and what is wrong with them.

    Beginning and end of each file are read where that costs little: in a folder, or `with_content`.
    """
    store = cast("ListedStore", previews_storage())
    reads = with_content or not isinstance(store, RemoteStorage)
    others: list[Stored] = []
    suspects: list[Pair] = []
    files = 0
    for pair in side_by_side(store, others):
        files += len(pair.files)
        if pair.content is None or broken_files(pair, store, reads=reads):
            suspects.append(pair)
    findings = [finding for pair in suspects for finding in look_again(store, pair, reads=reads)]
    unknown = [file for file in others if not file.name.rpartition("/")[2].startswith(TEMP_PREFIX)]
    findings += [
        Finding(Kind.EXTRA_PREVIEW, file.name, "No preview has such a name.", store_name=file.name)
        for file in unknown
    ]
    return files, findings


def broken_files(pair: Pair, store: ListedStore, *, reads: bool) -> list[str]:
    """The names of previews that photos name and that are missing, empty or, where it `reads` them, cut short."""
    sizes = {file.name: file.size for file in pair.files}
    wanted = pair.content.previews if pair.content else frozenset()
    names = [preview_name(pair.sha256, side, version) for version, side in sorted(wanted)]
    return [
        name for name in names if not sizes.get(name) or (reads and not is_whole(store, name, sizes[name]))
    ]


def is_whole(store: ListedStore, name: str, size: int) -> bool:
    """Whether a preview begins and ends as a JPEG or a WebP of its length does."""
    try:
        with store.open(name) as file:
            head, tail = ends_of(file, size)
    except FileNotFoundError:
        return False
    if head.startswith(JPEG_START):
        return tail.endswith(JPEG_END)
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    # RIFF names the length of what follows; its padding byte may be left out of it.
    return is_webp and size - RIFF_HEADER_BYTES - int.from_bytes(head[4:8], "little") in (0, 1)


def ends_of(file: File[bytes] | IO[bytes], size: int) -> tuple[bytes, bytes]:
    """The first and the last bytes of a file."""
    head = file.read(HEAD_BYTES)
    if file.seekable():
        file.seek(max(0, size - HEAD_BYTES))
        return head, file.read(HEAD_BYTES)
    rest = head + file.read()
    return head, rest[-HEAD_BYTES:]


@transaction.atomic
def look_again(store: ListedStore, pair: Pair, *, reads: bool) -> list[Finding]:
    """What is wrong with the previews of a content at this moment, nobody purging it meanwhile."""
    lock_content(pair.sha256)
    content = content_now(pair.sha256)
    if content is None:
        return [extra(file.name, pair.sha256) for file in pair.files if store.exists(file.name)]
    names = [preview_name(pair.sha256, side, version) for version, side in sorted(content.previews)]
    ids = content.photo_ids
    detail = f"A preview of photo {', '.join(map(str, ids))} is missing or cut short."
    return [
        Finding(Kind.PREVIEW, name, detail, ids, pair.sha256, store_name=name)
        for name in names
        if not is_sound(store, name, reads=reads)
    ]


def is_sound(store: ListedStore, name: str, *, reads: bool) -> bool:
    """Whether a preview is there, has content and, where it `reads` that, is whole."""
    try:
        size = store.size(name)
    except FileNotFoundError:
        return False
    return size > 0 and (not reads or is_whole(store, name, size))


def extra(name: str, sha256: str) -> Finding:
    """The finding for a preview of a content that no photo has."""
    return Finding(Kind.EXTRA_PREVIEW, name, "No photo has this content.", (), sha256, store_name=name)
