"""Where previews lie and how they are addressed. They belong to the content: equal bytes share them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse

from gallery.imaging.sizes import PREVIEW_SIZES_PX

if TYPE_CHECKING:
    from django.core.files.base import File
    from django.core.files.storage import Storage

    from gallery.models import Photo


#: Grows when previews are made differently; `manage.py reindex` then makes the outdated ones again.
PREVIEWS_VERSION = 1


class NoPreview(LookupError):
    """The photo has no preview (yet); its state says why."""


def previews_storage() -> Storage:
    return storages["previews"]


def preview_name(sha256: str, size: int, version: int) -> str:
    """Where the preview of this content and long side (px) lies, relative to the store."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}-v{version}-{size}"


def save_previews(photo: Photo, files: dict[int, bytes], media_type: str) -> None:
    """Store the encoded previews by long side (px) and note on the photo object what was made.

    A picture smaller than a size gives the same file for it as for the next smaller size; that is stored once.
    """
    made: dict[int, bytes] = {}
    for size, content in sorted(files.items()):
        if content not in made.values():
            made[size] = content
            name = preview_name(photo.stored_sha256, size, PREVIEWS_VERSION)
            previews_storage().save(name, ContentFile(content))
    photo.previews_version = PREVIEWS_VERSION
    photo.preview_sizes = sorted(made)
    photo.preview_media_type = media_type


def open_preview(photo: Photo, size: int) -> File[bytes]:
    """Open a preview file. Raises NoPreview."""
    try:
        return previews_storage().open(existing_preview_name(photo, size), "rb")
    except FileNotFoundError as error:
        raise NoPreview(
            f"The {size} px preview of {photo} is missing; `manage.py reindex` makes it again."
        ) from error


def existing_preview_name(photo: Photo, size: int) -> str:
    """The store name of the photo's preview nearest to `size` that was made. Raises NoPreview."""
    if not photo.previews_version or not photo.preview_sizes:
        raise NoPreview(f"{photo} has no previews: it is {photo.state}.")
    fitting = [made for made in photo.preview_sizes if made >= size] or [max(photo.preview_sizes)]
    return preview_name(photo.stored_sha256, min(fitting), photo.previews_version)


def preview_url(photo: Photo, size: int) -> str:
    """The address of a preview; it changes with the content, so browsers may keep it for ever."""
    return f"{reverse('preview', args=[photo.pk, size])}?v={photo.stored_sha256[:8]}{photo.previews_version}"


def copy_previews(photo: Photo, sha256: str) -> bool:
    """Copy the photo's previews to another content that shows the same. Returns whether all were there."""
    for size in photo.preview_sizes:
        old, new = (
            preview_name(name, size, photo.previews_version) for name in (photo.stored_sha256, sha256)
        )
        try:
            with previews_storage().open(old, "rb") as file:
                previews_storage().save(new, ContentFile(file.read()))
        except FileNotFoundError:
            return False
    return True


def delete_previews(sha256: str) -> None:
    """Remove all previews of a content."""
    for version in range(1, PREVIEWS_VERSION + 1):
        for size in PREVIEW_SIZES_PX:
            previews_storage().delete(preview_name(sha256, size, version))
