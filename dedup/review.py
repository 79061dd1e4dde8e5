"""The queue of groups: what comes first, which ones are shown, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Prefetch, QuerySet, Sum
from django.template.defaultfilters import date as date_words

from dedup.claims import last_look, taken_by_others
from dedup.models import Group, GroupMember, GroupStatus, Verdict
from dedup.queue_filter import COPY_KINDS, QueueFilter
from gallery.models import Album

if TYPE_CHECKING:
    from datetime import datetime

    from gallery.models import User

PAGE_GROUPS = 30
PREFETCHED_GROUPS = 3


@dataclass(frozen=True)
class QueuePage:
    """Groups with members and photos loaded, and the cursor of the next page ("" on the last)."""

    groups: list[Group]
    next: str


def queue_page(queue: QueueFilter, *, cursor: str = "", limit: int = PAGE_GROUPS) -> QueuePage:
    """One page of the queue. Raises BadCursor."""
    groups = queue.groups().filter(queue.behind(cursor)) if cursor else queue.groups()
    found = list(with_members(groups)[: limit + 1])
    shown = found[:limit]
    return QueuePage(shown, queue.cursor(shown[-1]) if len(found) > limit else "")


def with_members(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Load members and their photos with the groups, in two more queries for any number of groups."""
    members = (
        GroupMember.objects.select_related("photo__owner")
        .order_by("photo_id")
        .prefetch_related("photo__albums", "photo__photo_tags__tag")
    )
    return groups.prefetch_related(Prefetch("members", queryset=members))


def next_groups(queue: QueueFilter, group: Group, user: User | None = None) -> list[Group]:
    """The next few groups, members loaded, so that their pictures can be fetched ahead; at the end the first other one.

    With `user`, groups that somebody else looks at are left out.
    """
    others = queue.groups().exclude(pk=group.pk)
    if user is not None:
        others = others.exclude(taken_by_others(user))
    coming = list(with_members(others.filter(queue.behind(queue.cursor(group))))[:PREFETCHED_GROUPS])
    return coming or list(with_members(others)[:1])


def previous_group(queue: QueueFilter, group: Group) -> Group | None:
    """The group before this one, if there is one."""
    return queue.groups().filter(queue.behind(queue.cursor(group), forwards=False)).reverse().first()


def members_in_order(group: Group) -> list[GroupMember]:
    """The suggested keeper first, then the strongest verdicts, then by id."""
    strength = {kind: place for place, kind in enumerate(Verdict)}
    return sorted(
        group.members.all(),
        key=lambda row: (
            row.photo_id != group.suggested_keeper_id,
            strength[Verdict(row.verdict)] if row.verdict else len(strength),
            row.photo_id,
        ),
    )


@dataclass(frozen=True)
class KindCount:
    """How many groups of a kind there are with a status, and what deciding them as suggested would free."""

    kind: Verdict
    count: int
    bytes_saved: int


def counts_by_kind(status: GroupStatus = GroupStatus.OPEN) -> list[KindCount]:
    """Every kind, strongest first, also those without groups."""
    rows = (
        Group.objects.filter(status=status).values("kind").annotate(n=Count("pk"), saved=Sum("bytes_saved"))
    )
    found = {row["kind"]: (row["n"], row["saved"] or 0) for row in rows}
    return [KindCount(kind, *found.get(kind.value, (0, 0))) for kind in Verdict]


def counts_by_status() -> dict[str, int]:
    """How many groups of copies there are with each status."""
    rows = Group.objects.filter(kind__in=COPY_KINDS).values("status").annotate(n=Count("pk"))
    found = {row["status"]: row["n"] for row in rows}
    return {status.value: found.get(status.value, 0) for status in GroupStatus}


def filter_words(queue: QueueFilter) -> list[tuple[str, str]]:
    """What the filter asks beyond status, kind and order, in words, and the query string without that part."""
    album = Album.objects.filter(pk=queue.album or 0).values_list("name", flat=True).first()
    words = {
        "sure": f"at least {queue.sure:g} % sure",
        "album": f"album {album or 'that is not there any more'}",
        "folder": f"folder {queue.folder}",
        "uploader": f"of {queue.uploader}",
        "since": f"since {date_words(queue.since, 'j M Y, H:i')}",
        "until": f"until {date_words(queue.last_day, 'j M Y')}",
    }
    return [(words[name], queue.query(without=name)) for name in queue.values() if name in words]


@dataclass(frozen=True)
class NewGroups:
    """Open groups of copies that came since a person's last visit ended."""

    since: datetime
    count: int


def new_groups(user: User) -> NewGroups | None:
    """What is new to the person; None for somebody who never came back."""
    since = last_look(user)
    if since is None:
        return None
    return NewGroups(since, QueueFilter(since=since).groups().count())


def open_count() -> int:
    """Groups of copies that wait for a decision."""
    return Group.objects.filter(status=GroupStatus.OPEN, kind__in=COPY_KINDS).count()


def loaded(group_id: int) -> Group | None:
    """One group with members and photos."""
    return with_members(Group.objects.filter(pk=group_id)).first()
