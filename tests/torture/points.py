"""Where a process is killed: just before or after it calls a function, so that no product code knows of it."""

from __future__ import annotations

import importlib
import os
import signal
from dataclasses import dataclass
from typing import Any, Literal

CHILD = "gallery.imaging.watched_child:WatchedChild"


@dataclass(frozen=True)
class Point:
    """`name` says in words where it is; `call` is "module:function" or "module:Class.method", the `nth` call of it."""

    name: str
    operation: Literal["upload", "parts", "analyse", "resolve", "purge"]
    when: Literal["before", "after"]
    call: str
    nth: int = 1


POINTS = [
    Point("while the bytes arrive", "upload", "after", "gallery.uploads:FileReceiver.write"),
    Point("the temporary file is fsynced", "upload", "after", "gallery.uploads:FileReceiver.finish"),
    Point("before it is read back", "upload", "before", "gallery.storage:sha256_of"),
    Point("read back, before the rename", "upload", "before", "pathlib:Path.replace"),
    Point("renamed, the folder not fsynced", "upload", "after", "pathlib:Path.replace"),
    Point("the photo's row is made, no job yet", "upload", "before", "gallery.pipeline:owe_stage"),
    Point("all rows are made, before the commit", "upload", "after", "gallery.pipeline:owe_stage"),
    Point("committed, before the answer", "upload", "before", "gallery.api.photos:photo_json"),
    Point("in a part, nothing fsynced", "parts", "after", "gallery.partial_files:PartialFile.append"),
    Point("between two parts", "parts", "before", "gallery.api.tus:progress", 2),
    Point("last part, digest noted", "parts", "after", "gallery.resumable:checked_digest"),
    Point("last part, renamed, no rows", "parts", "after", "pathlib:Path.replace"),
    Point("last part, committed, no answer", "parts", "after", "gallery.resumable:take_in"),
    Point("the job is claimed", "analyse", "before", "gallery.analyse:analyse_photo"),
    Point("while the child decodes", "analyse", "before", f"{CHILD}._read_message", 2),
    Point("previews stored, before the rows", "analyse", "after", "gallery.analyse:save_previews"),
    Point("result saved, before the commit", "analyse", "after", "gallery.jobs:count_done"),
    Point("tags merged, albums not", "resolve", "before", "dedup.merging:merge_albums"),
    Point("all is decided, before the commit", "resolve", "after", "dedup.resolution:Record.save"),
    Point("decided, before the answer", "resolve", "after", "dedup.api:resolve_group"),
    Point("row deleted, files there", "purge", "after", "gallery.trash:delete_trashed_row"),
    Point("previews deleted, original there", "purge", "after", "gallery.trash:delete_previews"),
    Point(
        "original deleted, before the commit", "purge", "after", "gallery.storage:DurableFileStorage.delete"
    ),
]


def arm(point: Point) -> None:
    """Let this process kill itself at the point, as the system would: at once, with nothing tidied up."""
    module, _, path = point.call.partition(":")
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original = getattr(owner, name)
    met = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal met
        met += 1
        if met == point.nth and point.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if met == point.nth and point.when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)
