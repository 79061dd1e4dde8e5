"""What the command computes from each picture, in the guarded child, from one decode. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dedup.compare import fingerprint
from dedup.compare.fingerprint import PICTURE_SIDE_PX
from gallery.imaging import colour, metadata, quality
from gallery.imaging.decode import Picture
from gallery.imaging.previews import encoded_preview


@dataclass(frozen=True, slots=True)
class Task:
    """Something to compute: `where` is a dotted path "module:function", `version` changes with what it returns."""

    name: str
    where: str
    version: int

    @property
    def key(self) -> str:
        """The name under which the result is kept."""
        return f"{self.name}/{self.version}"


FACTS = Task("facts", "dedup.folder.facts:compute", 2)
PREVIEW = Task("preview", "dedup.folder.facts:compute_preview", 1)
FINGERPRINT = Task("fingerprint", "dedup.compare.fingerprint:compute", fingerprint.VERSION)


def compute(picture: Picture) -> dict[str, Any]:
    """Return what speaks for keeping the picture: the fields of gallery.imaging.metadata and .quality, and its
    "palette"."""
    found = {**metadata.compute(picture), **quality.compute(picture)}
    return {**found, "palette": colour.compute(picture)["palette"]}


def compute_preview(picture: Picture) -> dict[str, Any]:
    """Return {"preview": bytes}, the preview by which the library compares the picture as well."""
    return {"preview": encoded_preview(picture.with_alpha_at(PICTURE_SIDE_PX), picture)}
