"""Uploads in parts: what has arrived once need not be sent again, whatever breaks in between."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gallery.incoming import STALE_SECONDS
from gallery.intake import RefusedFile, UploadOptions, accept_upload, clean_file_name, sniff_received
from gallery.models import PartialUpload, Visibility
from gallery.originals import has_room_for, open_original
from gallery.partial_files import (
    PartialFile,
    UploadBusy,
    create_partial_file,
    durable_size,
    locked_partial_file,
    old_partial_files,
    partial_path,
    size_now,
)
from gallery.storage import StorageAway, StorageFull
from gallery.uploads import HEAD_BYTES, FileTooLarge, ReceivedFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from gallery.models import User

LIFETIME = timedelta(hours=24)
"""How long an unfinished upload is kept after its last bytes, and how long a finished one can be asked about."""
CHECKSUMS = ("sha1", "sha256")


class NoSuchUpload(LookupError):
    """The person has no such upload."""


class UploadExpired(LookupError):
    """Its time was over, or its bytes are gone; it has to be sent anew."""


class WrongOffset(ValueError):
    """The bytes do not continue what is here."""

    def __init__(self, have: int) -> None:
        super().__init__(f"The upload has {have} bytes; go on from there.")
        self.have = have


class ChecksumMismatch(ValueError):
    """What arrived is not what was sent; none of it was kept."""


class ContentMismatch(ValueError):
    """The whole file is not the one that was announced; it was removed."""


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must hash to; `algorithm` is one of CHECKSUMS."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True)
class Unfinished:
    """An upload that waits for the rest of its bytes, and how many there are."""

    upload: PartialUpload
    have: int


class ReceivedInParts(ReceivedFile):
    """A complete file. It stays when intake fails, so that a second try needs no second sending."""

    def discard(self) -> None:
        """Kept until the photo is safe."""


def begin_upload(
    *, owner: User, name: str, length: int, sha256: str = "", options: UploadOptions
) -> PartialUpload:
    """Make place for a file of `length` bytes. Raises FileTooLarge, RefusedFile for none, StorageFull."""
    file_name = clean_file_name(name)
    if length > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // 1_000_000
        raise FileTooLarge(f"{file_name} is larger than the {limit} MB that one file may have.")
    if length == 0:
        raise RefusedFile(f"{file_name} is empty.")
    if not has_room_for(length):
        raise StorageFull(f"There is no room for {file_name}: the library's disk is nearly full.")
    partial = PartialUpload(
        owner=owner,
        file_name=file_name,
        length=length,
        expected_sha256=sha256,
        expires_at=timezone.now() + LIFETIME,
        options={
            "tags": options.tag_names,
            "album": options.album,
            "keep_duplicates": options.keep_duplicates,
            "visibility": options.visibility,
        },
    )
    create_partial_file(partial.pk)
    partial.save(force_insert=True)
    return partial


def find_upload(*, owner: User, upload_id: UUID) -> PartialUpload:
    """The person's own upload. Raises NoSuchUpload, UploadExpired."""
    partial = PartialUpload.objects.filter(owner=owner, pk=upload_id).first()
    if partial is None:
        raise NoSuchUpload("You have no such upload.")
    if partial.expires_at < timezone.now():
        raise UploadExpired(f"Too much time has passed since {partial.file_name} was begun; send it anew.")
    return partial


def unfinished_uploads(owner: User) -> list[Unfinished]:
    """What the person has begun and can go on with, latest first."""
    alive = PartialUpload.objects.unfinished_of(owner).filter(expires_at__gt=timezone.now())
    return [Unfinished(partial, have) for partial in alive if (have := size_now(partial.pk)) is not None]


def offset_of(partial: PartialUpload) -> int:
    """How many bytes are safely here. Raises UploadExpired when they are gone."""
    if partial.photo_id is not None:
        return partial.length
    try:
        size = durable_size(partial.pk)
    except FileNotFoundError as error:
        if partial.sha256:  # Intake was taking the file over when it was stopped; see finish_upload.
            return partial.length
        raise bytes_gone(partial) from error
    return size if partial.certain_until is None else min(size, partial.certain_until)


