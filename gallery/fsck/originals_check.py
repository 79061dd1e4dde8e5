"""Originals: is each there, whole and unchanged, and is nothing there that no photo names?"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction

from gallery.contentlock import lock_content
from gallery.fsck.findings import Finding, Kind
from gallery.fsck.join import Content, content_now, side_by_side
from gallery.marker import MARKER_NAME
from gallery.originals import original_name, originals_storage
from gallery.soundness import WRONG_HASH, note_problem, note_sound
from gallery.storage import TEMP_PREFIX, chunks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gallery.fsck.join import Pair
    from gallery.storage import OriginalsStore, Stored

INCOMING = "incoming/"
ABANDONED_SECONDS = 2 * 24 * 3600
"""Longer than an upload may take, one in parts included."""
NOTED_AT_ONCE = 500


@dataclass
class Walk:
    """What one pass over the originals gave: how many contents photos name, what to look at again, stray files."""

    contents: int = 0
    suspects: list[str] = field(default_factory=list)
    strays: list[Stored] = field(default_factory=list)


def check_originals(*, with_hash: bool) -> tuple[int, list[Finding]]:
    """How many contents photos name, and what is wrong with the files.

    What looks wrong is looked at once more at the end, under the lock that uploads and purges take: what was on its
    way has arrived by then. Raises StorageAway.
    """
    walk = walk_originals(with_hash=with_hash)
    findings = [found for sha256 in walk.suspects if (found := look_again(sha256, with_hash=with_hash))]
    for finding in findings:
        if finding.kind == Kind.WRONG_HASH:
            note_wrong_hash(finding.sha256)
    return walk.contents, findings + list(strays(walk.strays))


@transaction.atomic
def note_wrong_hash(sha256: str) -> None:
    """Remember what only reading everything shows: the photos say so, and the bytes are taken where they come by."""
    lock_content(sha256)
    note_problem(sha256, WRONG_HASH)


def walk_originals(*, with_hash: bool) -> Walk:
    """Go through rows and files once, and note what does not fit."""
    walk, store, sound = Walk(), originals_storage(), list[str]()
    for pair in side_by_side(store, walk.strays):
        walk.contents += pair.content is not None
        if not fits(pair, store, with_hash=with_hash):
            walk.suspects.append(pair.sha256)
        elif with_hash:
            sound.append(pair.sha256)
        if len(sound) >= NOTED_AT_ONCE:
            note_sound(sound)
            sound.clear()
    note_sound(sound)
    return walk


def fits(pair: Pair, store: OriginalsStore, *, with_hash: bool) -> bool:
    """Whether the one file of a content is there as its photos say."""
    names = [file.name for file in pair.files]
    if pair.content is None or names != [original_name(pair.sha256)]:
        return False
    if pair.files[0].size != pair.content.size:
        return False
    return not with_hash or stored_digest(store, pair.sha256) == pair.sha256


def stored_digest(store: OriginalsStore, sha256: str) -> str:
    """The SHA-256 of what the store holds under this name; empty where it holds nothing."""
    digest = hashlib.sha256()
    try:
        with store.open(original_name(sha256)) as file:
            for chunk in chunks_of(file):
                digest.update(chunk)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()


@transaction.atomic
def look_again(sha256: str, *, with_hash: bool) -> Finding | None:
    """What is wrong with a content at this moment, nobody storing or purging it meanwhile; None where nothing is."""
    lock_content(sha256)
    store, name, content = originals_storage(), original_name(sha256), content_now(sha256)
    try:
        size = store.size(name)
    except FileNotFoundError:
        return missing(content) if content else None
    if content is None:
        return Finding(
            Kind.EXTRA, name, f"No photo names this file of {size} bytes.", (), sha256, store_name=name
        )
    if size != content.size:
        detail = f"It has {size} bytes instead of {content.size}."
        return Finding(Kind.PARTIAL, name, detail, content.photo_ids, sha256, store_name=name)
    if with_hash and (found := stored_digest(store, sha256)) != sha256:
        detail = f"Its content hashes to {found}."
        return Finding(Kind.WRONG_HASH, name, detail, content.photo_ids, sha256, store_name=name)
    return None


def missing(content: Content) -> Finding:
    """The finding for an original that is not there."""
    photos = ", ".join(map(str, content.photo_ids))
    return Finding(
        Kind.MISSING,
        original_name(content.sha256),
        f"Photo {photos} has no file.",
        content.photo_ids,
        content.sha256,
    )


def strays(files: list[Stored]) -> Iterator[Finding]:
    """Files that are named like no original. What is being written at the moment is none."""
    old = time.time() - ABANDONED_SECONDS
    for file in files:
        base = file.name.rpartition("/")[2]
        is_temporary = file.name.startswith(INCOMING) or base.startswith(TEMP_PREFIX)
        if file.name == MARKER_NAME or (is_temporary and file.written_at > old):
            continue
        if is_temporary:
            detail = f"It was left half written, with {file.size} bytes."
            yield Finding(Kind.PARTIAL, file.name, detail, store_name=file.name)
        else:
            detail = f"No original has such a name; it has {file.size} bytes."
            yield Finding(Kind.EXTRA, file.name, detail, store_name=file.name)
