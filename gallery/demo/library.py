"""Bringing the drawn pictures into a library, through the same doors as a person's, and saying things of them."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import cv2
from django.db import connection, transaction

from gallery.albums import add_to_album, save_album
from gallery.demo.drawing import draw_files
from gallery.demo.plan import PLACES
from gallery.edit import PhotoChanges, change_photo
from gallery.embedded import cores
from gallery.intake import UploadOptions, accept_upload
from gallery.models import Album, Photo, Priority, Role, SharedState, Tag, User, Visibility
from gallery.saved_searches import save_search
from gallery.stacks import stack_photos
from gallery.tag_upkeep import add_alias, save_category, set_category
from gallery.trash import trash_photos
from gallery.uploads import receive_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gallery.demo.plan import Shot

STATE_KEY = "demo"
SOURCE = "Drawn by the demo"
ROLES = {"mira": Role.MODERATOR, "jonas": Role.UPLOADER, "aiko": Role.UPLOADER, "guest": Role.VIEWER}
ALBUMS = {
    "Travels": ("Mountains", "By the sea", "Deserts", "Balloons", "From the aeroplane"),
    "Seasons": ("Forest walks", "Flower fields", "Winter"),
    "After dark": ("City lights", "Night skies", "Out of focus"),
    "Paper shapes": (),
    "Best of": (),
}
STYLE_ALBUMS = {
    "mountains": "Mountains", "lake": "Mountains", "sea": "By the sea", "dunes": "Deserts", "balloons": "Balloons",
    "from_above": "From the aeroplane", "forest": "Forest walks", "flowers": "Flower fields", "snow": "Winter",
    "city": "City lights", "starry_night": "Night skies", "bokeh": "Out of focus", "poster": "Paper shapes",
}  # fmt: skip
SEARCHES = {
    "Red circles on blue": "a red circle on a blue background",
    "The best of the sea": "sea rating:>=4",
    "Large panoramas": "width:>=2000",
    "Mountains or forest, not in winter": "mountains or forest -winter",
}
TRASHED = 6


class NoDemo(Exception):
    """The data folder holds a library that is none of the demo's; the message says what to do."""


def require_demo() -> None:
    """Raise NoDemo where somebody's own library is. Needs no tables, and changes nothing."""
    if User._meta.db_table not in connection.introspection.table_names():
        return
    if not User.objects.exists() or noted("begun"):
        return
    raise NoDemo(
        "This data folder holds a library that the demo did not make, so nothing was drawn into it. "
        "Set GALLERY_DATA to another folder, or just run `make demo`, which takes `demo-data`."
    )


def noted(step: str) -> bool:
    """Whether this step of the demo was done."""
    return SharedState.objects.filter(key=STATE_KEY, value__has_key=step).exists()


def note(step: str) -> None:
    """Remember that a step is done."""
    row, _ = SharedState.objects.get_or_create(key=STATE_KEY)
    row.value = {**row.value, step: True}
    row.save()


def make_people() -> None:
    """The people of the demo, none of whom can log in: only `admin` has a password."""
    for name, role in ROLES.items():
        if not User.objects.filter(username=name).exists():
            person = User(username=name, role=role)
            person.set_unusable_password()
            person.save()


def take_in(shots: Sequence[Shot]) -> Iterator[int]:
    """Draw the shots on all cores and take their files in, yielding how many files each brought.

    What is in the library already, be it in the trash, is neither drawn nor taken in again.
    """
    known = set(Photo.objects.filter(source=SOURCE).values_list("file_name", flat=True))
    missing = [shot for shot in shots if not known.issuperset(file_names(shot))]
    owners = User.objects.in_bulk(field_name="username")
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores(), spawned, cv2.setNumThreads, (1,)) as drawers:
        for shot, files in zip(missing, drawers.map(draw_files, missing), strict=True):
            fresh = [file for file in files if file[0] not in known]
            for name, content in fresh:
                options = UploadOptions(
                    tags=shot.tags if name == shot.file_name else shot.tags[:1],
                    visibility=Visibility(shot.visibility),
                    priority=Priority.BULK,
                    source=SOURCE,
                )
                accept_upload(
                    owner=owners[shot.owner], received=receive_file(name, [content]), options=options
                )
            yield len(fresh)


def file_names(shot: Shot) -> list[str]:
    """All files of a shot."""
    return [shot.file_name, *shot.burst_names, *shot.copy_names]


@transaction.atomic
def describe_library(shots: Sequence[Shot]) -> None:
    """Titles, ratings, albums, stacks, tag categories, saved searches, trash: all of it or, interrupted, none."""
    photos = {photo.file_name: photo for photo in Photo.objects.live().filter(source=SOURCE)}
    shown = [shot for shot in shots if shot.file_name in photos]
    for shot in shown:
        changes = PhotoChanges(
            title=shot.title or None,
            description=shot.description or None,
            rating=shot.rating or None,
            favourite=shot.favourite or None,
        )
        if changes != PhotoChanges():
            change_photo(photo=photos[shot.file_name], changes=changes)
        burst = [photos[name] for name in shot.burst_names if name in photos]
        if burst:
            stack_photos(photos=[photos[shot.file_name], *burst], cover=photos[shot.file_name])
    _make_albums(shown, photos)
    _order_tags()
    for name, query in SEARCHES.items():
        save_search(
            owner=User.objects.get(username="admin"), name=name, query=query, visibility=Visibility.MEMBERS
        )
    alone = [shot for shot in shown if not shot.copies and shot.scene is None and not shot.rating]
    trash_photos(
        photos=[photos[shot.file_name] for shot in alone[:TRASHED]], by=User.objects.get(username="mira")
    )
    note("described")


def _make_albums(shots: Sequence[Shot], photos: dict[str, Photo]) -> None:
    owner = User.objects.get(username="admin")
    members: dict[str, list[Photo]] = {}
    for shot in sorted(shots, key=lambda shot: (str(shot.taken_at), shot.file_name)):
        if name := STYLE_ALBUMS.get(shot.style):
            members.setdefault(name, []).append(photos[shot.file_name])
        if shot.rating == 5:
            members.setdefault("Best of", []).append(photos[shot.file_name])
    for name, inner in ALBUMS.items():
        shown = members.get(name) or [photo for child in inner for photo in members.get(child, [])[:1]]
        outer = _album(owner, name, shown, None)
        for child in inner:
            _album(owner, child, members.get(child, []), outer)


def _album(owner: User, name: str, photos: Sequence[Photo], parent: Album | None) -> Album:
    best = max(photos, key=lambda photo: photo.rating, default=None)
    album = Album(owner=owner, name=name, parent=parent, cover=best)
    save_album(album=album)
    if photos:
        add_to_album(album=album, photos=photos)
    return album


def _order_tags() -> None:
    """Categories with colours, and other names for two tags."""
    categories = {
        "Place": ("#5b4a8a", [place.name.lower() for place in PLACES]),
        "Subject": (
            "#1d6b45",
            ["mountains", "sea", "lake", "forest", "flowers", "desert", "city", "balloons"],
        ),
        "Light": ("#a8501c", ["night", "stars", "lights"]),
    }
    for name, (colour, tags) in categories.items():
        category = save_category(category=None, name=name, colour=colour)
        for sorted_in in Tag.objects.filter(name__in=tags):
            set_category(tag=sorted_in, category=category)
    for name, other in (("sea", "ocean"), ("mountains", "peaks")):
        if tag := Tag.objects.filter(name=name).first():
            add_alias(tag=tag, name=other)
