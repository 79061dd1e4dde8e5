"""New rules for keepers: what they would change among the open groups, and changing it.

Groups are planned a few hundred at a time, so that neither memory nor the time for which groups are locked grows with
the library. A person waits for SECONDS at most: a trial goes on where it stopped, and what applying has not come to is
left to the workers. Decided groups are never looked at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from dedup.components import component, grouping_matches, lock_grouping
from dedup.detection_settings import GROUP_STAGE
from dedup.models import Group, GroupMember, GroupStatus
from dedup.planning import plan_groups
from dedup.regroup import assign, regroup, state_of
from dedup.rules import choice_among, save_rules
from gallery.models import Photo, PhotoState
from gallery.pipeline import owe_stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dedup.compare.keeper_rules import Rules
    from dedup.planning import PlannedGroup
    from gallery.models import User

# Open groups that are planned, and locked, together: 0.2 to 0.4 s.
BATCH_GROUPS = 400
# How long a person waits for one answer; the batch that has begun by then is finished.
SECONDS = 1.5
SAMPLES_MAX = 12
# What dedup.planning asks of a photo: the rest of its row takes longer to read than all the planning.
ASKED_FIELDS = (
    *("width", "height", "file_size", "media_type", "filled_share", "palette", "exif", "tag_ids", "taken_at"),
    *("uploaded_at", "camera", "lens", "title", "description", "latitude"),
)


@dataclass(frozen=True)
class Sample:
    """One group whose keeper would be another photo, and why."""

    group_id: int
    old_id: int | None
    new_id: int
    why: list[str]


@dataclass
class Outcome:
    """What rules do to the open groups: how many there are, for how many the keeper is another, and what deciding
    them as suggested frees now and then, in bytes. `left` are groups that were not looked at yet, which all come behind
    the group `after`."""

    groups: int = 0
    changed: int = 0
    bytes_now: int = 0
    bytes_then: int = 0
    samples: list[Sample] = field(default_factory=list)
    after: int = 0
    left: int = 0

    def count(self, plan: PlannedGroup, group: Group) -> None:
        """Take one group in."""
        self.groups += 1
        self.bytes_now += group.bytes_saved
        self.bytes_then += plan.bytes_saved
        if plan.keeper_id == group.suggested_keeper_id:
            return
        self.changed += 1
        if len(self.samples) < SAMPLES_MAX:
            self.samples.append(Sample(group.pk, group.suggested_keeper_id, plan.keeper_id, plan.why))


def try_rules(rules: Rules, so_far: Outcome | None = None, *, seconds: float = SECONDS) -> Outcome:
    """What the rules would do to the open groups, or to those that come behind what was found `so_far`, which is
    added to. Nothing is changed or locked."""
    outcome = so_far or Outcome()
    for group_ids in batches(outcome, seconds):
        for plan, group in planned_pairs(photos_of(group_ids), rules)[0]:
            if group is not None and group.pk in group_ids:
                outcome.count(plan, group)
    return outcome


def apply_rules(*, rules: Rules, by: User, seconds: float = SECONDS) -> Outcome:
    """Let the rules hold from now on and suggest the keepers of all open groups anew. Raises PermissionDenied.

    Groups that come up meanwhile follow the new rules already. Those that are left after some seconds are owed to the
    workers.
    """
    save_rules(rules=rules, by=by)
    outcome = Outcome()
    for group_ids in batches(outcome, seconds):
        suggest_anew(group_ids, rules, outcome)
    if outcome.left:
        # A group is made anew by any of its photos.
        members = GroupMember.objects.filter(group__status=GroupStatus.OPEN, group_id__gt=outcome.after)
        owe_stage(
            GROUP_STAGE,
            members.order_by()
            .values_list("group_id")
            .annotate(Min("photo_id"))
            .values_list("photo_id__min", flat=True),
        )
    return outcome


def batches(outcome: Outcome, seconds: float) -> Iterator[set[int]]:
    """The open groups behind those that were looked at, BATCH_GROUPS at a time and at least so many, until the seconds
    are over; `outcome` learns how far that is."""
    started = time.monotonic()
    waiting = Group.objects.filter(status=GroupStatus.OPEN).order_by("pk")
    ids = list(waiting.filter(pk__gt=outcome.after).values_list("pk", flat=True))
    outcome.left = len(ids)
    while ids:
        batch, ids = ids[:BATCH_GROUPS], ids[BATCH_GROUPS:]
        yield set(batch)
        outcome.after, outcome.left = batch[-1], len(ids)
        if time.monotonic() - started > seconds:
            break


def photos_of(group_ids: Iterable[int]) -> set[int]:
    """The live photos of these groups, and all that hang together with them."""
    return component(GroupMember.objects.filter(group_id__in=group_ids).values_list("photo_id", flat=True))


@transaction.atomic
def suggest_anew(group_ids: set[int], rules: Rules, outcome: Outcome) -> None:
    """Bring these open groups in line with the rules."""
    lock_grouping()
    photo_ids = photos_of(group_ids)
    pairs, left = planned_pairs(photo_ids, rules)
    for plan, group in pairs:
        if group is not None and group.pk in group_ids:
            outcome.count(plan, group)
    alike = [(plan, group) for plan, group in pairs if group is not None and has_same_members(plan, group)]
    if len(alike) == len(pairs) and not left:
        save_plans([(plan, group) for plan, group in alike if state_of(group) != plan])
    else:
        regroup(photo_ids)


def planned_pairs(
    photo_ids: set[int], rules: Rules
) -> tuple[list[tuple[PlannedGroup, Group | None]], list[Group]]:
    """The groups of these photos as the rules want them, each with the open group that it is; and those left over."""
    choice = choice_among(photo_ids, rules)
    photos = Photo.objects.live().filter(pk__in=photo_ids, state=PhotoState.READY).only(*ASKED_FIELDS)
    plans = plan_groups(list(photos.order_by("pk")), grouping_matches(photo_ids), choice)
    groups = Group.objects.filter(status=GroupStatus.OPEN, members__photo_id__in=photo_ids)
    return assign(plans, list(groups.distinct().order_by("pk").prefetch_related("members")))


def has_same_members(plan: PlannedGroup, group: Group) -> bool:
    """Whether the group consists of the photos of the plan."""
    return {row.photo_id for row in group.members.all()} == plan.members.keys()


def save_plans(pairs: list[tuple[PlannedGroup, Group]]) -> None:
    """Make groups equal to plans with the same members, and count them as changed: two statements for all of them."""
    now = timezone.now()
    rows = []
    for plan, group in pairs:
        group.version += 1
        group.kind, group.confidence, group.updated_at = plan.kind, plan.confidence, now
        group.suggested_keeper_id, group.why, group.bytes_saved = plan.keeper_id, plan.why, plan.bytes_saved
        for row in group.members.all():
            row.verdict, reasons = plan.members[row.photo_id]
            row.reasons = list(reasons)
            rows.append(row)
    changed = ["version", "kind", "confidence", "updated_at", "suggested_keeper", "why", "bytes_saved"]
    Group.objects.bulk_update([group for _, group in pairs], changed, batch_size=BATCH_GROUPS)
    GroupMember.objects.bulk_update(rows, ["verdict", "reasons"], batch_size=BATCH_GROUPS)
