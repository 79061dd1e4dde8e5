"""Copying originals from one store to another, each checked by its digest on the way."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.originals import holds_content, original_name
from gallery.storage import chunks_of, make_folder_durably, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gallery.storage import ListedStore, OriginalsStore

REPLACED = "replaced-by-copy"


@dataclass
class Copied:
    """What a run has copied so far: files and bytes, how many were there already, what the source could not give."""

    files: int = 0
    bytes: int = 0
    there: int = 0
    lacking: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Route:
    """From where to where, and the folder on this machine in which a file stands while it is checked."""

    source: OriginalsStore
    target: OriginalsStore
    workplace: Path


def copy_originals(
    route: Route, names: Iterable[tuple[str, int]], *, verify: bool, tell: Callable[[Copied], None]
) -> Copied:
    """Copy the originals (digest, size) that the target does not have with that size, or with that content (`verify`).

    What the source lacks or holds with another content is noted; what the target has stays then. Raises StorageFull,
    StorageAway and BrokenWrite.
    """
    copied = Copied()
    for sha256, size in names:
        if has_original(route.target, sha256, size, verify=verify):
            copied.there += 1
        elif copy_original(route, sha256):
            copied.files += 1
            copied.bytes += size
        else:
            copied.lacking.append(sha256)
        tell(copied)
    return copied


def has_original(store: OriginalsStore, sha256: str, size: int, *, verify: bool) -> bool:
    """Whether the store has an original, by its size or by all of its content."""
    try:
        if store.size(original_name(sha256)) != size:
            return False
    except FileNotFoundError:
        return False
    return not verify or holds_content(store, sha256)


def copy_original(route: Route, sha256: str) -> bool:
    """Copy one original. Returns False, with the target as it was, when the source has no sound one."""
    name = original_name(sha256)
    make_folder_durably(route.workplace)
    descriptor, temporary = tempfile.mkstemp(prefix="upload-copy-", dir=route.workplace)
    try:
        if read_into(descriptor, route.source, name) != sha256:
            return False
        if route.target.exists(name):
            route.target.set_aside(name, f"{sha256}.{REPLACED}")
        route.target.take(Path(temporary), name, sha256)
        return True
    finally:
        Path(temporary).unlink(missing_ok=True)


def read_into(descriptor: int, source: OriginalsStore, name: str) -> str:
    """Write a file of the source to the descriptor, which is closed. Returns its digest, empty for no such file."""
    digest = hashlib.sha256()
    try:
        with source.open(name) as file:
            for chunk in chunks_of(file):
                digest.update(chunk)
                write_all(descriptor, chunk)
        os.fchmod(descriptor, 0o640)
        os.fsync(descriptor)
    except FileNotFoundError:
        return ""
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def copy_previews(source: ListedStore, target: ListedStore) -> int:
    """Copy the previews that the target lacks. Returns how many."""
    count = 0
    for file in source.stored_files():
        try:
            there = target.size(file.name) == file.size
        except FileNotFoundError:
            there = False
        if not there:
            with source.open(file.name) as content:
                target.save(file.name, content)
            count += 1
    return count
