"""Searching by copies: dupes:, dupe:, has:duplicates, and similar photos by structure."""

from __future__ import annotations

import pytest

from dedup.models import Verdict
from dedup.resolution import dismiss_group, resolve_group
from gallery.models import Role, User
from gallery.search import search
from gallery.search.similar import similar_photos
from tests.dedup.photos import copies, library
from tests.dedup.rows import group_now, grouped, ids, make_photos, match, moderator
from tests.factories import make_user
from tests.pictures import jpeg_bytes, scene

pytestmark = pytest.mark.django_db


def found(user: User, text: str) -> set[int]:
    page = search(user, text)
    assert page.warnings == []
    return {photo.pk for photo in page.photos}


def test_dupes_counts_the_copies_of_a_photo() -> None:
    _, (best, second, third) = grouped(3)
    alone = make_photos(1)[0]
    match(alone, make_photos(1)[0], Verdict.NEAR_SHOT)
    user = make_user()

    assert found(user, "dupes:2") == ids(best, second, third)
    assert found(user, "dupes:>0") == found(user, "has:duplicates") == ids(best, second, third)
    assert alone.pk in found(user, "dupes:0")
    assert alone.pk in found(user, "-has:dupes")


def test_copies_that_the_asker_may_not_see_do_not_count() -> None:
    _, (best, second) = grouped(2)
    type(second).objects.filter(pk=second.pk).update(visibility="private")

    assert found(make_user(), "has:duplicates") == set()
    assert found(make_user(), "dupes:>0") == set()
    assert found(moderator(), "dupes:1") == ids(best, second)


def test_pairs_that_are_no_duplicates_are_not_counted() -> None:
    group, _ = grouped(2)
    dismiss_group(group_id=group.pk, user=moderator())

    assert found(make_user(), "has:duplicates") == set()


def test_dupe_names_the_state_of_the_review() -> None:
    waiting, open_photos = grouped(2)
    decided, (kept, trashed) = grouped(2)
    user = moderator()
    resolve_group(group_id=decided.pk, keep=[kept.pk], trash=[trashed.pk], version=1, user=user)

    assert waiting.status == "open"
    assert found(user, "dupe:open") == ids(*open_photos)
    assert found(user, "dupe:resolved") == ids(kept)
    assert found(open_photos[0].owner, "dupe:open") == ids(*open_photos)
    assert found(make_user(role=Role.UPLOADER), "dupe:open") == set()


def test_similar_by_structure_puts_proven_copies_first() -> None:
    photos = library(copies(3) | {"other.jpg": jpeg_bytes(scene(4))})
    original = photos["scene3.png"]

    answer = similar_photos(original.owner, original, by="structure", limit=10)

    names = [hit.photo.file_name for hit in answer.hits]
    assert set(names[:3]) == set(copies(3)) - {"scene3.png"}
    assert all(hit.reason.startswith("same picture") for hit in answer.hits[:3])
    assert all(hit.score < answer.hits[2].score for hit in answer.hits[3:])


def test_similar_by_structure_shows_nobody_what_they_may_not_see() -> None:
    _, (best, second) = grouped(2)
    type(second).objects.filter(pk=second.pk).update(visibility="private")

    assert similar_photos(make_user(), best, by="structure", limit=10).hits == []


def test_groups_are_not_needed_for_copies_to_count() -> None:
    photos = make_photos(2)
    match(photos[0], photos[1])
    group_now([])

    assert found(make_user(), "dupes:1") == ids(*photos)
