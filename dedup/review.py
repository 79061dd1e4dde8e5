"""The queue of groups: what comes first, which ones are shown, what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from dedup.models import Group, GroupMember, GroupStatus, Verdict

PAGE_GROUPS = 30
PREFETCHED_GROUPS = 3
CURSOR_SEPARATOR = "~"
COPY_KINDS = [kind for kind in Verdict if kind is not Verdict.NEAR_SHOT]


class BadCursor(ValueError):
    """The cursor is not one that this queue gave out."""


@dataclass(frozen=True)
class QueueFilter:
    """Which groups: a status, and one kind or, when empty, all kinds; `with_near_shots` for all including those."""

    status: GroupStatus = GroupStatus.OPEN
    kind: str = ""
    with_near_shots: bool = False

    def groups(self) -> QuerySet[Group]:
        """The groups, best first: sure and large savings before the rest."""
        groups = Group.objects.filter(status=self.status)
        if self.kind:
            groups = groups.filter(kind=self.kind)
        elif not self.with_near_shots:
            groups = groups.filter(kind__in=COPY_KINDS)
        return groups.order_by("-gain", "-pk")

    def query(self) -> str:
        """The filter as the query string of a page; empty for the plain queue."""
        parts = [f"status={self.status}"] if self.status != GroupStatus.OPEN else []
        parts += [f"kind={self.kind}"] if self.kind else []
        return "&".join(parts)


@dataclass(frozen=True)
class QueuePage:
    """Groups with members and photos loaded, and the cursor of the next page ("" on the last)."""

    groups: list[Group]
    next: str


def queue_page(queue: QueueFilter, *, cursor: str = "", limit: int = PAGE_GROUPS) -> QueuePage:
    """One page of the queue. Raises BadCursor."""
    groups = queue.groups().filter(behind(cursor)) if cursor else queue.groups()
    found = list(with_members(groups)[: limit + 1])
    shown = found[:limit]
    return QueuePage(shown, cursor_of(shown[-1]) if len(found) > limit else "")


def with_members(groups: QuerySet[Group]) -> QuerySet[Group]:
    """Load members and their photos with the groups, in two more queries for any number of groups."""
    members = (
        GroupMember.objects.select_related("photo__owner")
        .order_by("photo_id")
        .prefetch_related("photo__albums", "photo__photo_tags__tag")
    )
    return groups.prefetch_related(Prefetch("members", queryset=members))


def cursor_of(group: Group) -> str:
    """The place of a group in the queue."""
    return f"{group.gain!r}{CURSOR_SEPARATOR}{group.pk}"


def behind(cursor: str) -> Q:
    """Groups that come after the place. Raises BadCursor."""
    gain, _, pk = cursor.partition(CURSOR_SEPARATOR)
    try:
        place = float(gain), int(pk)
    except ValueError as error:
        raise BadCursor("The cursor is not one of this list; start without one.") from error
    return Q(gain__lt=place[0]) | Q(gain=place[0], pk__lt=place[1])


def before(group: Group) -> Q:
    """Groups that come before this one."""
    return Q(gain__gt=group.gain) | Q(gain=group.gain, pk__gt=group.pk)


def next_group(queue: QueueFilter, group: Group) -> Group | None:
    """The group after this one, else the first other one: the queue starts again."""
    return next(iter(next_groups(queue, group)), None)


def next_groups(queue: QueueFilter, group: Group) -> list[Group]:
    """The next few groups, members loaded, so that their pictures can be fetched ahead."""
    coming = list(with_members(queue.groups().filter(behind(cursor_of(group))))[:PREFETCHED_GROUPS])
    if coming:
        return coming
    return list(with_members(queue.groups().exclude(pk=group.pk))[:1])


def previous_group(queue: QueueFilter, group: Group) -> Group | None:
    """The group before this one, if there is one."""
    return queue.groups().filter(before(group)).reverse().first()


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


def open_count() -> int:
    """Groups of copies that wait for a decision."""
    return Group.objects.filter(status=GroupStatus.OPEN, kind__in=COPY_KINDS).count()


def loaded(group_id: int) -> Group | None:
    """One group with members and photos."""
    return with_members(Group.objects.filter(pk=group_id)).first()
