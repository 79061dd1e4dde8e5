"""Accepting the suggestions of many groups at once: counted first, then done by a worker, group by group.

Each group is decided in a transaction of its own, together with the count of how far the work has come: whenever a
worker dies, another goes on with the next group, and none is decided twice or left out. What changed since it was
counted is left as it is, and named.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Avg, Count, Min, Sum

from dedup.merging import Part
from dedup.models import BulkDecision, Group, GroupMember, GroupStatus, Resolution, Verdict
from dedup.resolution import BadDecision, Conflict, NoSuchGroup, resolve_group
from dedup.undo import CannotUndo, undo_resolution

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from django.db.models import QuerySet

    from dedup.queue_filter import QueueFilter
    from gallery.models import User

GROUPS_MAX = 100_000
NOTES_KEPT = 100
ENDS = {
    BulkDecision.State.RUNNING: BulkDecision.State.DONE,
    BulkDecision.State.UNDOING: BulkDecision.State.UNDONE,
}
WORKING = list(ENDS)
COUNTS = ("position", "accepted", "trashed", "bytes_freed", "skipped", "notes")


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
def begin_undo(*, bulk_id: int, user: User) -> None:
    """Let a worker take back every decision of a bulk that still stands, the latest first. Raises PermissionDenied."""
    if not user.may_moderate:
        raise PermissionDenied("Only moderators take decisions back.")
    bulk = locked(bulk_id, [BulkDecision.State.DONE, BulkDecision.State.STOPPED])
    if bulk is not None:
        bulk.user, bulk.state = user, BulkDecision.State.UNDOING
        standing = bulk.resolutions.filter(undone_at=None).order_by("-pk")
        bulk.groups = list(standing.values_list("pk", flat=True))
        bulk.total, bulk.position, bulk.skipped, bulk.notes = len(bulk.groups), 0, 0, []
        bulk.save()


def work(bulk_id: int, seconds: float) -> bool:
    """Go on for some seconds. Returns whether there is more to do."""
    ends = time.monotonic() + seconds
    found = BulkDecision.objects.filter(pk=bulk_id, state__in=WORKING).first()
    if found is None:
        return False
    while step(bulk_id, found.state, found.groups):
        if time.monotonic() > ends:
            return True
    return False


@transaction.atomic
def step(bulk_id: int, state: str, groups: Sequence[Any]) -> bool:
    """Accept one suggestion, or take one decision back. Returns whether there may be more to do."""
    bulk = locked(bulk_id, [state])
    if bulk is None:
        return False
    if bulk.user is None or not bulk.user.may_moderate:
        bulk.state = BulkDecision.State.STOPPED
        skip(bulk, "Stopped: whoever began it may not decide about duplicates any more.")
    elif bulk.position < bulk.total:
        one = groups[bulk.position]
        bulk.position += 1
        if state == BulkDecision.State.UNDOING:
            take_back(one, bulk, bulk.user)
        else:
            group_id, version = one
            accept(group_id, version, bulk, bulk.user)
    else:
        bulk.state = ENDS[BulkDecision.State(state)]
    bulk.save(update_fields=[*COUNTS, "state", "updated_at"])
    return bulk.state == state


def locked(bulk_id: int, states: Sequence[str]) -> BulkDecision | None:
    """The bulk decision, locked, if it is in one of these states. Its list of groups is not read."""
    rows = BulkDecision.objects.select_for_update(of=("self",)).select_related("user").defer("groups")
    return rows.filter(pk=bulk_id, state__in=states).first()


def accept(group_id: int, version: int, bulk: BulkDecision, user: User) -> None:
    """Decide a group as its keeper is suggested, if it is still as it was counted."""
    keeper = Group.objects.filter(pk=group_id).values_list("suggested_keeper_id", flat=True).first()
    rows = GroupMember.objects.filter(group=group_id).order_by("photo_id")
    members = list(rows.values_list("photo_id", flat=True))
    try:
        with transaction.atomic():
            resolution = resolve_group(
                group_id=group_id,
                keep=[pk for pk in members if pk == keeper],
                trash=[pk for pk in members if pk != keeper],
                merge=frozenset(map(Part, bulk.merge)),
                version=version,
                user=user,
                bulk=bulk,
            )
    except (NoSuchGroup, Conflict, BadDecision) as error:
        skip(bulk, f"Group {group_id}: {error}")
        return
    count(bulk, resolution, 1)


def take_back(resolution_id: int, bulk: BulkDecision, user: User) -> None:
    """Undo a decision of the bulk, if it can be."""
    try:
        with transaction.atomic():
            resolution = undo_resolution(resolution_id=resolution_id, user=user)
    except CannotUndo as error:
        skip(bulk, f"Decision {resolution_id}: {error}")
        return
    count(bulk, resolution, -1)


def count(bulk: BulkDecision, resolution: Resolution, sign: int) -> None:
    """Add a decision to the sums, or take it off."""
    bulk.accepted += sign
    bulk.trashed += sign * len(resolution.trashed)
    bulk.bytes_freed += sign * resolution.bytes_freed


def skip(bulk: BulkDecision, why: str) -> None:
    """Note what was left as it is."""
    bulk.skipped += 1
    if len(bulk.notes) < NOTES_KEPT:
        bulk.notes = [*bulk.notes, why]


def unfinished() -> list[int]:
    """Bulk decisions with work left, the oldest first."""
    return list(BulkDecision.objects.filter(state__in=WORKING).order_by("pk").values_list("pk", flat=True))
