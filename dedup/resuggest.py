"""New rules for keepers: what they would change among the open groups, and changing it.

Groups are planned a few hundred at a time, so that neither memory nor the time for which groups are locked grows with
the library. Decided groups are never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from dedup.components import grouping_matches, lock_grouping
from dedup.models import Group, GroupMember, GroupStatus, Match
from dedup.planning import connected_parts, plan_groups
from dedup.regroup import assign, regroup, state_of
from dedup.rules import choice_among, save_rules
from gallery.models import Photo, PhotoState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dedup.compare.keeper_rules import Rules
    from dedup.planning import PlannedGroup
    from gallery.models import User

# Photos whose groups are planned, and locked, together: 0.2 to 0.4 s.
BATCH_PHOTOS = 1_000
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
    them as suggested frees now and then, in bytes."""

    groups: int = 0
    changed: int = 0
    bytes_now: int = 0
    bytes_then: int = 0
    samples: list[Sample] = field(default_factory=list)

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


def try_rules(rules: Rules) -> Outcome:
    """What the rules would do to the open groups. Nothing is changed or locked."""
    outcome = Outcome()
    for photo_ids in batches():
        for plan, group in planned_pairs(photo_ids, rules)[0]:
            if group is not None:
                outcome.count(plan, group)
    return outcome


def apply_rules(*, rules: Rules, by: User) -> Outcome:
    """Let the rules hold from now on and suggest the keepers of all open groups anew. Raises PermissionDenied.

    Groups that come up meanwhile follow the new rules already. Should this be interrupted, applying the same rules
    again goes on with what is left.
    """
    save_rules(rules=rules, by=by)
    outcome = Outcome()
    for photo_ids in batches():
        suggest_anew(photo_ids, rules, outcome)
    return outcome


@transaction.atomic
def suggest_anew(photo_ids: set[int], rules: Rules, outcome: Outcome) -> None:
    """Bring the open groups of these photos in line with the rules."""
    lock_grouping()
    pairs, left = planned_pairs(photo_ids, rules)
    for plan, group in pairs:
        if group is not None:
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
    Group.objects.bulk_update([group for _, group in pairs], changed, batch_size=BATCH_PHOTOS)
    GroupMember.objects.bulk_update(rows, ["verdict", "reasons"], batch_size=BATCH_PHOTOS)


def batches() -> Iterator[set[int]]:
    """The photos of all pairs that form groups, some BATCH_PHOTOS at a time; those that hang together stay so."""
    sound = {
        f"{side}__{name}": value
        for side in ("low", "high")
        for name, value in (("trashed_at", None), ("state", PhotoState.READY))
    }
    pairs = Match.objects.grouping().filter(**sound).order_by("low_id", "high_id").only("low_id", "high_id")
    parts = (
        {pk for pair in part for pk in (pair.low_id, pair.high_id)} for part in connected_parts(list(pairs))
    )
    return put_together(parts)


def put_together(parts: Iterable[set[int]]) -> Iterator[set[int]]:
    """The parts, put together to at least BATCH_PHOTOS photos, the last ones apart."""
    batch: set[int] = set()
    for part in parts:
        batch |= part
        if len(batch) >= BATCH_PHOTOS:
            yield batch
            batch = set()
    if batch:
        yield batch
