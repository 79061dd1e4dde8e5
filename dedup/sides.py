"""What a comparison needs of a photo: its fingerprint, and its preview when the engine asks for it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dedup.compare.fingerprint import PICTURE_SIDE_PX, VERSION, read
from dedup.compare.preview_pixels import decode_preview
from dedup.compare.verdict import Side
from dedup.models import Fingerprint
from gallery.analyse import decoder
from gallery.models import Photo, PhotoState
from gallery.originals import local_original
from gallery.previews import open_preview

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

# What a comparison never looks at; with tens of candidates for each photo, reading it costs as much as comparing.
UNREAD = [
    f"photo__{name}"
    for name in (
        "exif",
        "palette",
        "palette_vector",
        "thumbhash",
        "words",
        "title",
        "description",
        "warnings",
        "tag_ids",
    )
]


# All that a worker keeps of photos that it has compared.
SIDES_BYTES_MAX = 32 * 1024 * 1024
# Points unpacked, rows and hashes, beside the previews: 13 kB of points at most, and what holds them.
BYTES_WITHOUT_PREVIEW = 24 * 1024


@dataclass
class Comparable:
    """A photo and what the engine looks at. Its bytes grow when the engine asks for the preview."""

    photo: Photo
    side: Side
    bytes: int = field(default=BYTES_WITHOUT_PREVIEW)


class Sides:
    """Photos as the engine compares them. Neighbours share candidates, so the last used ones are kept."""

    def __init__(self, bytes_max: int = SIDES_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._kept: OrderedDict[int, Comparable] = OrderedDict()

    def of(self, photo_ids: Iterable[int]) -> Iterator[Comparable]:
        """Those of the photos that are live and undamaged, in id order; what is not kept is read by one query."""
        wanted = set(photo_ids)
        # Held by themselves, as those that come before them may push them out.
        held = {photo_id: self._kept[photo_id] for photo_id in wanted & self._kept.keys()}
        missing = {one.photo_id: one for one in comparable_fingerprints(wanted - held.keys())}
        for photo_id in sorted(held.keys() | missing.keys()):
            found = held.pop(photo_id, None) or comparable(missing[photo_id])
            self._kept[photo_id] = found
            self._kept.move_to_end(photo_id)
            yield found
            self._trim()

    @property
    def bytes(self) -> int:
        """What all that is kept takes."""
        return sum(one.bytes for one in self._kept.values())

    def _trim(self) -> None:
        """Let go of those that were used longest ago."""
        taken = self.bytes
        while taken > self._bytes_max and len(self._kept) > 1:
            taken -= self._kept.popitem(last=False)[1].bytes


def comparable(fingerprint: Fingerprint) -> Comparable:
    """The photo, ready to be compared; its preview is read when the engine asks for it."""
    made = Comparable(fingerprint.photo, side_of(fingerprint))
    load = made.side.load_preview

    def load_and_count() -> NDArray[np.uint8]:
        pixels = load()
        # With the smaller levels that the engine makes of it.
        made.bytes += pixels.nbytes * 4 // 3
        return pixels

    made.side.load_preview = load_and_count
    return made


def comparable_fingerprints(photo_ids: Iterable[int]) -> list[Fingerprint]:
    """Present fingerprints, with their photos, of live and undamaged photos, in id order of the photos."""
    found = Fingerprint.objects.filter(
        photo_id__in=set(photo_ids), version=VERSION, photo__state=PhotoState.READY, photo__trashed_at=None
    )
    return list(found.select_related("photo").defer(*UNREAD).order_by("photo_id"))


def side_of(fingerprint: Fingerprint) -> Side:
    """The photo as the engine compares it."""
    photo = fingerprint.photo
    return Side(
        fingerprint=read(bytes(fingerprint.features)),
        width=photo.width or 0,
        height=photo.height or 0,
        load_preview=preview_loader(photo),
        media_type=photo.media_type,
        animated=photo.frame_count > 1,
    )


def preview_loader(photo: Photo) -> Callable[[], NDArray[np.uint8]]:
    """A function that reads the photo's preview, uint8 (height, width, 3). Calling it may raise NoPreview."""

    def load() -> NDArray[np.uint8]:
        with open_preview(photo, PICTURE_SIDE_PX) as file:
            return decode_preview(file.read(), PICTURE_SIDE_PX)

    return load


def originals_equal(first: Photo, second: Photo) -> bool:
    """Whether two originals show the very same pixels; decoded in the guarded child unless their bytes are equal."""
    if first.stored_sha256 == second.stored_sha256:
        return True
    with local_original(first.stored_sha256) as one, local_original(second.stored_sha256) as other:
        return decoder().pixels_equal(one, other)


def originals_compared(first: Photo, second: Photo, aligned: bool) -> Mapping[str, Any] | None:
    """What the whole pixels of two copies tell, as `gallery.imaging.copies` says it, from the guarded child."""
    with local_original(first.stored_sha256) as one, local_original(second.stored_sha256) as other:
        return decoder().compare_copies(one, other, aligned=aligned)
