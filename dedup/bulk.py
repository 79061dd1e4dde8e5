"""Accepting the suggestions of many groups at once: counted first, then done by a worker, group by group.

Each group is decided in a transaction of its own, together with the count of how far the work has come: whenever a
worker dies, another goes on with the next group, and none is decided twice or left out. What changed since it was
counted is left as it is, and named.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Avg, Count, Func, IntegerField, Min, Sum
from django.utils import timezone

from dedup.merging import Part
from dedup.models import BulkDecision, Group, GroupMember, GroupStatus, Verdict
from dedup.resolution import BadDecision, Conflict, NoSuchGroup, resolve_group
from dedup.undo import CannotUndo, undo_resolution

if TYPE_CHECKING:
    from collections.abc import Set

    from django.db.models import QuerySet

    from dedup.queue_filter import QueueFilter
    from gallery.models import User

GROUPS_MAX = 100_000
NOTES_KEPT = 100
STALLED_SECONDS = 60
"""Longer than tasks wait for other work, as a rule; a chain that was only slow ends by the number of its turn."""


class CannotAccept(ValueError):
    """The suggestions cannot be accepted like this; the message says why and what to do."""


@dataclass(frozen=True)
class DryRun:
    """What accepting would do: groups decided, photos to the trash, bytes freed, how sure the verdicts are (0..1)."""

    groups: int
    photos: int
    bytes_freed: int
    least_sure: float
    mean_sure: float
    by_kind: list[tuple[Verdict, int]]


def acceptable(queue: QueueFilter) -> QuerySet[Group]:
    """The groups of a queue that have a suggestion to accept: open groups of copies."""
    groups = queue.groups().filter(status=GroupStatus.OPEN, suggested_keeper__isnull=False)
    return groups.exclude(kind=Verdict.NEAR_SHOT)


def dry_run(queue: QueueFilter) -> DryRun:
    """Count what `begin` would do. Nothing changes."""
    groups = acceptable(queue).order_by()
    sums = groups.aggregate(
        n=Count("pk"), freed=Sum("bytes_saved"), least=Min("confidence"), mean=Avg("confidence")
    )
    members = GroupMember.objects.filter(group__in=groups.values("pk")).count()
    kinds = dict(groups.values_list("kind").annotate(n=Count("pk")))
    return DryRun(
        groups=sums["n"],
        photos=members - sums["n"],
        bytes_freed=sums["freed"] or 0,
        least_sure=sums["least"] or 0.0,
        mean_sure=sums["mean"] or 0.0,
        by_kind=[(kind, kinds[kind.value]) for kind in Verdict if kind.value in kinds],
    )


@transaction.atomic
def begin(*, queue: QueueFilter, photos: int, merge: Set[Part], user: User) -> BulkDecision:
    """Let a worker accept every suggestion of the queue; `photos` is how many the person was told go to the trash.

    Raises PermissionDenied; CannotAccept when the number is another by now, or when there is nothing to do.
    """
    if not user.may_moderate:
        raise PermissionDenied("Only moderators decide about duplicates.")
    counted = dry_run(queue)
    if counted.groups == 0:
        raise CannotAccept("No open group of this queue has a suggestion to accept.")
    if counted.groups > GROUPS_MAX:
        raise CannotAccept(f"At most {GROUPS_MAX:,} groups can be accepted at once. Narrow the filter.")
    if counted.photos != photos:
        raise CannotAccept(
            f"The number is {counted.photos:,}, not {photos:,}. Nothing was changed. Look at the count and confirm it."
        )
    groups = [list(row) for row in acceptable(queue).values_list("pk", "version")]
    return BulkDecision.objects.create(
        user=user, filter=queue.values(), merge=sorted(merge), groups=groups, total=len(groups)
    )


def stop(*, bulk_id: int, user: User) -> None:
    """Decide no further group; what is decided stays so."""
    if not user.may_moderate:
        raise PermissionDenied("Only moderators decide about duplicates.")
    BulkDecision.objects.filter(pk=bulk_id, state=BulkDecision.State.RUNNING).update(
        state=BulkDecision.State.STOPPED
    )


@transaction.atomic
def begin_undo(*, bulk_id: int, user: User) -> BulkDecision | None:
    """Let a worker take back every decision of a bulk that still stands, the latest first; None where none can be.

    Raises PermissionDenied.
    """
    if not user.may_moderate:
        raise PermissionDenied("Only moderators take decisions back.")
    ended = [BulkDecision.State.DONE, BulkDecision.State.STOPPED]
    bulk = BulkDecision.objects.select_for_update().filter(pk=bulk_id, state__in=ended).first()
    if bulk is None:
        return None
    standing = bulk.resolutions.filter(undone_at=None).order_by("-pk")
    bulk.groups = list(standing.values_list("pk", flat=True))
    bulk.state, bulk.undone_by = BulkDecision.State.UNDOING, user
    bulk.total, bulk.position, bulk.skipped, bulk.notes = len(bulk.groups), 0, 0, []
    bulk.turn += 1
    bulk.save()
    return bulk


def work(bulk_id: int, turn: int, seconds: float) -> bool:
    """Go on for some seconds, if it is still this turn's. Returns whether there is more to do."""
    ends = time.monotonic() + seconds
    found = BulkDecision.objects.filter(pk=bulk_id, turn=turn).first()
    while found is not None and step(found):
        if time.monotonic() > ends:
            return True
    return False


