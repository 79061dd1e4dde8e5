"""Rows as they were before a decision, kept as JSON, and putting them back exactly."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dedup.models import Group, GroupMember
from gallery.models import Photo

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GROUP_FIELDS = (
    "id",
    "status",
    "version",
    "kind",
    "confidence",
    "suggested_keeper_id",
    "why",
    "bytes_saved",
    "created_at",
    "updated_at",
)
DATE_FIELDS = ("created_at", "updated_at")
MEMBER_FIELDS = ("id", "photo_id", "verdict", "reasons")


def group_rows(group_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Groups with their members as JSON values, in id order."""
    rows = []
    for row in Group.objects.filter(pk__in=group_ids).order_by("pk").values(*GROUP_FIELDS):
        for name in DATE_FIELDS:
            row[name] = row[name].isoformat()
        members = GroupMember.objects.filter(group_id=row["id"]).order_by("pk").values(*MEMBER_FIELDS)
        rows.append({**row, "members": list(members)})
    return rows


def put_back(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> bool:
    """Turn groups from `after` back into `before`, row by row with the same ids.

    Returns False, changing nothing, when any of them is not as in `after` any more.
    """
    if (
        group_rows([row["id"] for row in after]) != list(after)
        or made_again(before, after)
        or lacks_photos(before)
    ):
        return False
    Group.objects.filter(pk__in={row["id"] for row in after} - {row["id"] for row in before}).delete()
    for row in before:
        put_back_group(row)
    return True


def made_again(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> bool:
    """Whether a group that the decision took away is there again."""
    taken_away = {row["id"] for row in before} - {row["id"] for row in after}
    return Group.objects.filter(pk__in=taken_away).exists()


def lacks_photos(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether a member of these groups was removed for good."""
    ids = {member["photo_id"] for row in rows for member in row["members"]}
    return Photo.objects.filter(pk__in=ids).count() < len(ids)


def put_back_group(row: dict[str, Any]) -> None:
    """Make one group and its members equal to the row; `update` leaves the dates as they are given."""
    fields = {name: row[name] for name in GROUP_FIELDS if name != "id"}
    for name in DATE_FIELDS:
        fields[name] = datetime.fromisoformat(fields[name])
    if not Group.objects.filter(pk=row["id"]).exists():
        Group.objects.create(pk=row["id"], kind=row["kind"], confidence=row["confidence"])
    Group.objects.filter(pk=row["id"]).update(**fields)
    GroupMember.objects.filter(group_id=row["id"]).delete()
    GroupMember.objects.bulk_create(GroupMember(group_id=row["id"], **member) for member in row["members"])
