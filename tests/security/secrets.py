"""A library in two steps: first what everybody may see, then secrets of the owner that touch it wherever they can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from gallery.albums import add_to_album
from gallery.imaging.palette import palette_vector
from gallery.models import Album, Job, Photo, PhotoState, SavedSearch, Tag, TagAlias
from gallery.stacks import stack_photos
from gallery.tags import add_tags
from gallery.trash import trash_photos
from tests.dedup.rows import group_now, match
from tests.factories import make_photo, plain_jpeg
from tests.security.library import make_people

if TYPE_CHECKING:
    from gallery.models import User

WORD = "zanzibarium"
FIRST_SECRET = 777_000_001
"""Numbers that nothing else has."""
SECRET_BYTES = plain_jpeg((9, 8, 7), (35, 21))
SECRET_SHA256 = "5ec7e7" + "0" * 58
RED = [["#c01020", 0.7], ["#203040", 0.3]]


@dataclass
class Shown:
    """What everybody may see: three public photos, one of them the other person's, two albums and a saved search."""

    people: dict[str, User]
    sea: Photo
    shore: Photo
    others: Photo
    album: Album
    others_album: Album
    search: SavedSearch


def shown_photo(owner: User, name: str, day: int, **fields: Any) -> Photo:
    taken = datetime(2024, 5, day, tzinfo=UTC)
    colours = {"palette": RED, "palette_vector": palette_vector(RED), "camera": "Nikon Z6"}
    return make_photo(owner, visibility="public", file_name=name, taken_at=taken, **colours | fields)


def make_shown() -> Shown:
    """The first step."""
    people = make_people()
    owner, other = people["owner"], people["other"]
    sea, shore = shown_photo(owner, "sea.jpg", 1), shown_photo(owner, "shore.jpg", 3)
    others = shown_photo(other, "others.jpg", 5)
    add_tags(photos=[sea, shore, others], names=["water"])
    add_tags(photos=[sea, shore], names=["sand", "boats"])
    add_tags(photos=[sea], names=["gulls"])
    match(sea, shore)
    album = Album.objects.create(owner=owner, name="summer", visibility="public")
    add_to_album(album=album, photos=[sea, shore])
    others_album = Album.objects.create(owner=other, name="of others", visibility="public")
    search = SavedSearch.objects.create(owner=owner, name="all", query="order:oldest", visibility="public")
    return Shown(people, sea, shore, others, album, others_album, search)


def secret_photo(owner: User, place: int, **fields: Any) -> Photo:
    """A private photo with the word in every text, between the shown ones in time, and unlike them in all numbers."""
    texts = {name: f"{WORD} {name}" for name in ("title", "description", "camera", "lens", "source")}
    return make_photo(
        owner,
        id=FIRST_SECRET + place,
        **texts
        | {
            "visibility": "private",
            "file_name": f"{WORD}{place}.tiff",
            "exif": {"Model": WORD},
            "media_type": "image/tiff",
            "taken_at": datetime(2024, 5, 2, tzinfo=UTC),
            "latitude": 12.5,
            "longitude": 45.5,
            "rating": 5,
            "favourite": True,
            "palette": RED,
            "palette_vector": palette_vector(RED),
            "width": 4001,
            "height": 3001,
            "file_size": 9_876_543,
        }
        | fields,
    )


def plant_secrets(shown: Shown) -> list[Photo]:
    """The second step."""
    owner = shown.people["owner"]
    first = secret_photo(owner, 0, upload_sha256=SECRET_SHA256, stored_sha256=SECRET_SHA256)
    cover, under = secret_photo(owner, 1), secret_photo(owner, 2, taken_at=datetime(2011, 11, 1, tzinfo=UTC))
    broken = secret_photo(owner, 3, state=PhotoState.FAILED, state_reason=f"{WORD} is broken")
    waiting = secret_photo(owner, 4, state=PhotoState.PROCESSING, width=None, height=None)
    thrown = secret_photo(owner, 5, visibility="public")
    secrets = [first, cover, under, broken, waiting, thrown]
    add_tags(photos=secrets, names=[WORD, "water", "sand", "boats"])
    TagAlias.objects.create(name="zanzi", tag=Tag.objects.get(name=WORD))
    trash_photos(photos=[thrown], by=owner)
    Job.objects.create(photo=broken, stage="analyse", failed_at=timezone.now(), error=f"{WORD} failed")
    stack_photos(photos=[cover, shown.shore], cover=cover)
    stack_photos(photos=[shown.sea, under], cover=shown.sea)
    albums_around(shown, first)
    SavedSearch.objects.create(owner=owner, name=WORD, query=WORD, visibility="private")
    for seen in (shown.sea, shown.others):
        match(seen, first)
    group_now([shown.sea, shown.others, first])
    return secrets


def albums_around(shown: Shown, secret: Photo) -> None:
    """The secret is in a public album, as its cover; a private album holds shown things."""
    add_to_album(album=shown.album, photos=[secret])
    hidden = Album.objects.create(
        owner=shown.people["owner"], name=f"{WORD} album", visibility="private", cover=secret
    )
    add_to_album(album=hidden, photos=[shown.sea, shown.others, secret])
    Album.objects.filter(pk=shown.album.pk).update(cover=secret)
    Album.objects.filter(pk__in=[shown.album.pk, shown.others_album.pk]).update(parent=hidden)
