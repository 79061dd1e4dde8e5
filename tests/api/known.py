"""A small library with something of each kind, and how requests that were made up are aimed at it.

Made-up numbers hardly ever name something that is there. So three of four are replaced: by the remainder that they
leave, which makes the same request of the same example every time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dedup.models import GroupStatus
from dedup.resolution import dismiss_group
from gallery import heartbeat
from gallery.albums import add_to_album
from gallery.models import Album, ApiTokenScope, Role, SavedSearch, Tag, TagAlias, TagCategory, User
from gallery.stacks import stack_photos
from gallery.tokens import create_token
from gallery.trash import trash_photos
from tests.dedup.rows import grouped
from tests.factories import make_photo, make_user, upload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import Photo

BIGGEST = 2**63 - 1
#: In request bodies: which field names what kind of thing.
KINDS_OF_FIELDS = {
    "photos": "photo_id",
    "keep": "photo_id",
    "trash": "photo_id",
    "cover": "photo_id",
    "before": "photo_id",
    "parent": "album_id",
    "version": "version",
    "count": "count",
    "into": "tag",
    "category": "category",
    "sha256": "sha256",
}


@dataclass
class Known:
    """What there is: real values by the name of a parameter, and the tokens of the two who ask."""

    values: dict[str, Sequence[Any]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


def make_library() -> Known:
    """Photos of all sorts, a group to decide and one decided, albums, stacks, tags, searches and tokens."""
    admin, viewer = make_user(role=Role.ADMIN), make_user(role=Role.VIEWER)
    tokens = {"admin": full_token(admin), "viewer": full_token(viewer)}
    photo = upload(admin, tags=["Sea", "hill"], album="Summer").photo
    trashed = make_photo(admin)
    trash_photos(photos=[trashed], by=admin)
    hidden = make_photo(admin, visibility="private", title="Hidden", state="failed")
    group, members = grouped(2, owner=admin)
    return Known(
        {
            "photo_id": [photo.pk, members[0].pk, trashed.pk, hidden.pk],
            "sha256": [photo.upload_sha256, hashlib.sha256(b"").hexdigest()],
            "group_id": [group.pk],
            "resolution_id": [decided_group(admin)],
            "version": [group.version],
            "count": [1],
            "stage": ["analyse", "match"],
            **things_of(admin, [photo, *members]),
            **things_beside(admin, viewer),
        },
        tokens,
    )


def full_token(user: User) -> str:
    return create_token(user=user, name="schema", scopes=tuple(ApiTokenScope))[1]


def decided_group(admin: User) -> int:
    """The number of a decision that can be undone."""
    group, _ = grouped(3, owner=admin)
    assert group.status == GroupStatus.OPEN
    return dismiss_group(group_id=group.pk, user=admin, version=group.version).pk


def things_of(admin: User, photos: Sequence[Photo]) -> dict[str, Sequence[Any]]:
    """Albums, one in the other, with photos; a stack."""
    outer = Album.objects.get(name="Summer")
    inner = Album.objects.create(owner=admin, name="Beach", parent=outer)
    add_to_album(album=inner, photos=list(photos))
    stack_photos(photos=list(photos[:2]), cover=photos[0])
    return {"album_id": [outer.pk, inner.pk]}


def things_beside(admin: User, viewer: User) -> dict[str, Sequence[Any]]:
    """Tags with a category and another name, a saved search, tokens of both."""
    tag = Tag.objects.get(name="sea")
    TagAlias.objects.create(tag=tag, name="ocean")
    category = TagCategory.objects.create(name="Place", colour="#112233")
    search = SavedSearch.objects.create(owner=admin, name="Seas", query="sea", visibility="members")
    extra = [create_token(user=user, name="extra")[0].pk for user in (admin, viewer)]
    heartbeat.beat(heartbeat.redis_client(), ["analyse", "embed", "match", "query", "sweep"])
    return {
        "tag_id": [tag.pk, Tag.objects.get(name="hill").pk],
        "tag": ["hill", "sea", "ocean"],
        "name": ["ocean"],
        "category_id": [category.pk],
        "category": ["Place"],
        "search_id": [search.pk],
        "token_id": extra,
    }


def aimed(name: str, value: Any, known: Known) -> Any:
    """The value, or for three of four a real one of its kind. What is wrong of itself stays as it is."""
    if isinstance(value, dict):
        return {key: aimed(KINDS_OF_FIELDS.get(key, ""), each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [aimed(name, each, known) for each in value]
    real = known.values.get(name)
    number = len(value) if isinstance(value, str) else value
    if not real or isinstance(value, bool) or not isinstance(number, int) or not 0 < number <= BIGGEST:
        return value
    if isinstance(value, str) is not isinstance(real[0], str) or number % 4 == 0:
        return value
    return real[number // 4 % len(real)]