@transaction.atomic
def step(found: BulkDecision) -> bool:
    """Accept one suggestion, or take one decision back. Returns whether there is more to do in this turn.

    `found` holds the list of groups, which does not change within a turn; all else is read anew.
    """
    rows = (
        BulkDecision.objects.select_for_update(of=("self",))
        .select_related("user", "undone_by")
        .defer("groups")
    )
    bulk = rows.filter(pk=found.pk, turn=found.turn, state__in=BulkDecision.ENDS).first()
    if bulk is None:
        return False
    if bulk.worker_for is None or not bulk.worker_for.may_moderate:
        bulk.state = BulkDecision.State.STOPPED
        skip(bulk, "Stopped: whoever began it may not decide about duplicates any more.")
    elif bulk.position < bulk.total:
        decide_one(bulk, found.groups[bulk.position], bulk.worker_for)
        bulk.position += 1
    else:
        bulk.state = BulkDecision.ENDS[BulkDecision.State(bulk.state)]
    bulk.save(update_fields=["position", "skipped", "notes", "state", "updated_at"])
    return bulk.is_working


def decide_one(bulk: BulkDecision, one: Any, user: User) -> None:
    """Accept a suggestion, or take a decision back; what cannot be is left and named."""
    try:
        with transaction.atomic():
            if bulk.state == BulkDecision.State.UNDOING:
                undo_resolution(resolution_id=one, user=user)
            else:
                group_id, version = one
                accept(group_id, version, bulk, user)
    except (NoSuchGroup, Conflict, BadDecision) as error:
        skip(bulk, f"Group {one[0]}: {error}")
    except CannotUndo as error:
        skip(bulk, f"Decision {one}: {error}")


def accept(group_id: int, version: int, bulk: BulkDecision, user: User) -> None:
    """Decide a group as its keeper is suggested. Raises NoSuchGroup, Conflict, BadDecision."""
    keeper = Group.objects.filter(pk=group_id).values_list("suggested_keeper_id", flat=True).first()
    rows = GroupMember.objects.filter(group=group_id).order_by("photo_id")
    members = list(rows.values_list("photo_id", flat=True))
    resolve_group(
        group_id=group_id,
        keep=[pk for pk in members if pk == keeper],
        trash=[pk for pk in members if pk != keeper],
        merge=frozenset(map(Part, bulk.merge)),
        version=version,
        user=user,
        bulk=bulk,
    )


def skip(bulk: BulkDecision, why: str) -> None:
    """Note what was left as it is."""
    bulk.skipped += 1
    if len(bulk.notes) < NOTES_KEPT:
        bulk.notes = [*bulk.notes, why]


@dataclass(frozen=True)
class Standing:
    """What of a bulk decision stands: decisions, photos that they moved to the trash, bytes that this freed."""

    decisions: int
    photos: int
    bytes_freed: int


def standing(bulk: BulkDecision) -> Standing:
    """Count what of it stands."""
    photos = Func("trashed", function="jsonb_array_length", output_field=IntegerField())
    sums = bulk.resolutions.filter(undone_at=None).aggregate(
        n=Count("pk"), photos=Sum(photos), freed=Sum("bytes_freed")
    )
    return Standing(sums["n"], sums["photos"] or 0, sums["freed"] or 0)


def take_over_stalled() -> list[BulkDecision]:
    """Bulk decisions with work left that nobody has gone on with for a while, each in a new turn."""
    stalled = timezone.now() - timedelta(seconds=STALLED_SECONDS)
    waiting = BulkDecision.objects.filter(state__in=BulkDecision.ENDS, updated_at__lt=stalled)
    with transaction.atomic():
        found = list(waiting.select_for_update(skip_locked=True).defer("groups").order_by("pk"))
        for bulk in found:
            bulk.turn += 1
            bulk.save(update_fields=["turn", "updated_at"])
    return found
