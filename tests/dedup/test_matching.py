"""The match stage: from uploaded files to verified matches and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageOps

from dedup import matching
from dedup.compare.verdict import ENGINE_VERSION
from dedup.decisions import decide_pairs, pairs_of
from dedup.examine import examine
from dedup.models import Fingerprint, Group, Match, PairDecision
from gallery import jobs
from gallery.model_status import ModelStatus, save_model_status
from gallery.models import Embedding, Photo, PhotoState
from gallery.pipeline import stages
from gallery.trash import restore_photos, trash_photos
from tests.dedup.photos import copies, library, run_stages
from tests.dedup.rows import ids, moderator, open_groups
from tests.factories import make_user, upload
from tests.pictures import flat, gif_bytes, gradient, jpeg_bytes, png_bytes, scene

if TYPE_CHECKING:
    from functools import partial

    from dedup.compare.verdict import Side, Verdict

pytestmark = pytest.mark.django_db


def names(group: Group) -> set[str]:
    return set(group.photos.values_list("file_name", flat=True))


def kind_between(one: Photo, other: Photo) -> str | None:
    match = Match.objects.of_photo(one.pk).of_photo(other.pk).first()
    return match.kind if match else None


def match_again(*photos: Photo) -> None:
    jobs.owe(photo_ids=[photo.pk for photo in photos], stage="match")
    run_stages()


def test_copies_of_one_picture_make_one_group_with_the_original_as_keeper() -> None:
    photos = library(copies(1) | {"other.jpg": jpeg_bytes(scene(2))})

    group = Group.objects.get()
    assert names(group) == set(copies(1))
    assert group.suggested_keeper == photos["scene1.png"]
    assert group.why
    smaller = [photo for name, photo in photos.items() if name not in ("scene1.png", "other.jpg")]
    assert group.bytes_saved == sum(photo.file_size for photo in smaller)
    assert all(0.8 < match.confidence <= 1 and match.sentence for match in Match.objects.all())
    assert Photo.objects.live().count() == 5


def test_a_photo_that_is_like_no_other_holds_up_no_other_worker() -> None:
    photos = library({f"{number}.jpg": jpeg_bytes(scene(number)) for number in (1, 2)})
    jobs.owe(photo_ids=[photos["1.jpg"].pk], stage="match")

    with CaptureQueriesContext(connection) as queries:
        run_stages()

    assert any("dedup_wordpostings" in query["sql"] for query in queries)
    assert not any("pg_advisory_xact_lock" in query["sql"] for query in queries)


def test_crops_borders_turns_and_mirror_images_are_found() -> None:
    picture = scene(5, (1000, 700))
    framed = Image.new("RGB", (1200, 1000), "white")
    framed.paste(picture, (100, 150))
    photos = library(
        {
            "whole.jpg": jpeg_bytes(picture, 95),
            "crop.jpg": jpeg_bytes(picture.crop((250, 100, 850, 560))),
            "framed.jpg": jpeg_bytes(framed),
            "turned.jpg": jpeg_bytes(picture.rotate(90, expand=True)),
            "mirrored.jpg": jpeg_bytes(ImageOps.mirror(picture)),
            "other.jpg": jpeg_bytes(scene(6, (1000, 700))),
        }
    )

    found = {name: kind_between(photos["whole.jpg"], photo) for name, photo in photos.items()}
    assert found["crop.jpg"] == "crop"
    assert found["framed.jpg"] == "edited"
    assert found["turned.jpg"] == found["mirrored.jpg"] == "rotated"
    assert found["other.jpg"] is None
    assert open_groups() == [ids(*photos.values()) - ids(photos["other.jpg"])]


def test_the_same_pixels_in_another_container_are_identical() -> None:
    picture = scene(7)
    photos = library({"one.png": png_bytes(picture), "two.png": png_bytes(picture, compress_level=1)})

    assert kind_between(*photos.values()) == "identical-pixels"
    assert Match.objects.get().confidence == 1


def test_the_same_file_of_two_owners_is_a_pair_even_when_it_is_dull() -> None:
    content = jpeg_bytes(flat((300, 200), (90, 120, 40)))
    first = library({"dull.jpg": content})["dull.jpg"]
    Photo.objects.filter(pk=first.pk).update(visibility="private")
    second = library({"mine.jpg": content}, owner=make_user())["mine.jpg"]

    assert first.pk != second.pk
    assert kind_between(first, second) == "identical-pixels"


def test_dull_pictures_do_not_collide() -> None:
    library(
        {
            "black.jpg": jpeg_bytes(flat((400, 300), (0, 0, 0))),
            "white.jpg": jpeg_bytes(flat((400, 300), (255, 255, 255))),
            "up.jpg": jpeg_bytes(gradient((400, 300), (20, 40, 90), (200, 220, 240))),
            "down.jpg": jpeg_bytes(gradient((400, 300), (200, 220, 240), (20, 40, 90))),
        }
    )

    assert not Group.objects.exists()
    assert Fingerprint.objects.filter(phash__isnull=False).count() == 0


def test_the_first_frame_of_an_animation_stands_for_it() -> None:
    frames = [scene(8, (400, 300)), scene(9, (400, 300))]
    photos = library({"moving.gif": gif_bytes(frames), "still.png": png_bytes(frames[0])})

    assert kind_between(*photos.values()) not in (None, "identical-pixels")


def test_damaged_pictures_are_never_matched() -> None:
    content = jpeg_bytes(scene(10))
    photos = library({"whole.jpg": content, "torn.jpg": content[: len(content) * 3 // 4]})

    assert photos["torn.jpg"].state == PhotoState.DAMAGED
    assert not Match.objects.exists()


def test_a_photo_that_is_trashed_before_it_was_matched_is_matched_when_it_returns() -> None:
    owner = make_user()
    first, second = (upload(owner, content, name).photo for name, content in list(copies(11).items())[:2])
    trash_photos(photos=[second], by=owner)
    run_stages()
    assert not Match.objects.exists()

    restore_photos(photos=[second], by=owner)
    run_stages()

    assert open_groups() == [ids(first, second)]


def test_uploads_that_are_to_be_kept_open_no_group() -> None:
    files = copies(12)
    first = library(dict(list(files.items())[:1]))
    rest = library(dict(list(files.items())[1:3]), keep_duplicates=True)
    photos = [*first.values(), *rest.values()]

    assert open_groups() == []
    assert Match.objects.count() == 3
    assert set(PairDecision.objects.values_list("kind", flat=True)) == {"kept-both"}
    match_again(*photos)
    assert open_groups() == []


def test_a_later_plain_upload_of_a_kept_picture_is_reported() -> None:
    files = list(copies(13).items())
    kept = library(dict(files[:1]), keep_duplicates=True)
    plain = library(dict(files[1:2]))

    assert open_groups() == [ids(*kept.values(), *plain.values())]


@pytest.mark.parametrize("kind", PairDecision.Kind)
def test_decisions_survive_that_everything_is_matched_again(kind: PairDecision.Kind) -> None:
    photos = list(library(dict(list(copies(14).items())[:2])).values())
    decide_pairs(pairs=pairs_of(ids(*photos)), kind=kind, by=moderator())
    Match.objects.all().delete()
    Group.objects.all().delete()

    match_again(*photos)

    assert Match.objects.count() == 1
    assert open_groups() == []


def test_matching_again_changes_nothing() -> None:
    photos = library(copies(15))
    before = list(Match.objects.order_by("pk").values()), list(Group.objects.values())

    match_again(*photos.values())

    assert (list(Match.objects.order_by("pk").values()), list(Group.objects.values())) == before


def test_what_an_older_engine_matched_is_confirmed_or_dropped() -> None:
    files = copies(16) | {"other.jpg": jpeg_bytes(scene(17))}
    photos = library(files)
    original, other = photos["scene16.png"], photos["other.jpg"]
    Match.objects.update(engine_version=ENGINE_VERSION - 1, sentence="from before")
    low, high = sorted(ids(original, other))
    Match.objects.create(
        low_id=low, high_id=high, kind="same-picture", confidence=0.9, engine_version=ENGINE_VERSION - 1
    )
    Fingerprint.objects.update(matched_by=ENGINE_VERSION - 1)
    assert set(stages()["match"].outdated()) == set(photos.values())

    match_again(original)

    assert kind_between(original, other) is None
    confirmed = Match.objects.of_photo(original.pk)
    assert confirmed.count() == 3
    assert set(confirmed.values_list("engine_version", flat=True)) == {ENGINE_VERSION}
    assert original not in stages()["match"].outdated()


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The pairs that are compared from now on, by file name."""
    pairs: list[tuple[str, str]] = []

    def noting(low: Side, high: Side, pixels_equal: partial[bool], *more: Any) -> Verdict | None:
        first, second = (photo.file_name for photo in pixels_equal.args)
        pairs.append((first, second))
        return examine(low, high, pixels_equal, *more)

    monkeypatch.setattr(matching, "examine", noting)
    return pairs


