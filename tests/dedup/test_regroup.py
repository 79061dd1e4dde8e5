"""Groups follow from verified pairs, decisions and the trash, whatever came first."""

from __future__ import annotations

import itertools
import random

import pytest

from dedup.decisions import decide_pairs, pairs_of
from dedup.models import Group, GroupStatus, Match, PairDecision, Verdict
from gallery.models import Photo, PhotoState
from gallery.trash import restore_photos, trash_photos
from tests.dedup.rows import all_rows, group_now, grouped, ids, make_photos, match, moderator, open_groups

pytestmark = pytest.mark.django_db


def test_every_member_was_verified_against_the_keeper_so_chains_do_not_glue() -> None:
    photos = make_photos(5)
    for one, other in itertools.pairwise(photos):
        match(one, other)
    group_now(photos)

    assert open_groups() == [ids(photos[0], photos[1]), ids(photos[2], photos[3])]


def test_a_group_says_whom_to_keep_and_why_and_what_it_frees() -> None:
    group, photos = grouped(3)

    assert group.suggested_keeper == photos[0]
    assert group.why[0].startswith("it has the most detail (4000 x 3000")
    assert group.bytes_saved == photos[1].file_size + photos[2].file_size
    assert (group.kind, group.confidence, group.version) == (Verdict.SAME_PICTURE, 0.9, 1)
    reasons = {row.photo_id: row.reasons for row in group.members.all()}
    assert reasons[photos[0].pk] == []
    assert reasons[photos[1].pk] == [f"same-picture: {photos[0].pk} and {photos[1].pk}"]


def test_a_group_is_as_sure_and_as_strong_as_its_weakest_pair() -> None:
    photos = make_photos(3)
    match(photos[0], photos[1], Verdict.SAME_PICTURE, 0.95)
    match(photos[0], photos[2], Verdict.CROP, 0.85)
    group_now(photos)

    group = Group.objects.get()
    assert (group.kind, group.confidence) == (Verdict.CROP, 0.85)
    verdicts = dict(group.members.values_list("photo_id", "verdict"))
    assert verdicts == {photos[0].pk: "", photos[1].pk: "same-picture", photos[2].pk: "crop"}


def test_near_shots_and_copies_never_share_a_group() -> None:
    photos = make_photos(4)
    match(photos[0], photos[1])
    match(photos[0], photos[2], Verdict.NEAR_SHOT)
    match(photos[0], photos[3], Verdict.NEAR_SHOT)
    group_now(photos)

    found = {group.kind: set(group.photos.values_list("pk", flat=True)) for group in Group.objects.all()}
    assert found == {
        Verdict.SAME_PICTURE: ids(photos[0], photos[1]),
        Verdict.NEAR_SHOT: ids(photos[0], photos[2], photos[3]),
    }


def test_damaged_photos_are_never_grouped() -> None:
    photos = make_photos(3)
    for one, other in itertools.combinations(photos, 2):
        match(one, other)
    Photo.objects.filter(pk=photos[0].pk).update(state=PhotoState.DAMAGED)
    group_now(photos)

    assert open_groups() == [ids(photos[1], photos[2])]


def test_grouping_again_changes_no_row() -> None:
    _, photos = grouped(3)
    before = all_rows()

    group_now(photos)

    assert all_rows() == before


def test_a_real_change_makes_a_new_version_of_the_same_group() -> None:
    group, photos = grouped(2)
    newcomer = make_photos(1, width=300, height=200)[0]
    match(photos[0], newcomer)
    group_now([newcomer])

    changed = Group.objects.get()
    assert (changed.pk, changed.version) == (group.pk, 2)
    assert open_groups() == [ids(*photos, newcomer)]


def test_a_trashed_member_leaves_its_open_group_and_comes_back_when_restored() -> None:
    group, photos = grouped(3)

    trash_photos(photos=[photos[2]], by=None)
    assert open_groups() == [ids(photos[0], photos[1])]
    restore_photos(photos=[photos[2]], by=None)

    assert open_groups() == [ids(*photos)]
    assert Group.objects.get().pk == group.pk


def test_a_group_with_one_live_member_vanishes() -> None:
    _, photos = grouped(2)

    trash_photos(photos=[photos[0]], by=None)

    assert not Group.objects.exists()


def test_when_the_keeper_goes_the_others_are_grouped_anew() -> None:
    photos = make_photos(4)
    for other in photos[1:]:
        match(photos[0], other)
    match(photos[1], photos[2])
    group_now(photos)
    assert open_groups() == [ids(*photos)]

    trash_photos(photos=[photos[0]], by=None)

    assert open_groups() == [ids(photos[1], photos[2])]


@pytest.mark.parametrize("kind", PairDecision.Kind)
def test_a_decided_pair_is_not_grouped_again(kind: PairDecision.Kind) -> None:
    _, photos = grouped(2)
    decide_pairs(pairs=pairs_of(ids(*photos)), kind=kind, by=moderator())

    group_now(photos)

    assert open_groups() == []


def test_a_bridge_joins_two_groups_into_the_larger_one() -> None:
    small, pair = grouped(2)
    large, triple = grouped(3)
    best = make_photos(1, width=9000, height=6000)[0]
    for photo in [*pair, *triple]:
        match(best, photo)
    group_now([best])

    assert open_groups() == [ids(best, *pair, *triple)]
    assert Group.objects.get().pk == large.pk
    assert not Group.objects.filter(pk=small.pk).exists()


def test_closed_groups_are_left_alone() -> None:
    group, photos = grouped(2)
    Group.objects.filter(pk=group.pk).update(status=GroupStatus.RESOLVED)
    trash_photos(photos=[photos[1]], by=None)

    assert Group.objects.get().members.count() == 2


@pytest.mark.parametrize("seed", range(5))
def test_groups_do_not_depend_on_the_order_in_which_pairs_are_found(seed: int) -> None:
    photos = make_photos(9)
    chance = random.Random(seed)
    pairs = [pair for pair in itertools.combinations(photos, 2) if chance.random() < 0.4]
    found = []
    for _ in range(3):
        chance.shuffle(pairs)
        for one, other in pairs:
            match(one, other)
            group_now([one])
        found.append(open_groups())
        Group.objects.all().delete()
        Match.objects.all().delete()

    assert found[0] == found[1] == found[2] != []
