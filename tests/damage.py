"""A library of sound photos, and every damage that `manage.py fsck` has to find, planted by hand."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files.storage import storages
from django.utils import timezone

from dedup.models import Group, GroupMember, Verdict
from gallery.imaging.previews import PREVIEW_SIZES_PX
from gallery.models import Album, Photo, PhotoTag, Tag
from gallery.originals import original_name
from gallery.previews import PREVIEWS_VERSION, preview_name
from tests.factories import make_photo, plain_jpeg

if TYPE_CHECKING:
    from collections.abc import Callable

    from gallery.models import User

LONG_AGO_S = 30 * 24 * 3600


def store_file(store: str, name: str) -> Path:
    """The file of a name in a local store."""
    return Path(storages[store].path(name))


def original_of(photo: Photo) -> Path:
    return store_file("originals", original_name(photo.stored_sha256))


def preview_of(photo: Photo) -> Path:
    name = preview_name(photo.stored_sha256, PREVIEW_SIZES_PX[0], PREVIEWS_VERSION)
    return store_file("previews", name)


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def sound_photos(owner: User, count: int) -> list[Photo]:
    """Analysed photos with their files, quicker than by uploads: each is a picture with some bytes behind it."""
    picture = plain_jpeg()
    return [sound_photo(owner, picture, number) for number in range(count)]


def sound_photo(owner: User, picture: bytes, number: int) -> Photo:
    """One analysed photo with its original and one preview."""
    content = picture + f"{owner.pk} {number}".encode()
    sha256 = hashlib.sha256(content).hexdigest()
    photo = make_photo(
        owner,
        stored_sha256=sha256,
        upload_sha256=sha256,
        file_name=f"sound{number}.jpg",
        file_size=len(content),
        previews_version=PREVIEWS_VERSION,
        preview_sizes=[PREVIEW_SIZES_PX[0]],
        preview_media_type="image/jpeg",
    )
    put(original_of(photo), content)
    put(preview_of(photo), picture)
    return photo


def make_old(path: Path) -> None:
    """Let the file look as if nobody had written to it for long."""
    then = time.time() - LONG_AGO_S
    os.utime(path, (then, then))


def missing_original(photo: Photo) -> str:
    original_of(photo).unlink()
    return original_name(photo.stored_sha256)


def truncated_original(photo: Photo) -> str:
    os.truncate(original_of(photo), photo.file_size // 2)
    return original_name(photo.stored_sha256)


def changed_original(photo: Photo) -> str:
    """One bit falls over."""
    path = original_of(photo)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return original_name(photo.stored_sha256)


def extra_original(photo: Photo) -> str:
    """A whole original without a row, as a purge leaves that is killed in between."""
    content = b"no photo has this"
    name = original_name(hashlib.sha256(content).hexdigest())
    put(store_file("originals", name), content)
    return name


def stray_file(photo: Photo) -> str:
    put(store_file("originals", "notes/holiday.txt"), b"from a file manager")
    return "notes/holiday.txt"


def stale_upload(photo: Photo) -> str:
    make_old(put(store_file("originals", "incoming/upload-forgotten"), b"half"))
    return "incoming/upload-forgotten"


def half_written_file(photo: Photo) -> str:
    name = f"{photo.stored_sha256[:2]}/.writing-abc"
    make_old(put(store_file("originals", name), b"half"))
    return name


def missing_preview(photo: Photo) -> str:
    preview_of(photo).unlink()
    return preview_of(photo).name


def empty_preview(photo: Photo) -> str:
    os.truncate(preview_of(photo), 0)
    return preview_of(photo).name


def truncated_preview(photo: Photo) -> str:
    os.truncate(preview_of(photo), preview_of(photo).stat().st_size - 10)
    return preview_of(photo).name


def orphaned_preview(photo: Photo) -> str:
    name = preview_name(hashlib.sha256(b"gone").hexdigest(), PREVIEW_SIZES_PX[0], PREVIEWS_VERSION)
    put(store_file("previews", name), plain_jpeg())
    return name


def forgotten_photo(photo: Photo) -> str:
    """It waits, and no job is owed."""
    Photo.objects.filter(pk=photo.pk).update(state="processing")
    return f"photo {photo.pk} "


def given_up_photo(photo: Photo) -> str:
    Photo.objects.filter(pk=photo.pk).update(state="processing")
    photo.jobs.create(
        stage="analyse", failed_at=timezone.now() - timedelta(hours=1), error="The worker died."
    )
    return f"photo {photo.pk} "


def wrong_tags(photo: Photo) -> str:
    tag, _ = Tag.objects.get_or_create(name="beach")
    PhotoTag.objects.create(photo=photo, tag=tag)
    return f"photo {photo.pk} "


def wrong_cover(photo: Photo) -> str:
    album = Album.objects.create(owner=photo.owner, name=f"Album {photo.pk}", cover=photo)
    return f"album {album.pk} "


def stack_in_stack(photo: Photo) -> str:
    middle = Photo.objects.exclude(pk=photo.pk).order_by("pk").last()
    top = Photo.objects.exclude(pk=photo.pk).order_by("pk").first()
    assert middle is not None
    Photo.objects.filter(pk=middle.pk).update(stacked_under=top)
    Photo.objects.filter(pk=photo.pk).update(stacked_under=middle)
    return f"photo {photo.pk} "


def lonely_group(photo: Photo) -> str:
    group = Group.objects.create(kind=Verdict.CROP, confidence=1.0, suggested_keeper=photo)
    GroupMember.objects.create(group=group, photo=photo)
    return f"group {group.pk}"


@dataclass(frozen=True)
class Damage:
    """A damage, the kind under which it has to be found, and how it is done; that returns a part of its name."""

    kind: str
    plant: Callable[[Photo], str]


DAMAGES = [
    Damage("missing-original", missing_original),
    Damage("partial-file", truncated_original),
    Damage("wrong-hash", changed_original),
    Damage("extra-file", extra_original),
    Damage("extra-file", stray_file),
    Damage("partial-file", stale_upload),
    Damage("partial-file", half_written_file),
    Damage("broken-preview", missing_preview),
    Damage("broken-preview", empty_preview),
    Damage("broken-preview", truncated_preview),
    Damage("extra-preview", orphaned_preview),
    Damage("no-job", forgotten_photo),
    Damage("wrong-state", given_up_photo),
    Damage("wrong-tags", wrong_tags),
    Damage("wrong-cover", wrong_cover),
    Damage("wrong-stack", stack_in_stack),
    Damage("wrong-group", lonely_group),
]


def plant_all(photos: list[Photo]) -> list[tuple[str, str]]:
    """Plant every damage, each on a photo of its own. Returns (kind, part of the name) of each."""
    return [(damage.kind, damage.plant(photo)) for damage, photo in zip(DAMAGES, photos, strict=False)]
