"""SQL: which photos and verified pairs hang together, and the lock under which groups are made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from dedup.models import Group, GroupStatus, Match
from dedup.usable import LIVE_AND_SOUND
from gallery.models import Photo, PhotoState

if TYPE_CHECKING:
    from collections.abc import Iterable

# Any number that nothing else locks by; the locks on contents are digests.
GROUPING_LOCK = 0x6C696B656E657373


def lock_grouping() -> None:
    """Hold the one lock on groups and matches until the transaction ends; photos are locked before it, never after."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("lock_grouping needs a transaction to hold the lock.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GROUPING_LOCK])


def hold_photos(photo_ids: Iterable[int]) -> set[int]:
    """Keep photos from being purged until the transaction ends. Returns those that are live and sound."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id FROM gallery_photo photo WHERE id = ANY(%s) AND {LIVE_AND_SOUND}
             ORDER BY id FOR KEY SHARE
            """,  # noqa: S608  # only a constant is put into the text
            [sorted(set(photo_ids))],
        )
        return {row[0] for row in cursor.fetchall()}


UNDECIDED = """NOT EXISTS (
    SELECT FROM dedup_pairdecision decision
     WHERE decision.low_id = match.low_id AND decision.high_id = match.high_id)"""
# What MatchQuerySet.grouping says, for the recursive query.
GROUPING = f"""{UNDECIDED} AND NOT EXISTS (
    SELECT FROM dedup_kindsetting setting
     WHERE setting.kind = match.kind
       AND (NOT setting.is_on OR setting.least_confidence > match.confidence))"""


def component(photo_ids: Iterable[int]) -> set[int]:
    """The live and sound ones of these photos and all that matches connect them with which form groups."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE reached(id) AS (
                SELECT id FROM gallery_photo photo WHERE id = ANY(%s) AND {LIVE_AND_SOUND}
                UNION
                SELECT photo.id
                  FROM reached
                  JOIN LATERAL (
                       SELECT high_id AS id FROM dedup_match match WHERE low_id = reached.id AND {GROUPING}
                       UNION ALL
                       SELECT low_id FROM dedup_match match WHERE high_id = reached.id AND {GROUPING}) partner ON true
                  JOIN gallery_photo photo ON photo.id = partner.id AND {LIVE_AND_SOUND})
            SELECT id FROM reached
            """,  # noqa: S608  # only constants are put into the text
            [sorted(set(photo_ids))],
        )
        return {row[0] for row in cursor.fetchall()}


def open_groups_of(photo_ids: Iterable[int]) -> list[Group]:
    """Open groups with any of these photos as member, members loaded, in id order."""
    groups = Group.objects.filter(status=GroupStatus.OPEN, members__photo_id__in=set(photo_ids))
    return list(groups.distinct().order_by("pk").prefetch_related("members"))


def affected(photo_ids: Iterable[int]) -> tuple[set[int], list[Group]]:
    """All live photos whose grouping may change with these photos, and all open groups that may.

    A match leads to a photo, a photo to its open group, a group to its other members, and those to their matches.
    """
    seeds = set(photo_ids)
    while True:
        reached = component(seeds)
        groups = open_groups_of(seeds | reached)
        members = {member.photo_id for group in groups for member in group.members.all()}
        if seeds | reached | members == seeds:
            return reached, groups
        seeds |= reached | members


def grouping_matches(photo_ids: set[int]) -> list[Match]:
    """The verified pairs among these photos that form groups: undecided and let in by the settings; in id order."""
    matches = Match.objects.filter(low_id__in=photo_ids, high_id__in=photo_ids)
    return list(matches.grouping().order_by("low_id", "high_id"))


def live_and_sound(photo_ids: Iterable[int]) -> list[Photo]:
    """The photos of these ids that may be grouped, in id order."""
    photos = Photo.objects.live().filter(pk__in=set(photo_ids), state=PhotoState.READY)
    return list(photos.order_by("pk"))
