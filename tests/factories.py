"""People, files and photos for tests, made through the real intake."""

from __future__ import annotations

import hashlib
import io
import itertools
from typing import TYPE_CHECKING, Any

from PIL import Image

from gallery.intake import Accepted, UploadOptions, accept_upload
from gallery.models import Photo, PhotoState, Role, User
from gallery.uploads import ReceivedFile, receive_file

if TYPE_CHECKING:
    from gallery.models import Visibility

PASSWORD = "correct horse battery staple"

_numbers = itertools.count(1)


def make_user(name: str = "", role: Role = Role.UPLOADER) -> User:
    """A person who can log in with PASSWORD."""
    user = User(username=name or f"person{next(_numbers)}", role=role)
    user.set_password(PASSWORD)
    user.save()
    return user


def plain_jpeg(colour: tuple[int, int, int] = (200, 120, 40), size: tuple[int, int] = (64, 48)) -> bytes:
    """A small JPEG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return file.getvalue()


def unique_jpeg() -> bytes:
    """A small JPEG unlike any other of this session."""
    number = next(_numbers)
    return plain_jpeg((number % 256, number // 256 % 256, 77), (64 + number % 7, 48))


def received(content: bytes, name: str = "photo.jpg") -> ReceivedFile:
    """The content as it stands after an upload was received."""
    return receive_file(name, [content])


def upload(owner: User, content: bytes | None = None, name: str = "photo.jpg", **options: Any) -> Accepted:
    """Take a file in as the upload view does."""
    wanted = UploadOptions(**options)
    file = received(unique_jpeg() if content is None else content, name)
    return accept_upload(owner=owner, received=file, options=wanted)


def make_photo(
    owner: User | None = None, *, visibility: Visibility | str = "members", **fields: Any
) -> Photo:
    """A ready photo's row, without a file: for tests about rows. Fields override what is made up."""
    photo = photo_row(owner or make_user(), visibility=visibility, **fields)
    photo.save(force_insert=True)
    return photo


def photo_row(owner: User, *, visibility: Visibility | str = "members", **fields: Any) -> Photo:
    """The same, not yet saved: many of them go at once."""
    digest = hashlib.sha256(str(next(_numbers)).encode()).hexdigest()
    defaults: dict[str, Any] = {
        "upload_sha256": digest,
        "stored_sha256": digest,
        "file_name": "photo.jpg",
        "media_type": "image/jpeg",
        "file_size": 1000,
        "width": 640,
        "height": 480,
        "state": PhotoState.READY,
    }
    return Photo(owner=owner, visibility=visibility, **defaults | fields)