def test_each_pair_of_a_batch_is_compared_once_and_not_again_when_it_matched(
    examined: list[tuple[str, str]],
) -> None:
    photos = library(copies(19))
    assert len(examined) == len(set(examined)) == 6

    match_again(*photos.values())

    assert len(examined) == 6


def test_after_the_vector_only_neighbours_by_the_model_are_compared_and_none_that_was_refused(
    examined: list[tuple[str, str]],
) -> None:
    save_model_status(ModelStatus(available=True, version="tiny/1"))
    refused = {
        f"{name}.png": png_bytes(flat((300, 200), (90, 120, grey))) for name, grey in (("a", 40), ("b", 90))
    }
    photos = library(refused | {"c.jpg": jpeg_bytes(scene(20))})
    Fingerprint.objects.filter(photo=photos["b.png"]).update(refused=[photos["a.png"].pk])
    assert examined == []
    for photo in photos.values():
        Embedding.objects.create(photo=photo, model="tiny/1", vector=[1, 0, 0])

    match_again(photos["b.png"])
    assert examined == [("b.png", "c.jpg")]
    assert Fingerprint.objects.get(photo=photos["b.png"]).refused == []

    # With nothing new by the model, someone wants all to be compared again.
    match_again(photos["b.png"])
    assert examined[1:] == [("a.png", "b.png"), ("b.png", "c.jpg")]


@pytest.mark.parametrize("available", [True, False])
def test_refused_photos_are_remembered_only_while_a_vector_is_to_come(
    available: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model_status(ModelStatus(available=available, version="tiny/1"))
    photos = library(copies(21) | {"other.jpg": jpeg_bytes(scene(22))})
    other = photos["other.jpg"].pk
    everyone = {other: sorted(ids(*photos.values()) - {other})}
    monkeypatch.setattr(matching, "candidates_of_each", lambda own, only_looks: everyone)

    match_again(photos["other.jpg"])

    refused = Fingerprint.objects.get(photo=photos["other.jpg"]).refused
    assert sorted(refused) == (everyone[other] if available else [])


def test_photos_that_lost_their_fingerprint_end_their_job() -> None:
    photo = library({"one.jpg": jpeg_bytes(scene(18))})["one.jpg"]
    Fingerprint.objects.all().delete()

    match_again(photo)

    assert not Match.objects.exists()
