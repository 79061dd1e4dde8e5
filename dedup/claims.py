"""Who looks at which group, so that two moderators do not get the same one; and what is new since one last looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from dedup.models import Group, GroupClaim, ReviewVisit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gallery.models import User

CLAIM_SECONDS = 120
"""The page of a group renews its claim three times in that while."""
VISIT_GAP_MINUTES = 30
"""Whoever comes back after a longer break begins another visit."""

CLAIM = """
INSERT INTO dedup_groupclaim (group_id, user_id, until)
SELECT id, %(user)s, %(until)s FROM dedup_group WHERE id = %(group)s AND status = 'open'
ON CONFLICT (group_id) DO UPDATE SET user_id = EXCLUDED.user_id, until = EXCLUDED.until
WHERE dedup_groupclaim.user_id = EXCLUDED.user_id OR dedup_groupclaim.until < %(now)s
RETURNING group_id
"""


def claim(group_id: int, user: User) -> bool:
    """Take an open group for a while, or for longer when it is this person's already, and let go of their other ones.

    False when somebody else looks at it, or when it is not open. Two who ask at once do not both get it.
    """
    now = timezone.now()
    values: dict[str, int | datetime] = {
        "group": group_id,
        "user": user.pk,
        "now": now,
        "until": now + timedelta(seconds=CLAIM_SECONDS),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, values)
            is_ours = cursor.fetchone() is not None
        if is_ours:
            GroupClaim.objects.filter(user=user).exclude(group=group_id).delete()
            note_visit(user, now)
    return is_ours


def claim_first(groups: Iterable[Group], user: User) -> Group | None:
    """The first of these groups that nobody else looks at, now claimed."""
    return next((group for group in groups if claim(group.pk, user)), None)


def taken_by_others(user: User) -> Q:
    """Groups that somebody else looks at now."""
    claims = GroupClaim.objects.filter(group=OuterRef("pk"), until__gte=timezone.now())
    return Q(Exists(claims.exclude(user=user)))


def holders(group_ids: Sequence[int], user: User) -> dict[int, str]:
    """Who else looks at which of these groups now, by group."""
    found = GroupClaim.objects.filter(group__in=group_ids, until__gte=timezone.now()).exclude(user=user)
    return dict(found.values_list("group_id", "user__username"))


def note_visit(user: User, now: datetime) -> None:
    """Remember that the person looks at the queue now."""
    visit, is_first = ReviewVisit.objects.select_for_update().get_or_create(
        user=user, defaults={"seen_at": now}
    )
    if not is_first:
        if now - visit.seen_at > timedelta(minutes=VISIT_GAP_MINUTES):
            visit.before_at = visit.seen_at
        visit.seen_at = now
        visit.save(update_fields=["seen_at", "before_at"])


def last_look(user: User) -> datetime | None:
    """When the visit before the present one ended; None for somebody who never came back."""
    visit = ReviewVisit.objects.filter(user=user).first()
    if visit is None:
        return None
    is_present = timezone.now() - visit.seen_at <= timedelta(minutes=VISIT_GAP_MINUTES)
    return visit.before_at if is_present else visit.seen_at
