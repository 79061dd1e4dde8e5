"""Taking decisions back: everything is as it was, or nothing changes and a sentence says why."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied

from dedup.merging import Part
from dedup.models import Group, GroupStatus, PairDecision, Resolution
from dedup.resolution import dismiss_group, resolve_group
from dedup.stacking import stack_group
from dedup.undo import CannotUndo, NoSuchResolution, undo_resolution
from gallery.albums import add_to_album
from gallery.models import Album, Photo
from gallery.tags import add_tags
from gallery.trash import purge_photo, restore_photos
from tests.dedup.rows import (
    all_rows,
    group_now,
    grouped,
    ids,
    make_photos,
    match,
    moderator,
    open_groups,
)
from tests.factories import make_user

if TYPE_CHECKING:
    from gallery.models import User

pytestmark = pytest.mark.django_db


def resolve_first(group: Group, photos: list[Photo], user: User) -> Resolution:
    """Keep the first photo and trash the others."""
    return resolve_group(
        group_id=group.pk,
        keep=[photos[0].pk],
        trash=[photo.pk for photo in photos[1:]],
        version=Group.objects.get(pk=group.pk).version,
        user=user,
    )


def dress(photos: list[Photo], chance: random.Random) -> None:
    """Give photos random tags, albums, ratings, texts, dates and visibilities."""
    owner = photos[0].owner
    albums = [Album.objects.create(owner=owner, name=f"Album {number}") for number in range(4)]
    for photo in photos:
        add_tags(
            photos=[photo], names=chance.sample(["sun", "lake", "boat", "tree", "dog"], chance.randint(1, 3))
        )
        for album in chance.sample(albums, chance.randint(0, 2)):
            add_to_album(album=album, photos=[photo])
        Photo.objects.filter(pk=photo.pk).update(
            rating=chance.randint(0, 5),
            favourite=chance.random() < 0.3,
            title=chance.choice(["", "One", "Two"]),
            description=chance.choice(["", "Words"]),
            visibility=chance.choice(["private", "members", "public"]),
            latitude=chance.choice([None, 52.123456789]),
            longitude=chance.choice([None, 13.987654321]),
        )


def decide_at_random(group_id: int, user: User, chance: random.Random) -> Resolution:
    """Any of the decisions a moderator can take about the group as it is."""
    group = Group.objects.get(pk=group_id)
    members = sorted(group.members.values_list("photo_id", flat=True))
    named = chance.sample(members, chance.randint(2, len(members)))
    if chance.random() < 0.2:
        return stack_group(
            group_id=group_id, cover=named[0], photo_ids=named, version=group.version, user=user
        )
    if chance.random() < 0.3:
        return dismiss_group(group_id=group_id, photo_ids=named, user=user)
    kept = chance.randint(1, len(named))
    return resolve_group(
        group_id=group_id,
        keep=named[:kept],
        trash=named[kept:],
        merge=frozenset(part for part in Part if chance.random() < 0.8),
        version=group.version,
        user=user,
    )


def random_families(chance: random.Random, count: int) -> None:
    """Photos in families of six, most pairs of which match in one way or another, grouped."""
    owner = make_user()
    photos = make_photos(6 * count, owner=owner)
    dress(photos, chance)
    for start in range(0, len(photos), 6):
        for one, other in itertools.combinations(photos[start : start + 6], 2):
            if chance.random() < 0.8:
                match(one, other, chance.choice(["same-picture", "edited", "crop", "near-shot"]))
    group_now(photos)


def test_five_hundred_random_decisions_undone_leave_every_row_as_it_was() -> None:
    chance = random.Random(7)
    user = moderator()
    random_families(chance, 8)
    states: dict[int, dict[str, list[Any]]] = {}
    made: list[int] = []
    taken: set[int] = set()
    while len(taken) < 500 or made:
        if len(made) % 4 == 0:
            now = all_rows()
            assert now == states.setdefault(len(made), now)
        waiting = list(
            Group.objects.filter(status=GroupStatus.OPEN).order_by("pk").values_list("pk", flat=True)
        )
        enough = len(taken) == 500
        if made and (enough or not waiting or chance.random() < 0.35):
            states.pop(len(made), None)
            undo_resolution(resolution_id=made.pop(), user=user)
        else:
            made.append(decide_at_random(chance.choice(waiting), user, chance).pk)
            taken.add(made[-1])

    assert all_rows() == states[0]
    assert not Resolution.objects.filter(undone_at=None).exists()


def test_undo_needs_no_order_where_decisions_do_not_touch_each_other() -> None:
    user = moderator()
    groups = [grouped(3) for _ in range(4)]
    before = all_rows()
    made = [resolve_first(group, photos, user) for group, photos in groups]

    for resolution in (made[2], made[0], made[3], made[1]):
        undo_resolution(resolution_id=resolution.pk, user=user)

    assert all_rows() == before


def test_an_older_part_can_be_undone_before_a_newer_one() -> None:
    group, (first, second, third) = grouped(3)
    user = moderator()
    older = resolve_group(group_id=group.pk, keep=[first.pk], trash=[second.pk], version=1, user=user)
    newer = resolve_group(group_id=group.pk, keep=[first.pk], trash=[third.pk], version=2, user=user)

    undo_resolution(resolution_id=older.pk, user=user)
    assert open_groups() == [ids(first, second)]
    undo_resolution(resolution_id=newer.pk, user=user)

    assert open_groups() == [ids(first, second, third)]
    assert Photo.objects.trashed().count() == 0


def test_what_came_since_joins_the_reopened_group() -> None:
    group, photos = grouped(2)
    user = moderator()
    resolution = resolve_first(group, photos, user)
    newcomer = make_photos(1, file_size=10, width=100, height=75)[0]
    for photo in photos:
        match(photo, newcomer)
    group_now([newcomer])
    assert open_groups() == [ids(photos[0], newcomer)]

    undo_resolution(resolution_id=resolution.pk, user=user)

    assert open_groups() == [ids(*photos, newcomer)]


def test_a_decision_that_replaced_another_gives_it_back() -> None:
    user = moderator()
    group, photos = grouped(3)
    low, high = sorted(ids(*photos[1:]))
    PairDecision.objects.create(low_id=low, high_id=high, kind=PairDecision.Kind.KEPT_BOTH, decided_by=user)
    group_now(photos)
    before = all_rows()

    resolution = dismiss_group(group_id=group.pk, user=user)
    assert PairDecision.objects.get(low=low, high=high).kind == "not-duplicates"
    undo_resolution(resolution_id=resolution.pk, user=user)

    assert all_rows() == before


def test_the_journal_keeps_what_was_undone_and_by_whom() -> None:
    group, photos = grouped(2)
    decider, undoer = moderator(), moderator()
    resolution = resolve_first(group, photos, decider)

    undo_resolution(resolution_id=resolution.pk, user=undoer)

    resolution.refresh_from_db()
    assert (resolution.user, resolution.undone_by, resolution.group) == (decider, undoer, group)
    with pytest.raises(CannotUndo, match="taken back already"):
        undo_resolution(resolution_id=resolution.pk, user=undoer)


def test_undo_is_refused_when_a_photo_was_purged() -> None:
    group, photos = grouped(3)
    resolution = resolve_first(group, photos, moderator())
    assert purge_photo(photo_id=photos[1].pk)
    before = all_rows()

    with pytest.raises(CannotUndo, match="The trash was emptied of 1 photo"):
        undo_resolution(resolution_id=resolution.pk, user=moderator())

    assert all_rows() == before


def test_undo_is_refused_when_a_photo_left_the_trash_by_another_way() -> None:
    group, photos = grouped(2)
    resolution = resolve_first(group, photos, moderator())
    restore_photos(photos=[photos[1]], by=None)

    with pytest.raises(CannotUndo, match="left the trash"):
        undo_resolution(resolution_id=resolution.pk, user=moderator())


def test_undo_is_refused_when_someone_changed_what_was_merged() -> None:
    group, photos = grouped(2)
    Photo.objects.filter(pk=photos[1].pk).update(rating=3)
    resolution = resolve_first(group, photos, moderator())
    Photo.objects.filter(pk=photos[0].pk).update(rating=5)
    before = all_rows()

    with pytest.raises(CannotUndo, match=f"The rating of {photos[0].file_name} was changed since"):
        undo_resolution(resolution_id=resolution.pk, user=moderator())

    assert all_rows() == before


def test_undo_is_refused_when_the_same_bytes_came_again() -> None:
    group, photos = grouped(2)
    resolution = resolve_first(group, photos, moderator())
    trashed = Photo.objects.get(pk=photos[1].pk)
    make_photos(1, owner=trashed.owner, upload_sha256=trashed.upload_sha256)

    with pytest.raises(CannotUndo, match="is in the library already"):
        undo_resolution(resolution_id=resolution.pk, user=moderator())


def test_only_moderators_undo_and_only_what_is_in_the_journal() -> None:
    group, photos = grouped(2)
    resolution = resolve_first(group, photos, moderator())

    with pytest.raises(PermissionDenied):
        undo_resolution(resolution_id=resolution.pk, user=photos[0].owner)
    with pytest.raises(NoSuchResolution):
        undo_resolution(resolution_id=resolution.pk + 1, user=moderator())
