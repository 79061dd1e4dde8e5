"""Open groups that contradict their members, for `manage.py fsck`."""

from __future__ import annotations

from django.db import connection

from dedup.components import lock_grouping
from dedup.models import Group
from dedup.regroup import close_group, regroup
from gallery.registry import ConsistencyCheck, Inconsistency

WRONG_GROUPS = """
    SELECT * FROM (
        SELECT groups.id, count(member.id) AS members,
               count(*) FILTER (WHERE photo.trashed_at IS NOT NULL) AS trashed,
               count(*) FILTER (WHERE photo.id = groups.suggested_keeper_id) AS keepers,
               coalesce(sum(photo.file_size) FILTER (WHERE photo.id <> groups.suggested_keeper_id), 0) AS freed,
               groups.bytes_saved
          FROM dedup_group groups
          LEFT JOIN dedup_groupmember member ON member.group_id = groups.id
          LEFT JOIN gallery_photo photo ON photo.id = member.photo_id
         WHERE groups.status = 'open'
         GROUP BY groups.id) AS counted
     WHERE members < 2 OR trashed > 0 OR keepers <> 1 OR freed <> bytes_saved
     ORDER BY id
"""


def wrong_groups() -> list[Inconsistency]:
    """Open groups that nobody can decide on, or that promise other bytes than they free."""
    lock_grouping()
    return [Inconsistency(f"group {row[0]}", reason(*row[1:])) for row in _rows()]


def reason(members: int, trashed: int, keepers: int, freed: int, promised: int) -> str:
    """What is wrong with a group, in a sentence."""
    if members < 2:
        return f"It is open with {members} member{'' if members == 1 else 's'}."
    if trashed:
        return f"{trashed} of its members lie in the trash."
    if not keepers:
        return "Its suggested keeper is none of its members."
    return f"It promises to free {promised} bytes, and its copies have {freed}."


def mend_groups() -> int:
    """Make these groups again from the verified matches."""
    lock_grouping()
    rows = _rows()
    groups = Group.objects.filter(pk__in=[row[0] for row in rows]).prefetch_related("members")
    for group in groups:
        if photo_ids := [member.photo_id for member in group.members.all()]:
            regroup(photo_ids)
        else:
            close_group(group)
    return len(rows)


def _rows() -> list[tuple[int, int, int, int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(WRONG_GROUPS)
        return list(cursor.fetchall())


GROUPS_CHECK = ConsistencyCheck("wrong-group", wrong_groups, mend_groups)
