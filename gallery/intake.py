"""Bytes arrive: the original is stored, the Photo exists and its first job is owed, in one transaction."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction

from gallery import pipeline
from gallery.albums import add_to_album
from gallery.contentlock import lock_content
from gallery.imaging.sniff import Sniffed, UnsupportedFile, sniff
from gallery.marker import require_store
from gallery.models import Album, Photo, Priority, TagSource, Visibility
from gallery.originals import put_original
from gallery.soundness import heal
from gallery.tags import add_tags, normalise_tags
from gallery.trash import restore_photos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import User
    from gallery.uploads import ReceivedFile

MAX_NAME_CHARS = 255


class RefusedFile(ValueError):
    """The file is not taken; the message says why and what would be."""


class Outcome(enum.Enum):
    """What became of an upload."""

    CREATED = "created"
    IDENTICAL = "identical-bytes"
    IN_TRASH = "in-trash"
    RESTORED = "restored"
    PUT_BACK = "original-put-back"
    """The photo was known, but the store had lost its bytes, or held others: now it has these."""


@dataclass(frozen=True)
class Accepted:
    """An answered upload: the photo that holds these bytes, and how it came to."""

    photo: Photo
    outcome: Outcome


@dataclass(frozen=True)
class UploadOptions:
    """What the uploader wants beside the bytes."""

    tags: Sequence[str] = ()
    album: str = ""
    keep_duplicates: bool = False
    visibility: Visibility = Visibility.MEMBERS
    priority: Priority = Priority.PERSON
    source: str = ""
    tag_names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag_names", normalise_tags(self.tags))


def accept_upload(*, owner: User, received: ReceivedFile, options: UploadOptions) -> Accepted:
    """Take a received file into the library. When this returns, bytes and rows are durable.

    Raises RefusedFile for what is no picture we take, FileTooLarge, StorageFull, StorageAway and BrokenWrite from
    receiving and storing; then nothing is kept. The received temporary file is moved or discarded.
    """
    try:
        if received.problem is not None:
            raise received.problem
        sniffed = sniff_received(received)
        with transaction.atomic():
            lock_content(received.sha256)
            known = known_photo(owner, received.sha256)
            if known is not None:
                return accept_known(owner, known, received, options)
            return Accepted(create_photo(owner, received, sniffed, options), Outcome.CREATED)
    finally:
        received.discard()


def sniff_received(received: ReceivedFile) -> Sniffed:
    """What the first bytes say the file is. Raises RefusedFile."""
    if received.size == 0:
        raise RefusedFile(f"{received.name} is empty.")
    try:
        return sniff(received.head)
    except UnsupportedFile as error:
        raise RefusedFile(f"{received.name}: {error}") from error


def known_photo(owner: User, sha256: str) -> Photo | None:
    """The photo that already shows these bytes to `owner`: a live one they see, else their own in the trash."""
    same_bytes = Photo.objects.with_content(sha256)
    own_first = same_bytes.visible_to(owner).filter(owner=owner).first()
    return (
        own_first
        or same_bytes.visible_to(owner).order_by("pk").first()
        or same_bytes.trashed().filter(owner=owner).order_by("-trashed_at").first()
    )


def accept_known(owner: User, photo: Photo, received: ReceivedFile, options: UploadOptions) -> Accepted:
    """Bytes that are here already are never doubled; out of the trash they come back where that is asked for.

    Bytes that should be here and are not, as a disk has lost them, are taken.
    """
    require_store()
    healed = heal(received.path, received.sha256, received.size)
    if not photo.is_trashed:
        return Accepted(photo, Outcome.PUT_BACK if healed else Outcome.IDENTICAL)
    if not options.keep_duplicates:
        return Accepted(photo, Outcome.IN_TRASH)
    restore_photos(photos=[photo], by=owner)
    photo.refresh_from_db()
    return Accepted(photo, Outcome.RESTORED)


def create_photo(owner: User, received: ReceivedFile, sniffed: Sniffed, options: UploadOptions) -> Photo:
    """Store the bytes, make the row and owe the first stage, within the caller's transaction."""
    put_original(received.path, received.sha256)
    photo = Photo.objects.create(
        owner=owner,
        visibility=options.visibility,
        upload_sha256=received.sha256,
        stored_sha256=received.sha256,
        file_name=clean_file_name(received.name),
        media_type=sniffed.media_type,
        file_size=received.size,
        report_duplicates=not options.keep_duplicates,
        source=options.source,
    )
    if options.tag_names:
        add_tags(photos=[photo], names=options.tag_names, source=TagSource.USER)
    if options.album:
        album, _ = Album.objects.get_or_create(owner=owner, name=options.album)
        add_to_album(album=album, photos=[photo])
    pipeline.owe_stage(pipeline.first_stage().name, [photo.pk], options.priority)
    return photo


def clean_file_name(name: str) -> str:
    """The name as data to show: no path, no control characters, not too long."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(char for char in base if char.isprintable()).strip()
    return printable[-MAX_NAME_CHARS:] or "unnamed"
