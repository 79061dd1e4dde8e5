"""From what a moderator pressed to a decision about the group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dedup.merging import ALL_PARTS, Part
from dedup.resolution import BadDecision, dismiss_group, resolve_group
from dedup.stacking import stack_group

if TYPE_CHECKING:
    from dedup.models import Group, Resolution
    from gallery.models import User


@dataclass(frozen=True)
class Decision:
    """The pressed action, the shown pair, and the version of the group that the person saw."""

    action: str
    version: int
    left: int
    right: int
    trash: list[int] = field(default_factory=list)
    merge: frozenset[Part] = ALL_PARTS


Split = tuple[list[int], list[int]]


def split(decision: Decision, group: Group) -> Split:
    """Whom the action keeps and whom it trashes. Raises BadDecision."""
    members = [row.photo_id for row in group.members.all()]
    keeper = group.suggested_keeper_id
    splits: dict[str, Callable[[], Split]] = {
        "keep-left": lambda: ([decision.left], [decision.right]),
        "keep-right": lambda: ([decision.right], [decision.left]),
        "keep-both": lambda: ([decision.left, decision.right], []),
        "accept": lambda: ([pk for pk in members if pk == keeper], [pk for pk in members if pk != keeper]),
        "keep-all": lambda: (members, []),
        "chosen": lambda: ([pk for pk in members if pk not in decision.trash], decision.trash),
    }
    return splits[decision.action]()


def carry_out(decision: Decision, group: Group, user: User) -> Resolution:
    """Decide. Raises BadDecision, NoSuchGroup, Conflict."""
    if decision.action in ("stack-left", "stack-right", "stack-all"):
        return stack(decision, group, user)
    if decision.action in ("not-duplicates", "dismiss-all"):
        pair = [] if decision.action == "dismiss-all" else [decision.left, decision.right]
        return dismiss_group(group_id=group.pk, user=user, version=decision.version, photo_ids=pair)
    keep, trash = split(decision, group)
    if decision.action == "chosen" and not trash:
        raise BadDecision("Tick the photos that go to the trash first; to keep all, press Keep all.")
    return resolve_group(
        group_id=group.pk,
        keep=keep,
        trash=trash,
        merge=decision.merge,
        version=decision.version,
        user=user,
    )


def stack(decision: Decision, group: Group, user: User) -> Resolution:
    """Stack the shown pair, or the whole group under its best one. Raises BadDecision, NoSuchGroup, Conflict."""
    whole = decision.action == "stack-all"
    covers = {
        "stack-left": decision.left,
        "stack-right": decision.right,
        "stack-all": group.suggested_keeper_id,
    }
    return stack_group(
        group_id=group.pk,
        cover=covers[decision.action] or decision.left,
        photo_ids=[] if whole else [decision.left, decision.right],
        version=decision.version,
        user=user,
    )
