"""Originals and previews in an S3-compatible store: objects appear whole and checked, or not at all."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from gallery.storage import (
    QUARANTINE,
    BrokenWrite,
    RemoteStorage,
    StorageAway,
    StorageFull,
    Stored,
    chunks_of,
    sha256_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    BytesFile = File[bytes]
else:
    BytesFile = File

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 60
ASK_AGAIN_S = 10
ATTEMPTS = 3
SIGNED_URL_S = 300
"""How long the web server in front of us may begin to fetch an object; browsers never see the address."""
NOT_AS_SENT = {"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "IncompleteBody"}
FULL = {"XMinioStorageFull", "InsufficientCapacity", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded"}
THERE_ALREADY = {"PreconditionFailed"}
NO_CONDITIONS = {"NotImplemented"}


class RemoteFile(BytesFile):
    """An object that is read once from its beginning; its size is known."""

    def __init__(self, body: Any, name: str, size: int) -> None:
        super().__init__(body, name)
        self.size = size


class S3Store(S3Storage, RemoteStorage):  # type: ignore[misc]  # django-storages ships no types
    """A prefix of a bucket. The arguments are those of django-storages."""

    def __init__(self, *, addressing_style: str = "auto", **options: Any) -> None:
        super().__init__(
            **options,
            client_config=Config(
                signature_version="s3v4",
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                s3={"addressing_style": addressing_style},
                # We name the checksum ourselves; the library's own trailers are not known to every store.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def take(self, received: Path, name: str, sha256: str) -> None:
        """Put a received file with this digest; an object that is there already is checked and left alone.

        The file is hashed once more, the store refuses what does not arrive with this SHA-256, and in the end size
        and digest of the object are asked for: a store may take no notice of checksums. Raises BrokenWrite,
        StorageFull and StorageAway; then nothing is kept that was not there before.
        """
        if sha256_of(received) != sha256:
            raise BrokenWrite(f"{received.name} does not read as it was received.")
        with received.open("rb") as file:
            created = self._put_new(name, file, sha256)
        try:
            self._check(name, received.stat().st_size, sha256)
        except BrokenWrite:
            if created:
                self.delete(name)
            raise

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        with _told_in_words():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""
        with _told_in_words():
            super().delete(name)

    @contextmanager
    def as_local_file(self, name: str) -> Iterator[Path]:
        """A copy of the object on this machine, for the while. Raises FileNotFoundError."""
        with tempfile.NamedTemporaryFile(prefix="original-") as copy:
            with self.open(name) as remote, _told_in_words():
                shutil.copyfileobj(remote, copy)
            copy.flush()
            yield Path(copy.name)

    def signed_url(self, name: str) -> str:
        """An address that gives the object to whoever has it, for SIGNED_URL_S."""
        return str(self.url(name, expire=SIGNED_URL_S))  # type: ignore[call-arg]  # the base class knows no time

    def problem(self) -> str:
        """Why the store cannot be used, in a sentence; empty when it answers. It is asked every few seconds at most."""
        if time.monotonic() - self._asked_at > ASK_AGAIN_S:
            self._problem = self._ask()
            self._asked_at = time.monotonic()
        return self._problem

    def size(self, name: str) -> int:
        """Bytes of an object. Raises FileNotFoundError."""
        with _told_in_words():
            return int(self._client.head_object(**self._target(name))["ContentLength"])

    def stored_files(self) -> Iterator[Stored]:
        """All objects below the prefix, in the order of their names."""
        prefix = f"{self._normalize_name('')}".rstrip("/") + "/"
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix)
        with _told_in_words():
            for page in pages:
                for item in page.get("Contents", ()):
                    yield Stored(
                        item["Key"].removeprefix(prefix), item["Size"], item["LastModified"].timestamp()
                    )

    def set_aside(self, name: str, aside_name: str) -> None:
        """Move an object to the prefix `quarantine` beside this store's."""
        source = self._target(name)
        beside = self._normalize_name("").rstrip("/").rpartition("/")[0]
        target = f"{beside}/{QUARANTINE}/{aside_name}".lstrip("/")
        with _told_in_words():
            self._client.copy_object(Bucket=self.bucket_name, Key=target, CopySource=source)
        self.delete(name)

    def place(self) -> str:
        return f"the bucket {self.bucket_name} below {self.location}"

    def _ask(self) -> str:
        try:
            with _told_in_words():
                self._client.head_bucket(Bucket=self.bucket_name)
        except OSError as error:
            return str(error)
        return ""

    _problem = ""
    _asked_at = float("-inf")

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _target(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(clean_name(name))}

    def _open(self, name: str, mode: str = "rb") -> RemoteFile:
        with _told_in_words():
            answer = self._client.get_object(**self._target(name))
        return RemoteFile(answer["Body"], name, answer["ContentLength"])

    def _save(self, name: str, content: File[bytes]) -> str:
        """Put what can be made again; a later version of it replaces an earlier one."""
        body = b"".join(chunks_of(content))
        with _told_in_words():
            self._client.put_object(
                **self._target(name), Body=body, ChecksumSHA256=_base64(hashlib.sha256(body).hexdigest())
            )
        return name

    def _put_new(self, name: str, file: IO[bytes], sha256: str) -> bool:
        """Put an object unless its name is taken. Returns whether it was put."""
        request = {**self._target(name), "Body": file, "ChecksumSHA256": _base64(sha256)}
        with _told_in_words():
            try:
                self._client.put_object(**request, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) in THERE_ALREADY:
                    return False
                if _code(error) not in NO_CONDITIONS:
                    raise
                # A store without conditional writes: the caller has looked, and holds the content's lock.
                file.seek(0)
                self._client.put_object(**request)
        return True

    def _check(self, name: str, size: int, sha256: str) -> None:
        """Compare what the store has with what was sent. Raises BrokenWrite."""
        with _told_in_words():
            facts = self._client.head_object(**self._target(name), ChecksumMode="ENABLED")
        stored = facts.get("ChecksumSHA256") or self._checksum_by_reading(name)
        if (facts["ContentLength"], stored) != (size, _base64(sha256)):
            raise BrokenWrite(f"The store does not hold {sha256} as it was received.")

    def _checksum_by_reading(self, name: str) -> str:
        digest = hashlib.sha256()
        with self.open(name) as file, _told_in_words():
            for chunk in chunks_of(file):
                digest.update(chunk)
        return _base64(digest.hexdigest())


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode("ascii")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _told_in_words() -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except ClientError as error:
        raise _meaning(error) from error
    except BotoCoreError as error:
        raise StorageAway(f"The store of the photos cannot be reached: {error}") from error


def _meaning(error: ClientError) -> OSError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = _code(error)
    if code in NOT_AS_SENT:
        return BrokenWrite("The store did not receive the file as it was sent.")
    if code in FULL or status == 507:
        return StorageFull("The store of the photos is full.")
    if code in {"NoSuchKey", "404"} and "Bucket" not in error.operation_name:
        return FileNotFoundError("The store has no such object.")
    return StorageAway(f"The store of the photos refuses to work: {error}")