def bytes_gone(partial: PartialUpload) -> UploadExpired:
    forget_upload(partial)
    return UploadExpired(f"What had arrived of {partial.file_name} is gone; send it anew.")


def append_bytes(
    *, partial: PartialUpload, offset: int, blocks: Iterable[bytes], checksum: Checksum | None = None
) -> int:
    """Add the blocks, which continue the file at `offset`. Returns how many bytes are here then, durably.

    Raises UploadBusy, WrongOffset, NoSuchUpload, UploadExpired; RefusedFile as soon as the first bytes show that the
    file is no picture, then nothing is kept; StorageFull, then what fitted is kept; ChecksumMismatch, then none of
    these blocks is.
    """
    try:
        try:
            with locked_partial_file(partial.pk) as file:
                partial.refresh_from_db()
                if partial.photo_id is None:
                    return append_locked(partial, file, offset, blocks, checksum)
        except FileNotFoundError:
            partial.refresh_from_db()
    except PartialUpload.DoesNotExist as error:
        raise NoSuchUpload("This upload was removed meanwhile.") from error
    # Nothing can be added to what intake has taken over.
    have = offset_of(partial)
    if have != offset:
        raise WrongOffset(have)
    return have


def append_locked(
    partial: PartialUpload,
    file: PartialFile,
    offset: int,
    blocks: Iterable[bytes],
    checksum: Checksum | None,
) -> int:
    if partial.certain_until is not None:
        file.cut(min(file.size, partial.certain_until))
        note(partial, certain_until=None)
    if file.size != offset:
        raise WrongOffset(file.size)
    note(partial, expires_at=timezone.now() + LIFETIME)
    try:
        write_blocks(partial, file, blocks, checksum)
    except RefusedFile:
        forget_upload(partial)
        raise
    finally:
        file.sync()
    note(partial, expires_at=timezone.now() + LIFETIME)
    return file.size


def note(partial: PartialUpload, **fields: object) -> None:
    """Change fields of the row, unless it was removed meanwhile."""
    for name, value in fields.items():
        setattr(partial, name, value)
    PartialUpload.objects.filter(pk=partial.pk).update(**fields)


def write_blocks(
    partial: PartialUpload, file: PartialFile, blocks: Iterable[bytes], checksum: Checksum | None
) -> None:
    if checksum is None:
        for block in blocks:
            append_block(partial, file, block)
            refuse_foreign(partial, file, before=file.size - len(block))
        return
    start = file.size
    digest = hashlib.new(checksum.algorithm, usedforsecurity=False)
    note(partial, certain_until=start)
    try:
        for block in blocks:
            append_block(partial, file, block)
            digest.update(block)
        if not hmac.compare_digest(digest.digest(), checksum.digest):
            raise ChecksumMismatch("These bytes did not arrive as they were sent; send them again.")
    except BaseException:
        file.cut(start)
        raise
    finally:
        file.sync()
        note(partial, certain_until=None)
    refuse_foreign(partial, file, before=start)


def append_block(partial: PartialUpload, file: PartialFile, block: bytes) -> None:
    if file.size + len(block) > partial.length:
        raise FileTooLarge(f"{partial.file_name} was announced with {partial.length} bytes; there are more.")
    file.append(block)


def refuse_foreign(partial: PartialUpload, file: PartialFile, *, before: int) -> None:
    """Raise RefusedFile when the first bytes, complete for the first time, are not those of a picture."""
    needed = min(HEAD_BYTES, partial.length)
    if before < needed <= file.size:
        sniff_received(received_so_far(partial, file.head(HEAD_BYTES), ""))


def received_so_far(partial: PartialUpload, head: bytes, sha256: str) -> ReceivedInParts:
    return ReceivedInParts(partial.file_name, partial_path(partial.pk), partial.length, sha256, head)


