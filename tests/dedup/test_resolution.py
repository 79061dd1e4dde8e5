"""Deciding about a group: what is kept, what goes, what is merged, and what stale views are told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from dedup.merging import ALL_PARTS, Part
from dedup.models import Group, GroupStatus, PairDecision, Resolution, Verdict
from dedup.resolution import BadDecision, Conflict, NoSuchGroup, dismiss_group, resolve_group
from dedup.undo import undo_resolution
from gallery.albums import add_to_album
from gallery.models import Album, AlbumPhoto, Photo, PhotoTag, Role, TagSource
from gallery.tags import add_tags
from tests.dedup.rows import all_rows, group_now, grouped, ids, make_photos, match, moderator, open_groups
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def decisions() -> dict[tuple[int, int], str]:
    return {(row.low_id, row.high_id): row.kind for row in PairDecision.objects.all()}


def keep_first(group: Group, photos: list[Photo]) -> Resolution:
    """Accept the suggestion."""
    return resolve_group(
        group_id=group.pk,
        keep=[photos[0].pk],
        trash=[photo.pk for photo in photos[1:]],
        version=group.version,
        user=moderator(),
    )


def test_what_is_not_kept_lies_in_the_trash_and_the_group_is_closed() -> None:
    group, photos = grouped(3)

    resolution = keep_first(group, photos)

    assert set(Photo.objects.live().filter(pk__in=ids(*photos)).values_list("pk", flat=True)) == ids(
        photos[0]
    )
    assert set(Photo.objects.trashed().values_list("trashed_by", flat=True)) == {resolution.user_id}
    group.refresh_from_db()
    assert (group.status, group.version, group.members.count()) == (GroupStatus.RESOLVED, 2, 3)
    assert (resolution.kept, resolution.trashed) == ([photos[0].pk], sorted(ids(*photos[1:])))
    assert resolution.bytes_freed == photos[1].file_size + photos[2].file_size


def test_keeping_all_changes_nothing_but_remembers_each_pair() -> None:
    group, photos = grouped(3)
    before = all_rows()

    resolve_group(group_id=group.pk, keep=list(ids(*photos)), trash=[], version=1, user=moderator())

    after = all_rows()
    for table in ("Photo", "PhotoTag", "AlbumPhoto", "GroupMember", "Match"):
        assert after[table] == before[table]
    assert set(decisions().values()) == {"kept-both"}
    assert len(decisions()) == 3
    group_now(photos)
    assert open_groups() == []


def test_not_duplicates_is_remembered_for_each_pair_for_good() -> None:
    group, photos = grouped(3)

    dismiss_group(group_id=group.pk, user=moderator())

    group.refresh_from_db()
    assert group.status == GroupStatus.DISMISSED
    assert set(decisions().values()) == {"not-duplicates"}
    group_now(photos)
    assert open_groups() == []
    assert Photo.objects.live().count() == 3


def test_a_decided_pair_does_not_return_with_a_new_copy() -> None:
    group, photos = grouped(2)
    dismiss_group(group_id=group.pk, user=moderator())
    newcomer = make_photos(1, file_size=10)[0]
    match(photos[0], newcomer)
    group_now([newcomer])

    assert open_groups() == [ids(photos[0], newcomer)]


def test_a_part_of_a_group_can_be_decided_and_the_rest_stays_open() -> None:
    group, photos = grouped(4)

    resolve_group(group_id=group.pk, keep=[photos[0].pk], trash=[photos[1].pk], version=1, user=moderator())

    assert open_groups() == [ids(photos[0], photos[2], photos[3])]
    assert Group.objects.get().pk == group.pk
    assert Group.objects.get().version == 2


def test_the_last_part_closes_the_group() -> None:
    group, photos = grouped(3)
    first, second, third = photos
    user = moderator()

    resolve_group(group_id=group.pk, keep=[first.pk], trash=[second.pk], version=1, user=user)
    resolve_group(group_id=group.pk, keep=[first.pk], trash=[third.pk], version=2, user=user)

    assert Group.objects.get().status == GroupStatus.RESOLVED


def test_two_of_a_group_can_be_told_apart_while_the_others_stay() -> None:
    group, photos = grouped(3)

    dismiss_group(group_id=group.pk, photo_ids=[photos[0].pk, photos[2].pk], user=moderator())

    assert open_groups() == [ids(photos[0], photos[1])]


def test_the_kept_photo_takes_over_what_its_copies_have() -> None:
    group, (kept, second, third) = grouped(3)
    Photo.objects.filter(pk=kept.pk).update(rating=1, description="By the lake")
    Photo.objects.filter(pk=second.pk).update(
        rating=4, title="Summer", description="Other words", taken_at=datetime(2001, 2, 3, 4, 5, 6, 789, UTC)
    )
    Photo.objects.filter(pk=third.pk).update(
        favourite=True, title="Later title", latitude=1.5, longitude=2.5, visibility="private"
    )
    add_tags(photos=[kept], names=["lake"])
    add_tags(photos=[second], names=["lake", "sun"], source=TagSource.METADATA)
    add_tags(photos=[third], names=["boat"])
    album = Album.objects.create(owner=kept.owner, name="Holidays")
    add_to_album(album=album, photos=[make_photos(1)[0], third, make_photos(1)[0]])

    keep_first(group, [kept, second, third])

    kept.refresh_from_db()
    assert (kept.rating, kept.favourite, kept.title, kept.description) == (4, True, "Summer", "By the lake")
    assert kept.taken_at == datetime(2001, 2, 3, 4, 5, 6, 789, UTC)
    assert (kept.latitude, kept.longitude, kept.visibility) == (1.5, 2.5, "private")
    tags = {row.tag.name: row.source for row in PhotoTag.objects.filter(photo=kept).select_related("tag")}
    assert tags == {"lake": "user", "sun": "metadata", "boat": "user"}
    assert len(kept.tag_ids) == 3
    places = dict(AlbumPhoto.objects.filter(album=album).values_list("photo_id", "position"))
    assert places[kept.pk] == places[third.pk] == 2


def test_visibility_never_widens() -> None:
    group, photos = grouped(2)
    Photo.objects.filter(pk=photos[0].pk).update(visibility="private")
    Photo.objects.filter(pk=photos[1].pk).update(visibility="public")

    keep_first(group, photos)

    assert Photo.objects.get(pk=photos[0].pk).visibility == "private"


def test_the_owner_of_a_trashed_copy_sees_the_kept_photo_even_when_it_is_private() -> None:
    group, photos = grouped(2)
    owner, stranger = make_user(), make_user()
    Photo.objects.filter(pk=photos[1].pk).update(owner=owner)
    Photo.objects.filter(pk=photos[0].pk).update(visibility="private")

    resolution = keep_first(group, photos)

    assert Photo.objects.visible_to(owner).filter(pk=photos[0].pk).exists()
    assert not Photo.objects.visible_to(stranger).filter(pk=photos[0].pk).exists()
    undo_resolution(resolution_id=resolution.pk, user=moderator())
    assert not Photo.objects.visible_to(owner).filter(pk=photos[0].pk).exists()


def test_without_merge_the_kept_photo_stays_as_it_is() -> None:
    group, photos = grouped(2)
    add_tags(photos=[photos[1]], names=["sun"])
    Photo.objects.filter(pk=photos[1].pk).update(rating=5)

    resolve_group(
        group_id=group.pk,
        keep=[photos[0].pk],
        trash=[photos[1].pk],
        merge=frozenset(),
        version=1,
        user=moderator(),
    )

    kept = Photo.objects.get(pk=photos[0].pk)
    assert (kept.rating, kept.tag_ids) == (0, [])


def test_with_several_kept_a_copy_merges_into_its_strongest_match() -> None:
    best, crop, copy_of_crop = make_photos(3)
    match(best, crop, Verdict.CROP)
    match(best, copy_of_crop, Verdict.CROP)
    match(crop, copy_of_crop, Verdict.SAME_PICTURE)
    group_now([best])
    group = Group.objects.get()
    add_tags(photos=[copy_of_crop], names=["detail"])

    resolve_group(
        group_id=group.pk, keep=[best.pk, crop.pk], trash=[copy_of_crop.pk], version=1, user=moderator()
    )

    assert Photo.objects.get(pk=best.pk).tag_ids == []
    assert len(Photo.objects.get(pk=crop.pk).tag_ids) == 1
    assert decisions() == {tuple(sorted(ids(best, crop))): "kept-both"}


def test_a_stale_view_is_told_who_decided_what_and_changes_nothing() -> None:
    group, photos = grouped(2)
    first = make_user("ada", role=Role.MODERATOR)
    resolve_group(group_id=group.pk, keep=[photos[0].pk], trash=[photos[1].pk], version=1, user=first)
    before = all_rows()

    with pytest.raises(Conflict) as caught:
        resolve_group(
            group_id=group.pk, keep=[photos[1].pk], trash=[photos[0].pk], version=1, user=moderator()
        )

    assert caught.value.sentence == (
        f"ada has decided this group already: kept {photos[0].file_name}, "
        f"moved {photos[1].file_name} to the trash."
    )
    assert caught.value.group.status == GroupStatus.RESOLVED
    assert all_rows() == before


def test_a_group_that_grew_meanwhile_is_shown_again_before_it_is_decided() -> None:
    group, photos = grouped(2)
    newcomer = make_photos(1, file_size=10)[0]
    match(photos[0], newcomer)
    group_now([newcomer])

    with pytest.raises(Conflict, match="now has 3 photos"):
        keep_first(group, photos)

    assert Photo.objects.trashed().count() == 0


@pytest.mark.parametrize(
    ("keep", "trash", "message"),
    [
        ([], [0, 1], "Keep at least one"),
        ([0], [0], "not both"),
        ([0], [99], "Not in this group"),
        ([0], [], "at least two"),
        ([0, 0], [1], "named once"),
    ],
)
def test_decisions_that_do_not_fit_are_refused(keep: list[int], trash: list[int], message: str) -> None:
    group, photos = grouped(2)
    chosen = {0: photos[0].pk, 1: photos[1].pk, 99: make_photos(1)[0].pk}

    with pytest.raises(BadDecision, match=message):
        resolve_group(
            group_id=group.pk,
            keep=[chosen[place] for place in keep],
            trash=[chosen[place] for place in trash],
            version=1,
            user=moderator(),
        )


def test_only_moderators_decide() -> None:
    group, photos = grouped(2)

    with pytest.raises(PermissionDenied):
        resolve_group(
            group_id=group.pk, keep=[photos[0].pk], trash=[photos[1].pk], version=1, user=photos[0].owner
        )
    with pytest.raises(PermissionDenied):
        dismiss_group(group_id=group.pk, user=photos[0].owner)


def test_a_group_that_is_gone_is_said_to_be() -> None:
    with pytest.raises(NoSuchGroup):
        dismiss_group(group_id=12345, user=moderator())


@pytest.mark.parametrize("part", Part)
def test_each_part_of_the_merge_can_be_left_out(part: Part) -> None:
    group, (kept, copy) = grouped(2)
    taken = datetime(2001, 2, 3, tzinfo=UTC)
    Photo.objects.filter(pk=copy.pk).update(
        rating=4,
        favourite=True,
        title="Summer",
        description="Words",
        taken_at=taken,
        latitude=1.5,
        longitude=2.5,
    )
    Photo.objects.filter(pk=copy.pk).update(visibility="private")
    add_tags(photos=[copy], names=["sun"])
    add_to_album(album=Album.objects.create(owner=kept.owner, name="Holidays"), photos=[copy])
    before = merged_state(kept)

    resolve_group(
        group_id=group.pk,
        keep=[kept.pk],
        trash=[copy.pk],
        merge=ALL_PARTS - {part},
        version=1,
        user=moderator(),
    )

    after = merged_state(kept)
    assert {name for name in before if before[name] != after[name]} == ALL_PARTS - {part}


def merged_state(photo: Photo) -> dict[Part, Any]:
    """What the photo has of each part."""
    photo = Photo.objects.get(pk=photo.pk)
    return {
        Part.ALBUMS: list(photo.albums.values_list("name", flat=True)),
        Part.TAGS: photo.tag_ids,
        Part.RATING: photo.rating,
        Part.FAVOURITE: photo.favourite,
        Part.TITLE: photo.title,
        Part.DESCRIPTION: photo.description,
        Part.DATE: photo.taken_at,
        Part.PLACE: photo.latitude,
        Part.VISIBILITY: photo.visibility,
    }
