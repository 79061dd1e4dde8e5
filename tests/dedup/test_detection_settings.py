"""What counts as a copy: kinds switched off, the least confidence, groups made anew, the preview of a change."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from dedup.decisions import decide_pairs, pairs_of
from dedup.detection_preview import Numbers, groups_by_kind, preview
from dedup.detection_settings import (
    GROUP_STAGE,
    BadSettings,
    KindRule,
    change_settings,
    live_pairs,
    present_rules,
    with_changes,
)
from dedup.models import Group, KindSetting, Match, PairDecision, Verdict
from dedup.resolution import resolve_group
from dedup.undo import undo_resolution
from gallery import pipeline
from gallery.models import Job, Photo, Role
from gallery.trash import trash_photos
from tests.dedup.rows import all_rows, group_now, ids, make_photos, match, moderator, open_groups
from tests.factories import make_user

pytestmark = pytest.mark.django_db

CROP_OFF = {Verdict.CROP: KindRule(is_on=False)}


def apply(rules: dict[Verdict, KindRule]) -> int:
    """Change the settings and let the workers make the groups anew. Returns how many photos were owed that."""
    count = change_settings(rules=rules, by=moderator())
    stage = pipeline.stages()[GROUP_STAGE]
    while pipeline.run_batch(stage):
        pass
    assert not Job.objects.filter(stage=GROUP_STAGE).exists()
    return count


def pair(kind: str, confidence: float = 0.9) -> list[Photo]:
    """Two photos in an open group of this kind."""
    photos = make_photos(2)
    match(photos[0], photos[1], kind, confidence)
    group_now(photos)
    return photos


def test_a_kind_that_is_switched_off_forms_no_groups_and_comes_back_as_it_was() -> None:
    crop, same = pair(Verdict.CROP), pair(Verdict.SAME_PICTURE)
    matches = list(Match.objects.order_by("pk").values())

    apply(CROP_OFF)
    assert open_groups() == [ids(*same)]
    assert list(Match.objects.order_by("pk").values()) == matches
    apply({Verdict.CROP: KindRule()})

    assert open_groups() == [ids(*crop), ids(*same)]


def test_pairs_that_are_less_sure_than_asked_for_form_no_groups() -> None:
    sure, unsure = pair(Verdict.EDITED, 0.95), pair(Verdict.EDITED, 0.9)

    apply({Verdict.EDITED: KindRule(least_confidence=0.95)})
    assert open_groups() == [ids(*sure)]
    apply({Verdict.EDITED: KindRule(least_confidence=0.9)})

    assert open_groups() == [ids(*sure), ids(*unsure)]


def test_a_photo_found_later_is_grouped_by_the_settings_as_they_are_then() -> None:
    apply(CROP_OFF)
    pair(Verdict.CROP)
    near = pair(Verdict.NEAR_SHOT)

    assert open_groups() == [ids(*near)]


def test_a_group_without_its_weakest_pairs_keeps_the_others() -> None:
    photos = make_photos(3)
    match(photos[0], photos[1], Verdict.SAME_PICTURE)
    match(photos[0], photos[2], Verdict.CROP, 0.85)
    group_now(photos)
    group = Group.objects.get()

    apply(CROP_OFF)

    changed = Group.objects.get()
    assert (changed.pk, changed.kind, changed.version) == (group.pk, Verdict.SAME_PICTURE, group.version + 1)
    assert open_groups() == [ids(*photos[:2])]


def test_only_photos_that_a_change_concerns_are_grouped_anew() -> None:
    pair(Verdict.SAME_PICTURE)
    crop = pair(Verdict.CROP, 0.85)
    pair(Verdict.CROP, 0.95)

    change_settings(rules={Verdict.CROP: KindRule(least_confidence=0.9)}, by=moderator())

    owed = Job.objects.filter(stage=GROUP_STAGE).values_list("photo_id", flat=True)
    assert set(owed) == ids(*crop)


def test_settings_that_change_nothing_owe_nothing() -> None:
    pair(Verdict.CROP)

    assert change_settings(rules={Verdict.CROP: KindRule(least_confidence=0.5)}, by=moderator()) == 0


def test_decisions_outlive_a_change_there_and_back() -> None:
    crop = pair(Verdict.CROP)
    decide_pairs(pairs=pairs_of(ids(*crop)), kind=PairDecision.Kind.NOT_DUPLICATES, by=moderator())
    group_now(crop)
    decided = pair(Verdict.CROP)
    group = Group.objects.get()
    resolve_group(group_id=group.pk, keep=[decided[0].pk], trash=[decided[1].pk], version=1, user=moderator())
    before = list(PairDecision.objects.values()), list(Group.objects.values())

    apply(CROP_OFF)
    apply({Verdict.CROP: KindRule()})

    assert (list(PairDecision.objects.values()), list(Group.objects.values())) == before


def test_an_undone_decision_brings_no_group_back_that_the_settings_keep_out() -> None:
    crop = pair(Verdict.CROP)
    user = moderator()
    resolution = resolve_group(
        group_id=Group.objects.get().pk, keep=[crop[0].pk], trash=[crop[1].pk], version=1, user=user
    )
    apply(CROP_OFF)

    undo_resolution(resolution_id=resolution.pk, user=user)
    assert open_groups() == []
    apply({Verdict.CROP: KindRule()})

    assert open_groups() == [ids(*crop)]


def test_the_rules_can_be_read_back_and_name_who_changed_them() -> None:
    user = moderator()

    change_settings(rules={Verdict.NEAR_SHOT: KindRule(False, 0.7)}, by=user)

    assert present_rules()[Verdict.NEAR_SHOT] == KindRule(is_on=False, least_confidence=0.7)
    assert present_rules()[Verdict.CROP] == KindRule()
    assert KindSetting.objects.get().changed_by == user


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({Verdict.SAME_PICTURE: KindRule(is_on=False)}, "Only crop and near-shot can be switched off"),
        ({Verdict.IDENTICAL_PIXELS: KindRule()}, "always count"),
        ({Verdict.CROP: KindRule(least_confidence=1.01)}, "from 0 to 1"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_a_sentence(
    rules: dict[Verdict, KindRule], words: str
) -> None:
    with pytest.raises(BadSettings, match=words):
        change_settings(rules=rules, by=moderator())
    assert not KindSetting.objects.exists()


def test_only_moderators_change_the_settings() -> None:
    with pytest.raises(PermissionDenied):
        change_settings(rules=CROP_OFF, by=make_user(role=Role.UPLOADER))


def test_a_preview_counts_groups_pairs_and_bytes_now_and_then() -> None:
    crop = pair(Verdict.CROP, 0.85)
    pair(Verdict.CROP, 0.95)
    pair(Verdict.SAME_PICTURE)

    shown = preview(with_changes({Verdict.CROP: KindRule(least_confidence=0.9)}))

    row = next(row for row in shown.kinds if row.kind is Verdict.CROP)
    size = crop[1].file_size
    assert (row.now, row.then) == (Numbers(2, 2, 2 * size), Numbers(1, 1, size))
    assert (shown.copies.now, shown.copies.then) == (Numbers(3, 3, 3 * size), Numbers(2, 2, 2 * size))
    assert shown.photos == 2


def test_a_preview_shows_the_pairs_on_both_sides_of_a_threshold_nearest_first() -> None:
    for confidence in (0.84, 0.86, 0.87, 0.88, 0.89, 0.9, 0.92, 0.94, 0.96):
        pair(Verdict.CROP, confidence)
    trashed = pair(Verdict.CROP, 0.899)
    trash_photos(photos=trashed, by=None)

    (shown,) = preview(with_changes({Verdict.CROP: KindRule(least_confidence=0.9)})).borderline

    assert [round(one.percent) for one in shown.inside] == [90, 92, 94]
    assert [round(one.percent) for one in shown.outside] == [89, 88, 87]
    assert shown.inside[0].match.sentence


def test_a_preview_of_a_kind_switched_off_shows_the_surest_pairs_that_would_go() -> None:
    pair(Verdict.NEAR_SHOT, 0.7)
    pair(Verdict.NEAR_SHOT, 0.9)

    (shown,) = preview(with_changes({Verdict.NEAR_SHOT: KindRule(is_on=False)})).borderline

    assert shown.least_percent is None
    assert shown.inside == []
    assert [round(one.percent) for one in shown.outside] == [90, 70]


def test_of_very_many_photos_some_are_looked_at_and_the_rest_is_reckoned(monkeypatch: Any) -> None:
    for _ in range(12):
        pair(Verdict.CROP)
    pair(Verdict.SAME_PICTURE)
    monkeypatch.setattr("dedup.detection_preview.PLANNED_PHOTOS_MAX", 8)

    shown = preview(with_changes(CROP_OFF))

    row = next(row for row in shown.kinds if row.kind is Verdict.CROP)
    assert (shown.photos, shown.planned, shown.is_estimate) == (24, 8, True)
    assert (row.now, row.then) == (Numbers(12, 12, 12 * 500_000), Numbers())
    assert shown.copies.then == Numbers(1, 1, 500_000)


def test_a_preview_changes_nothing() -> None:
    pair(Verdict.CROP)
    before = all_rows()

    preview(with_changes(CROP_OFF))

    assert all_rows() == before
    assert not KindSetting.objects.exists()


@pytest.mark.parametrize("seed", range(8))
def test_what_a_preview_says_is_what_happens(seed: int) -> None:
    chance = random.Random(seed)
    photos = make_photos(24)
    kinds = [Verdict.SAME_PICTURE, Verdict.CROP, Verdict.NEAR_SHOT]
    for one, other in itertools.combinations(photos, 2):
        if chance.random() < 0.08:
            match(one, other, chance.choice(kinds), chance.choice([0.85, 0.9, 0.95]))
    group_now(photos)
    for _ in range(3):
        changes = {
            Verdict.CROP: KindRule(chance.random() < 0.7, chance.choice([0.0, 0.9, 0.95])),
            Verdict.NEAR_SHOT: KindRule(chance.random() < 0.7, chance.choice([0.0, 0.9])),
            Verdict.SAME_PICTURE: KindRule(True, chance.choice([0.0, 0.9])),
        }
        rules = with_changes(changes)
        said = {row.kind.value: row.then for row in preview(rules).kinds}

        apply(changes)

        assert numbers_now() == said


def numbers_now() -> dict[str, Numbers]:
    groups, saved = groups_by_kind()
    pairs = [pair.kind for pair in Match.objects.grouping().filter(pk__in=live_pairs().values("pk"))]
    return {kind.value: Numbers(groups[kind], pairs.count(kind), saved[kind]) for kind in Verdict}


def test_groups_made_step_by_step_are_those_that_are_made_at_once() -> None:
    photos = make_photos(12)
    for one, other in itertools.combinations(photos, 2):
        if (one.pk + other.pk) % 3 == 0:
            match(one, other, Verdict.CROP if one.pk % 2 else Verdict.EDITED, 0.85 + (other.pk % 10) / 100)
    group_now(photos)
    apply({Verdict.CROP: KindRule(False), Verdict.EDITED: KindRule(least_confidence=0.88)})
    step_by_step = open_groups()
    Group.objects.all().delete()

    group_now(photos)

    assert open_groups() == step_by_step


def test_a_batch_whose_job_was_taken_over_is_not_saved(monkeypatch: Any) -> None:
    crop = pair(Verdict.CROP)
    change_settings(rules=CROP_OFF, by=moderator())
    stage = pipeline.stages()[GROUP_STAGE]

    def lost(photo_ids: Any) -> set[int]:
        Job.objects.filter(stage=GROUP_STAGE).update(worker="another:1")
        return set(photo_ids)

    monkeypatch.setattr("dedup.group_stage.hold_photos", lost)
    with transaction.atomic():
        pipeline.run_batch(stage)

    assert open_groups() == [ids(*crop)]
    assert Job.objects.filter(stage=GROUP_STAGE).count() == 2