def finish_upload(partial: PartialUpload) -> PartialUpload:
    """Take a file whose bytes are all here into the library; what was finished before stays as it is.

    Raises what accept_upload raises. After RefusedFile and ContentMismatch nothing is kept; after anything else the
    bytes are, and it can be tried again.
    """
    try:
        try:
            with locked_partial_file(partial.pk) as file:
                partial.refresh_from_db()
                take_in_whole(partial, file)
        except FileNotFoundError:
            partial.refresh_from_db()
            take_in_again(partial)
    except PartialUpload.DoesNotExist as error:
        raise NoSuchUpload("This upload was removed meanwhile.") from error
    partial_path(partial.pk).unlink(missing_ok=True)
    return partial


def take_in_whole(partial: PartialUpload, file: PartialFile) -> None:
    """Take in the file that lies here. Raises WrongOffset when it is not all of it."""
    if partial.photo_id is not None:
        return
    if file.size != partial.length or partial.certain_until is not None:
        raise WrongOffset(offset_of(partial))
    sha256 = checked_digest(partial, file)
    take_in(partial, received_so_far(partial, file.head(HEAD_BYTES), sha256))


def checked_digest(partial: PartialUpload, file: PartialFile) -> str:
    """The SHA-256 of the whole file, read from the disk once and noted. Raises ContentMismatch."""
    if partial.sha256:
        return partial.sha256
    sha256 = file.sha256()
    if partial.expected_sha256 not in ("", sha256):
        forget_upload(partial)
        raise ContentMismatch(
            f"{partial.file_name} arrived with another SHA-256 than was announced; send it anew."
        )
    note(partial, sha256=sha256)
    return sha256


def take_in_again(partial: PartialUpload) -> None:
    """Go on where intake was stopped after it had moved the file into the store. Raises UploadExpired."""
    if partial.photo_id is not None:
        return
    if not partial.sha256:
        raise bytes_gone(partial)
    try:
        with open_original(partial.sha256) as original:
            head = original.read(HEAD_BYTES)
        take_in(partial, received_so_far(partial, head, partial.sha256))
    except FileNotFoundError as error:
        raise bytes_gone(partial) from error


def take_in(partial: PartialUpload, received: ReceivedInParts) -> None:
    """Photo and finished upload are committed together, so that neither is ever without the other."""
    try:
        with transaction.atomic():
            row = PartialUpload.objects.select_for_update(of=("self",)).get(pk=partial.pk)
            if row.photo_id is None:
                accepted = accept_upload(owner=partial.owner, received=received, options=options_of(partial))
                note(row, photo=accepted.photo, outcome=accepted.outcome.value)
    except RefusedFile:
        forget_upload(partial)
        raise
    partial.photo, partial.outcome = row.photo, row.outcome


def options_of(partial: PartialUpload) -> UploadOptions:
    given = partial.options
    return UploadOptions(
        tags=given["tags"],
        album=given["album"],
        keep_duplicates=given["keep_duplicates"],
        visibility=Visibility(given["visibility"]),
    )


def forget_upload(partial: PartialUpload) -> None:
    """Remove the row and the bytes. A finished photo stays; a request that is writing finds the row gone."""
    PartialUpload.objects.filter(pk=partial.pk).delete()
    partial_path(partial.pk).unlink(missing_ok=True)


def remove_expired_uploads() -> int:
    """Remove what nobody has added to for too long, and files without a row. Returns how many uploads."""
    removed = 0
    for partial in PartialUpload.objects.filter(expires_at__lt=timezone.now()).iterator():
        # What is being written right now is alive, whatever its row says; of a store that is away nothing is known.
        with suppress(UploadBusy, StorageAway):
            try:
                with locked_partial_file(partial.pk):
                    forget_upload(partial)
            except FileNotFoundError:
                forget_upload(partial)
            removed += 1
    for upload_id in old_partial_files(older_than_seconds=STALE_SECONDS):
        if not PartialUpload.objects.filter(pk=upload_id).exists():
            partial_path(upload_id).unlink(missing_ok=True)
    return removed
