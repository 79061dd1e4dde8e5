"""A small library of one owner, with one of everything that an address can name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from dedup.models import BulkDecision, Group, GroupStatus, Match, PairDecision, Resolution
from dedup.resolution import resolve_group
from gallery.albums import add_to_album
from gallery.intake import UploadOptions
from gallery.models import (
    Album,
    ApiToken,
    Job,
    Photo,
    PhotoState,
    Role,
    SavedSearch,
    Tag,
    TagAlias,
    TagCategory,
)
from gallery.previews import save_previews
from gallery.resumable import begin_upload
from gallery.stacks import stack_photos
from gallery.tags import add_tags
from gallery.tokens import create_token
from gallery.trash import trash_photos
from tests.dedup.rows import group_now, match
from tests.factories import make_user, unique_jpeg, upload

if TYPE_CHECKING:
    from gallery.models import User

VISIBILITIES = ("private", "members", "public")


@dataclass
class Library:
    """The people, and the owner's things by the names that the table of routes uses."""

    people: dict[str, User]
    things: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["things"][name]
        except KeyError as error:
            raise AttributeError(name) from error


def make_people() -> dict[str, User]:
    """One person for each kind; `admin` as the first start makes it."""
    people = {
        "viewer": make_user("vera", Role.VIEWER),
        "other": make_user("otto", Role.UPLOADER),
        "owner": make_user("olga", Role.UPLOADER),
        "moderator": make_user("mona", Role.MODERATOR),
        "admin": make_user("adam", Role.ADMIN),
    }
    admin = people["admin"]
    admin.is_staff = admin.is_superuser = True
    admin.save()
    return people


def ready_photo(owner: User, visibility: str, **fields: Any) -> Photo:
    """A photo with its file and a preview, as it stands when all stages are done."""
    photo = upload(owner, name=fields.pop("file_name", "photo.jpg"), visibility=visibility).photo
    save_previews(photo, {320: unique_jpeg()}, "image/webp")
    values = {"state": PhotoState.READY, "width": 640, "height": 480, "palette": [["#c87828", 1.0]]}
    for name, value in (values | fields).items():
        setattr(photo, name, value)
    photo.save()
    Job.objects.filter(photo=photo).delete()
    return photo


def make_library() -> Library:
    """The library of the walk."""
    people = make_people()
    owner = people["owner"]
    things: dict[str, Any] = {}
    for visibility in VISIBILITIES:
        things |= things_of(owner, visibility)
    things["trashed"] = ready_photo(owner, "public")
    trash_photos(photos=[things["trashed"]], by=owner)
    things |= names_of_tags(things["members"])
    things |= decisions(owner, people["moderator"], things)
    things["upload"] = begin_upload(owner=owner, name="part.jpg", length=100, options=UploadOptions())
    things["own_token"] = create_token(user=owner, name="of the owner")[0]
    assert ApiToken.objects.count() == 1
    return Library(people, things)


def things_of(owner: User, visibility: str) -> dict[str, Any]:
    """A photo with a failed job, a stack, an album with both, and a saved search, all of this visibility."""
    photo = ready_photo(owner, visibility, taken_at=datetime(2024, 5, 1, tzinfo=UTC))
    Job.objects.create(photo=photo, stage="match", failed_at=timezone.now(), error="It did not work.")
    cover, stacked = ready_photo(owner, visibility), ready_photo(owner, visibility)
    stack_photos(photos=[cover, stacked], cover=cover)
    album = Album.objects.create(owner=owner, name=f"album {visibility}", visibility=visibility)
    add_to_album(album=album, photos=[photo, cover])
    search = SavedSearch.objects.create(
        owner=owner, name=f"search {visibility}", query="order:newest", visibility=visibility
    )
    return {
        visibility: photo,
        f"stacked_{visibility}": stacked,
        f"album_{visibility}": album,
        f"search_{visibility}": search,
    }


def names_of_tags(photo: Photo) -> dict[str, Any]:
    """Two tags, another name of the first, and its category."""
    add_tags(photos=[photo], names=["lighthouse", "sea"])
    tag = Tag.objects.get(name="lighthouse")
    category = TagCategory.objects.create(name="buildings")
    tag.category = category
    tag.save()
    return {"tag": tag, "alias": TagAlias.objects.create(name="beacon", tag=tag), "category": category}


def decisions(owner: User, moderator: User, things: dict[str, Any]) -> dict[str, Any]:
    """An open group with the private photo, and a group that the moderator decided, with the decision."""
    copy = ready_photo(owner, "members")
    open_pair = [things["private"], copy]
    decided_pair = [ready_photo(owner, "members"), ready_photo(owner, "members")]
    for pair in (open_pair, decided_pair):
        match(*pair)
        group_now(pair)
    decided = Group.objects.get(status=GroupStatus.OPEN, members__photo=decided_pair[0])
    bulk = BulkDecision.objects.create(user=moderator, total=1, state=BulkDecision.State.DONE)
    resolution: Resolution = resolve_group(
        group_id=decided.pk,
        keep=[decided_pair[0].pk],
        trash=[decided_pair[1].pk],
        version=decided.version,
        user=moderator,
    )
    group = Group.objects.get(status=GroupStatus.OPEN, members__photo=copy)
    low, high = things["members"], things["public"]
    return {
        "group": group,
        "copy": copy,
        "resolution": resolution,
        "bulk": bulk,
        "match": Match.objects.get(low__in=[photo.pk for photo in open_pair]),
        "pair_decision": PairDecision.objects.create(low=low, high=high, kind="kept-both"),
    }
