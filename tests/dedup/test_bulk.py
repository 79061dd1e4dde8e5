"""Accepting many suggestions at once: counted, confirmed, done group by group, stopped, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from dedup import bulk
from dedup.bulk import (
    STALLED_SECONDS,
    CannotAccept,
    Standing,
    begin,
    begin_undo,
    dry_run,
    standing,
    step,
    stop,
    work,
)
from dedup.merging import ALL_PARTS, Part
from dedup.models import BulkDecision, Group, GroupStatus, Resolution, Verdict
from dedup.queue_filter import QueueFilter
from dedup.resolution import dismiss_group
from dedup.tasks import run_bulk, wake_stalled
from dedup.undo import undo_resolution
from gallery.models import Photo, Role, User
from gallery.tags import add_tags
from gallery.tasks import sweep
from gallery.trash import purge_photo
from tests.dedup.rows import all_rows, group_now, grouped, make_photos, match, moderator
from tests.dedup.test_api import client_of
from tests.factories import make_user

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.django_db

ALL = QueueFilter()


def finish(decision: BulkDecision) -> BulkDecision:
    decision.refresh_from_db()
    assert not work(decision.pk, decision.turn, 60)
    decision.refresh_from_db()
    return decision


def accept_all(user: User | None = None, parts: frozenset[Part] = ALL_PARTS) -> BulkDecision:
    return begin(queue=ALL, photos=dry_run(ALL).photos, merge=parts, user=user or moderator())


def stall(decision: BulkDecision) -> None:
    """Let it look as if its worker had died some time ago."""
    past = timezone.now() - timedelta(seconds=STALLED_SECONDS + 1)
    BulkDecision.objects.filter(pk=decision.pk).update(updated_at=past)


def trashed(photos: Sequence[Photo]) -> list[bool]:
    return [Photo.objects.get(pk=photo.pk).is_trashed for photo in photos]


def test_the_count_is_what_then_happens() -> None:
    _, three = grouped(3)
    _, two = grouped(2)
    near = make_photos(2)
    match(near[0], near[1], Verdict.NEAR_SHOT)
    group_now(near)
    counted = dry_run(ALL)
    assert (counted.groups, counted.photos, counted.by_kind) == (2, 3, [(Verdict.SAME_PICTURE, 2)])
    assert counted.bytes_freed == sum(photo.file_size for photo in [*three[1:], *two[1:]])
    assert counted.least_sure == counted.mean_sure == 0.9

    done = finish(accept_all())
    assert (done.state, done.total, done.position, done.skipped) == ("done", 2, 2, 0)
    assert standing(done) == Standing(2, counted.photos, counted.bytes_freed)
    assert trashed([*three, *two, *near]) == [False, True, True, False, True, False, False]
    assert Resolution.objects.filter(bulk=done).count() == 2


def test_only_what_the_filter_shows_is_accepted() -> None:
    mira = make_user("mira")
    _, hers = grouped(2, owner=mira)
    _, others = grouped(2)
    finish(begin(queue=QueueFilter(uploader="mira"), photos=1, merge=ALL_PARTS, user=moderator()))

    assert trashed([*hers, *others]) == [False, True, False, False]


def test_another_number_than_was_counted_begins_nothing() -> None:
    grouped(2)
    with pytest.raises(CannotAccept, match="number is 1, not 2"):
        begin(queue=ALL, photos=2, merge=ALL_PARTS, user=moderator())
    with pytest.raises(CannotAccept, match="No open group"):
        begin(queue=QueueFilter(sure=99), photos=1, merge=ALL_PARTS, user=moderator())
    with pytest.raises(PermissionDenied):
        begin(queue=ALL, photos=1, merge=ALL_PARTS, user=make_user(role=Role.UPLOADER))
    assert not BulkDecision.objects.exists()


def test_what_changed_since_the_count_is_left_and_named() -> None:
    (changed, photos), (gone, others), (_, rest) = grouped(2), grouped(2), grouped(2)
    begun = accept_all()
    late = make_photos(1)[0]
    match(photos[0], late)
    group_now([late])
    dismiss_group(group_id=gone.pk, user=moderator())
    done = finish(begun)

    assert (standing(done).decisions, done.skipped) == (1, 2)
    assert any("changed since" in note for note in done.notes) and any(
        "decided this group" in note for note in done.notes
    )
    assert trashed([*photos, late, *others, *rest]) == [False, False, False, False, False, False, True]
    assert Group.objects.get(pk=changed.pk).status == GroupStatus.OPEN


def test_only_the_chosen_parts_are_merged() -> None:
    _, photos = grouped(2)
    add_tags(photos=[photos[1]], names=["sun"])
    Photo.objects.filter(pk=photos[1].pk).update(rating=5)
    finish(accept_all(parts=frozenset({Part.RATING})))

    kept = Photo.objects.get(pk=photos[0].pk)
    assert (kept.rating, kept.tag_ids) == (5, [])


def test_a_worker_that_dies_between_two_groups_leaves_the_rest_to_the_next_one() -> None:
    for _ in range(3):
        grouped(2)
    begun = accept_all()
    assert step(begun)
    assert Resolution.objects.count() == 1
    assert bulk.take_over_stalled() == []
    stall(begun)
    assert bulk.take_over_stalled() == [begun]

    assert not step(begun)
    assert standing(finish(begun)).decisions == Resolution.objects.count() == 3
    stall(begun)
    assert bulk.take_over_stalled() == []


def test_it_stops_at_once_and_can_be_taken_back_row_by_row() -> None:
    for _ in range(3):
        grouped(3)
    before = all_rows()
    user = moderator()
    begun = accept_all(user)
    step(begun)
    stop(bulk_id=begun.pk, user=user)
    stopped = finish(begun)
    assert (stopped.state, standing(stopped).decisions, Resolution.objects.count()) == ("stopped", 1, 1)

    other = moderator()
    begin_undo(bulk_id=begun.pk, user=other)
    back = finish(begun)
    assert (back.state, back.user, back.undone_by) == ("undone", user, other)
    assert standing(back) == Standing(0, 0, 0)
    assert begin_undo(bulk_id=begun.pk, user=user) is None
    assert all_rows() == before


def test_what_cannot_be_taken_back_is_named_and_the_rest_is() -> None:
    _, first = grouped(2)
    _, second = grouped(2)
    user = moderator()
    done = finish(accept_all(user))
    purge_photo(photo_id=first[1].pk)
    begin_undo(bulk_id=done.pk, user=user)
    back = finish(done)

    assert (back.state, back.skipped, standing(back).decisions) == ("undone", 1, 1)
    assert "trash was emptied" in back.notes[0]
    assert not Photo.objects.get(pk=second[1].pk).is_trashed


def test_it_ends_when_the_person_may_not_decide_any_more() -> None:
    _, photos = grouped(2)
    user = moderator()
    begun = accept_all(user)
    User.objects.filter(pk=user.pk).update(role=Role.VIEWER)
    stopped = finish(begun)

    assert (stopped.state, standing(stopped).decisions) == ("stopped", 0)
    assert "may not decide" in stopped.notes[0] and trashed(photos) == [False, False]


def test_the_sweep_goes_on_with_what_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    grouped(2)
    begun = accept_all()
    monkeypatch.setattr("dedup.tasks.run_bulk.apply_async", lambda args, **options: run_bulk(*args))
    stall(begun)
    wake_stalled()
    begun.refresh_from_db()
    assert begun.state == "done"
    grouped(2)
    again = accept_all()
    stall(again)
    sweep()
    again.refresh_from_db()
    assert again.state == "done"


def test_pages_count_confirm_and_show_how_far_it_is() -> None:
    grouped(3)
    client = client_of(moderator())
    url = reverse("duplicate-accept")
    page = client.get(url).content.decode()
    assert "<strong>1</strong> group" in page and "<strong>2</strong> photos go" in page
    assert client.post(url, {"photos": "x"}).status_code == 422
    refused = client.post(url, {"photos": "3"})
    assert refused.status_code == 409 and "The number is 2, not 3" in refused.content.decode()
    assert not BulkDecision.objects.exists()

    begun = client.post(url, {"photos": "2"})
    decision = BulkDecision.objects.get()
    assert begun.headers["Location"] == reverse("duplicate-bulk", args=[decision.pk])
    assert "Stop here" in client.get(begun.headers["Location"]).content.decode()
    finish(decision)
    part = client.get(begun.headers["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "Take all of it back" in part and "<html" not in part and "hx-get" not in part
    client.post(reverse("duplicate-bulk-undo", args=[decision.pk]))
    assert finish(decision).state == "undone"
    assert "Nothing to accept" not in client.get(url).content.decode()


def test_the_api_counts_begins_and_takes_back() -> None:
    grouped(2)
    client = client_of(moderator())
    counted = client.get("/api/v1/duplicates/accept").json()
    assert (counted["groups"], counted["photos"]) == (1, 1)
    assert counted["kinds"] == [{"kind": "same-picture", "groups": 1}]

    def send(path: str, **body: object) -> tuple[int, dict[str, object]]:
        answer = client.post(f"/api/v1/duplicates/{path}", body, content_type="application/json")
        return answer.status_code, answer.json()

    assert send("accept", photos=5)[0] == 409
    assert send("accept", photos=1, kind="twins")[0] == 422
    status, begun = send("accept", photos=1, merge=["tags"])
    assert (status, begun["state"], begun["total"]) == (202, "running", 1)
    decision = finish(BulkDecision.objects.get())
    assert decision.merge == ["tags"]
    assert client.get(f"/api/v1/duplicates/bulk/{decision.pk}").json()["standing"]["decisions"] == 1
    assert send(f"bulk/{decision.pk}/undo")[1]["state"] == "undoing"
    assert finish(decision).state == "undone"
    assert send(f"bulk/{decision.pk}/undo")[0] == 409
    assert send(f"bulk/{decision.pk}/stop")[0] == 200 and send("bulk/0/stop")[0] == 404


def test_a_decision_taken_back_by_itself_does_not_stand() -> None:
    grouped(2)
    grouped(3)
    done = finish(accept_all())
    first = Resolution.objects.order_by("pk")[0]
    undo_resolution(resolution_id=first.pk, user=moderator())

    assert standing(done).decisions == 1
    assert standing(done).photos == 3 - len(first.trashed)
    begin_undo(bulk_id=done.pk, user=moderator())
    assert finish(done).total == 1
