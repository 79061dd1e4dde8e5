"""Making the open groups equal to what the verified, undecided matches that the settings let in say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F
from django.utils import timezone

from dedup.components import affected, grouping_matches, live_and_sound, lock_grouping
from dedup.models import Group, GroupMember, GroupStatus, Verdict
from dedup.planning import PlannedGroup, plan_groups
from dedup.rules import choice_among

if TYPE_CHECKING:
    from collections.abc import Iterable


def regroup(photo_ids: Iterable[int]) -> None:
    """Bring the open groups around these photos in line with matches, decisions, settings and the trash.

    Call it in a transaction. The outcome depends on matches and decisions alone, not on the order in which they came.
    Groups that stay the same are not touched.
    """
    lock_grouping()
    reached, existing = affected(photo_ids)
    if existing or len(reached) > 1:
        choice = choice_among(reached)
        reconcile(plan_groups(live_and_sound(reached), grouping_matches(reached), choice), existing)


def reconcile(planned: list[PlannedGroup], existing: list[Group]) -> None:
    """Turn the existing groups into the planned ones, keeping those that share most members."""
    pairs, left = assign(planned, existing)
    for unused in left:
        close_group(unused)
    for plan, group in pairs:
        if group is None:
            create_group(plan)
        elif state_of(group) != plan:
            change_group(group, plan)


def assign(
    planned: list[PlannedGroup], existing: list[Group]
) -> tuple[list[tuple[PlannedGroup, Group | None]], list[Group]]:
    """Give each plan the existing group that shares most members, if any; copies and near shots stay apart.

    Returns plans with their groups, and the groups that are left over.
    """
    free = {group.pk: group for group in existing}
    members = {group.pk: {row.photo_id for row in group.members.all()} for group in existing}
    pairs: list[tuple[PlannedGroup, Group | None]] = []
    for plan in sorted(planned, key=lambda plan: (-len(plan.members), min(plan.members))):
        shared = {
            pk: len(members[pk] & plan.members.keys())
            for pk, group in free.items()
            if (group.kind == Verdict.NEAR_SHOT) == (plan.kind == Verdict.NEAR_SHOT)
        }
        best = max(shared, key=lambda pk: (shared[pk], -pk), default=None)
        pairs.append((plan, free.pop(best) if best is not None and shared[best] else None))
    return pairs, list(free.values())


def state_of(group: Group) -> PlannedGroup:
    """What an existing group says, in the form of a plan."""
    return PlannedGroup(
        keeper_id=group.suggested_keeper_id or 0,
        kind=group.kind,
        confidence=group.confidence,
        why=list(group.why),
        bytes_saved=group.bytes_saved,
        members={row.photo_id: (row.verdict, tuple(row.reasons)) for row in group.members.all()},
    )


def create_group(plan: PlannedGroup) -> None:
    """Open a new group."""
    group = Group.objects.create(
        kind=plan.kind,
        confidence=plan.confidence,
        suggested_keeper_id=plan.keeper_id,
        why=plan.why,
        bytes_saved=plan.bytes_saved,
    )
    add_members(group, plan, plan.members.keys())


def change_group(group: Group, plan: PlannedGroup) -> None:
    """Make an open group equal to the plan and count it as changed."""
    present = {row.photo_id: row for row in group.members.all()}
    GroupMember.objects.filter(group=group, photo_id__in=present.keys() - plan.members.keys()).delete()
    for photo_id in present.keys() & plan.members.keys():
        row = present[photo_id]
        verdict, reasons = plan.members[photo_id]
        if (row.verdict, tuple(row.reasons)) != (verdict, reasons):
            GroupMember.objects.filter(pk=row.pk).update(verdict=verdict, reasons=list(reasons))
    add_members(group, plan, plan.members.keys() - present.keys())
    Group.objects.filter(pk=group.pk).update(
        version=F("version") + 1,
        kind=plan.kind,
        confidence=plan.confidence,
        suggested_keeper_id=plan.keeper_id,
        why=plan.why,
        bytes_saved=plan.bytes_saved,
        updated_at=timezone.now(),
    )


def add_members(group: Group, plan: PlannedGroup, photo_ids: Iterable[int]) -> None:
    """Add these members of the plan to the group."""
    rows = []
    for photo_id in sorted(photo_ids):
        verdict, reasons = plan.members[photo_id]
        rows.append(GroupMember(group=group, photo_id=photo_id, verdict=verdict, reasons=list(reasons)))
    GroupMember.objects.bulk_create(rows)


def close_group(group: Group) -> None:
    """Take away an open group that has nothing left to decide; one that was decided in parts stays as decided."""
    if group.resolutions.filter(undone_at=None).exists():
        Group.objects.filter(pk=group.pk).update(
            status=GroupStatus.RESOLVED, version=F("version") + 1, updated_at=timezone.now()
        )
    else:
        group.delete()
