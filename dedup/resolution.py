"""Deciding about a group, in one locked transaction. dedup/undo.py takes decisions back.

Locks are taken in one order everywhere: contents, photos by id, the grouping lock, group rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from dedup.components import affected, lock_grouping, open_groups_of
from dedup.decisions import decide_pairs, pairs_of
from dedup.journal import describe
from dedup.merging import ALL_PARTS, Part, merge_into
from dedup.models import (
    BulkDecision,
    Group,
    GroupMember,
    GroupStatus,
    Match,
    PairDecision,
    Resolution,
    Verdict,
)
from dedup.regroup import regroup
from dedup.snapshots import group_rows
from gallery.models import Photo, User
from gallery.trash import lock_photos, trash_photos

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Set

REASONS_KEPT = 3
STRENGTH = {kind: place for place, kind in enumerate(Verdict)}


class NoSuchGroup(LookupError):
    """The group is not there (any more)."""


class BadDecision(ValueError):
    """The decision does not fit the group; the message says how."""


class Conflict(Exception):
    """Someone else changed or decided the group meanwhile. `group` is its present state."""

    def __init__(self, sentence: str, group: Group) -> None:
        super().__init__(sentence)
        self.sentence, self.group = sentence, group


@transaction.atomic
def resolve_group(
    *,
    group_id: int,
    keep: Sequence[int],
    trash: Sequence[int],
    merge: Set[Part] = ALL_PARTS,
    version: int,
    user: User,
    bulk: BulkDecision | None = None,
) -> Resolution:
    """Keep some members of an open group and move others to the trash.

    Each trashed photo's metadata, as far as `merge` says, merges into the kept one that it matches best; with nothing
    to merge the kept ones stay as they are. The kept ones are remembered as kept side by side. Members that are not
    named stay undecided, in the same group where they still belong together.

    Raises PermissionDenied, NoSuchGroup, BadDecision, Conflict.
    """
    group, photos = locked_group(group_id, version, user)
    check_named(keep, trash, photos)
    record = Record(group, photos.keys())
    if len(keep) + len(trash) == len(photos):
        close(group, GroupStatus.RESOLVED)
    resolution = Resolution.objects.create(
        group=group,
        user=user,
        action=Resolution.Action.RESOLVE,
        kept=sorted(keep),
        trashed=sorted(trash),
        bytes_freed=sum(photos[photo_id].file_size for photo_id in trash),
        why=record.why,
        bulk=bulk,
    )
    record.replaced = decide_pairs(
        pairs=pairs_of(keep), kind=PairDecision.Kind.KEPT_BOTH, by=user, resolution=resolution
    )
    if merge:
        record.merges = merge_copies(group, [photos[pk] for pk in keep], [photos[pk] for pk in trash], merge)
    trash_photos(photos=[photos[pk] for pk in trash], by=user)
    regroup(photos)
    count_as_changed(group)
    record.save(resolution)
    return resolution


@transaction.atomic
def dismiss_group(
    *, group_id: int, user: User, version: int | None = None, photo_ids: Sequence[int] = ()
) -> Resolution:
    """Say that the members of an open group, or those of `photo_ids`, are not the same picture, for good.

    Raises PermissionDenied, NoSuchGroup, BadDecision, Conflict.
    """
    group, photos = locked_group(group_id, version, user)
    named = set(photo_ids) or set(photos)
    if not named <= photos.keys() or len(named) < 2:
        raise BadDecision("Name two or more photos of this group.")
    record = Record(group, photos.keys())
    if named == photos.keys():
        close(group, GroupStatus.DISMISSED)
    resolution = Resolution.objects.create(
        group=group, user=user, action=Resolution.Action.DISMISS, kept=sorted(named), why=record.why
    )
    record.replaced = decide_pairs(
        pairs=pairs_of(named), kind=PairDecision.Kind.NOT_DUPLICATES, by=user, resolution=resolution
    )
    regroup(photos)
    count_as_changed(group)
    record.save(resolution)
    return resolution


class Record:
    """What a decision changes, noted while it is carried out, so that it can be undone exactly."""

    def __init__(self, group: Group, photo_ids: Iterable[int]) -> None:
        reached, groups = affected(photo_ids)
        members = {row.photo_id for one in groups for row in one.members.all()}
        self.photo_ids = sorted({*photo_ids, *reached, *members})
        self.groups = group_rows({group.pk, *(one.pk for one in groups)})
        self.why = why_of(group)
        self.replaced: list[dict[str, Any]] = []
        self.merges: list[dict[str, Any]] = []
        self.stacks: list[list[int | None]] = []

    def save(self, resolution: Resolution) -> None:
        """Keep the record with the resolution. Call it when everything is done."""
        present = open_groups_of(self.photo_ids)
        resolution.before = {
            "photos": self.photo_ids,
            "groups": self.groups,
            "groups_after": group_rows({*(row["id"] for row in self.groups), *(one.pk for one in present)}),
            "replaced_decisions": self.replaced,
            "merges": self.merges,
            "stacks": self.stacks,
        }
        resolution.save(update_fields=["before"])


def why_of(group: Group) -> list[str]:
    """What speaks for the group and its keeper now, in sentences."""
    sure = f"{Verdict(group.kind).label}, {100 * group.confidence:.1f} % sure"
    reasons = {text: None for row in group.members.order_by("photo_id") for text in row.reasons}
    return [sure, *list(reasons)[:REASONS_KEPT], *group.why]


def locked_group(group_id: int, version: int | None, user: User) -> tuple[Group, dict[int, Photo]]:
    """The open group and its members by id, all locked. Raises PermissionDenied, NoSuchGroup, Conflict."""
    if not user.may_moderate:
        raise PermissionDenied("Only moderators decide about duplicates.")
    members = GroupMember.objects.filter(group_id=group_id)
    photos = {photo.pk: photo for photo in lock_photos(list(members.values_list("photo_id", flat=True)))}
    lock_grouping()
    group = Group.objects.select_for_update().filter(pk=group_id).first()
    if group is None:
        raise NoSuchGroup(f"Group {group_id} is not there any more: its photos were decided or grouped anew.")
    is_same = set(members.values_list("photo_id", flat=True)) == photos.keys()
    if group.status != GroupStatus.OPEN or not is_same or version not in (None, group.version):
        raise Conflict(what_happened(group), group)
    return group, photos


def what_happened(group: Group) -> str:
    """Say in a sentence how the group came to its present state."""
    last = group.resolutions.filter(undone_at=None).select_related("user").first()
    if group.status == GroupStatus.OPEN or last is None:
        return (
            f"This group changed since you opened it; it now has {group.members.count()} photos. "
            "Look at it again before you decide."
        )
    who = last.user.get_username() if last.user else "Someone"
    return f"{who} has decided this group already: {describe(last)}."


def check_named(keep: Sequence[int], trash: Sequence[int], photos: dict[int, Photo]) -> None:
    """Raises BadDecision unless `keep` and `trash` name members, each once, and something is kept."""
    named = [*keep, *trash]
    if len(set(named)) != len(named):
        raise BadDecision("A photo can be kept or trashed, not both, and is named once.")
    if strangers := set(named) - photos.keys():
        raise BadDecision(f"Not in this group: photo {', '.join(map(str, sorted(strangers)))}.")
    if not keep:
        raise BadDecision("Keep at least one photo of the group.")
    if len(named) < 2:
        raise BadDecision("Name at least two photos: what is kept, and what goes or is kept beside it.")


def close(group: Group, status: GroupStatus) -> None:
    """End the group; its members stay with it as the journal's picture of it."""
    group.status = status
    group.version += 1
    group.save(update_fields=["status", "version", "updated_at"])


