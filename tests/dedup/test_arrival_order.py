"""Pairs and groups are the same in whatever order photos arrive, and however many workers match them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageOps

from dedup.decisions import decide_pairs
from dedup.models import Fingerprint, FreshWord, Group, HashEntry, Match, PairDecision, WordPostings
from gallery import jobs, pipeline
from gallery.models import Job, Photo
from gallery.trash import restore_photos, trash_photos
from tests.dedup.photos import library, moderator, run_stages
from tests.dedup.rows import open_groups
from tests.dedup.test_races import at_once
from tests.pictures import jpeg_bytes, scene

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SHUFFLES = 5


def variants(seed: int) -> dict[str, bytes]:
    """One scene, and copies that are found by hash and such that are found by words alone."""
    picture = scene(seed, (900, 640))
    framed = Image.new("RGB", (1100, 900), "white")
    framed.paste(picture, (100, 130))
    return {
        f"scene{seed}.jpg": jpeg_bytes(picture, 95),
        f"scene{seed}-small.jpg": jpeg_bytes(picture.resize((450, 320)), 88),
        f"scene{seed}-mirrored.jpg": jpeg_bytes(ImageOps.mirror(picture)),
        f"scene{seed}-crop.jpg": jpeg_bytes(picture.crop((200, 90, 760, 500))),
        f"scene{seed}-framed.jpg": jpeg_bytes(framed),
    }


def mixed_library() -> dict[str, Photo]:
    files = {name: content for seed in (1, 2) for name, content in variants(seed).items()}
    return library(files | {f"other{seed}.jpg": jpeg_bytes(scene(seed)) for seed in (3, 4)})


def pairs() -> set[tuple[int, int, str]]:
    return set(Match.objects.values_list("low_id", "high_id", "kind"))


def arrive(order: Sequence[Fingerprint], workers: int) -> None:
    """Let analysed photos arrive in this order, nothing known of them, shared out to so many workers at once."""
    for table in (Group, Match, Fingerprint, Job, HashEntry, FreshWord, WordPostings):
        table._default_manager.all().delete()
    stage = pipeline.stages()["match"]

    def work(share: Sequence[Fingerprint]) -> None:
        for fingerprint in share:
            fingerprint.matched_by = fingerprint.words_version = 0
            Fingerprint.objects.bulk_create([fingerprint])
            jobs.owe(photo_ids=[fingerprint.photo_id], stage="match")
            pipeline.run_batch(stage)

    at_once([lambda place=place: work(order[place::workers]) for place in range(workers)])  # type: ignore[misc]
    while pipeline.run_batch(stage):
        pass
    assert not Job.objects.exists()


def test_five_shuffles_give_the_same_pairs_and_groups_to_one_worker_and_to_four() -> None:
    mixed_library()
    expected_pairs, expected_groups = pairs(), open_groups()
    assert [len(group) for group in expected_groups] == [5, 5]
    assert len(expected_pairs) >= 2 * 8
    fingerprints = list(Fingerprint.objects.all())
    chance = random.Random(1)

    for _ in range(SHUFFLES):
        chance.shuffle(fingerprints)
        for workers in (1, 4):
            arrive(fingerprints, workers)
            assert pairs() == expected_pairs
            assert open_groups() == expected_groups
            # A group changes no more often than photos come to it.
            assert max(Group.objects.values_list("version", flat=True)) <= len(variants(1))


def test_what_is_trashed_and_comes_back_is_grouped_as_before_and_decisions_hold() -> None:
    photos = mixed_library()
    expected_pairs, expected_groups = pairs(), open_groups()
    keepers = list(Photo.objects.filter(pk__in=Group.objects.values("suggested_keeper")))
    by = moderator()

    trash_photos(photos=keepers, by=by)
    assert [len(group) for group in open_groups()] == [4, 4]
    restore_photos(photos=keepers, by=by)
    run_stages()
    assert (pairs(), open_groups()) == (expected_pairs, expected_groups)

    low, high = sorted((photos["scene1.jpg"].pk, photos["scene1-small.jpg"].pk))
    decide_pairs(pairs=[(low, high)], kind=PairDecision.Kind.NOT_DUPLICATES, by=by)
    jobs.owe(photo_ids=[photo.pk for photo in photos.values()], stage="match")
    run_stages()
    arrive(list(Fingerprint.objects.all()), 1)

    assert pairs() == expected_pairs
    assert not any({low, high} <= group for group in open_groups())
