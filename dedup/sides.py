"""What a comparison needs of a photo: its fingerprint, and its preview when the engine asks for it."""

from __future__ import annotations

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
    from collections.abc import Callable, Iterable

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


def comparable_fingerprints(photo_ids: Iterable[int]) -> list[Fingerprint]:
    """Present fingerprints, with their photos, of live and undamaged photos, in id order of the photos."""
    found = Fingerprint.objects.filter(
        photo_id__in=set(photo_ids), version=VERSION, photo__state=PhotoState.READY, photo__trashed_at=None
    )
    return list(found.select_related("photo").defer("phash", "turned", *UNREAD).order_by("photo_id"))


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