def count_as_changed(group: Group) -> None:
    """A decision on a part of a group makes older views of it stale, even where the group itself stays as it was."""
    unchanged = Group.objects.filter(pk=group.pk, version=group.version, status=GroupStatus.OPEN)
    unchanged.update(version=F("version") + 1)


def merge_copies(
    group: Group, kept: Sequence[Photo], trashed: Sequence[Photo], parts: Set[Part]
) -> list[dict[str, Any]]:
    """Merge each trashed photo into the kept one that it matches best. Returns the notes for undo."""
    copies: dict[int, list[tuple[int, float, int]]] = {photo.pk: [] for photo in kept}
    for photo in trashed:
        best, rank = best_match(photo.pk, [one.pk for one in kept], group.suggested_keeper_id)
        copies[best].append((*rank, photo.pk))
    by_id = {photo.pk: photo for photo in trashed}
    return [
        merge_into(photo, [by_id[pk] for _, _, pk in sorted(copies[photo.pk])], parts)
        for photo in kept
        if copies[photo.pk]
    ]


def best_match(photo_id: int, kept: Sequence[int], keeper_id: int | None) -> tuple[int, tuple[int, float]]:
    """The kept photo with the strongest verified match, and how strong it is (smaller is stronger).

    A photo that was verified only against the suggested keeper goes there, or to the first kept one.
    """
    found = {
        match.partner_of(photo_id): (STRENGTH[Verdict(match.kind)], -match.confidence)
        for match in Match.objects.of_photo(photo_id)
    }
    none = (len(STRENGTH), 0.0)
    best = min(kept, key=lambda pk: (*found.get(pk, none), pk != keeper_id, pk))
    return best, found.get(best, none)
