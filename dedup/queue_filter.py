"""Which groups a person looks at and in which order, as the address of a page or a request names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from dedup.models import Group, GroupMember, GroupStatus, Verdict
from gallery.models import Photo

if TYPE_CHECKING:
    from gallery.models import PhotoQuerySet

COPY_KINDS = [kind for kind in Verdict if kind is not Verdict.NEAR_SHOT]
CURSOR_SEPARATOR = "~"
TEXT_MAX_CHARS = 255


class BadFilter(ValueError):
    """A value that the filter does not know; the message names it and says what would do."""


class BadCursor(ValueError):
    """The cursor is not one that this queue gave out."""


@dataclass(frozen=True)
class Order:
    """An order of groups: its words, the column it goes by, and how a cursor's text becomes a value of it."""

    words: str
    column: str
    value: Callable[[str], Any]
    descending: bool = True

    def text(self, group: Group) -> str:
        """The value of a group as a cursor has it."""
        if self.column == "kind_place":
            return str(list(Verdict).index(Verdict(group.kind)))
        value = getattr(group, self.column)
        return value.isoformat() if isinstance(value, datetime) else repr(value)


KIND_PLACE = Case(
    *(When(kind=kind, then=Value(place)) for place, kind in enumerate(Verdict)),
    default=Value(len(Verdict)),
    output_field=IntegerField(),
)
ORDERS = {
    "gain": Order("Surest and largest savings first", "gain", float),
    "size": Order("Largest savings first", "bytes_saved", int),
    "sure": Order("Surest first", "confidence", float),
    "new": Order("Latest first", "created_at", datetime.fromisoformat),
    "old": Order("Oldest first", "created_at", datetime.fromisoformat, descending=False),
    "kind": Order("By kind, strongest first", "kind_place", int, descending=False),
}
BEST_FIRST = "gain"


@dataclass(frozen=True)
class QueueFilter:
    """Which groups: a status, and one kind or, when empty, all kinds; `with_near_shots` for all including those.

    A group belongs to an album, a folder (that `manage.py import` found a file in, with all below it) or an uploader
    when one of its photos does. `sure` is the least confidence in percent; `since` (inclusive) and `until` (exclusive)
    are about when a group was found.
    """

    status: GroupStatus = GroupStatus.OPEN
    kind: str = ""
    sure: float = 0.0
    album: int | None = None
    folder: str = ""
    uploader: str = ""
    since: datetime | None = None
    until: datetime | None = None
    order: str = BEST_FIRST
    with_near_shots: bool = False

    def groups(self) -> QuerySet[Group]:
        """The groups in their order."""
        way = ORDERS[self.order]
        groups = Group.objects.annotate(kind_place=KIND_PLACE).filter(self.condition())
        sign = "-" if way.descending else ""
        return groups.order_by(sign + way.column, "-pk")

    def condition(self) -> Q:
        """What a group has to be."""
        found = Q(status=self.status, kind=self.kind) if self.kind else Q(status=self.status)
        if not self.kind and not self.with_near_shots:
            found &= Q(kind__in=COPY_KINDS)
        if self.sure:
            found &= Q(confidence__gte=self.sure / 100)
        if self.since:
            found &= Q(created_at__gte=self.since)
        if self.until:
            found &= Q(created_at__lt=self.until)
        return found & self._photos_condition()

    def _photos_condition(self) -> Q:
        """What one photo of the group has to be, for each thing asked of photos."""
        asked: list[PhotoQuerySet] = []
        if self.album is not None:
            asked.append(Photo.objects.filter(albums=self.album))
        if self.folder:
            inside = Q(source=self.folder) | Q(source__startswith=self.folder.rstrip("/") + "/")
            asked.append(Photo.objects.filter(inside))
        if self.uploader:
            asked.append(Photo.objects.filter(owner__username=self.uploader))
        found = Q()
        for photos in asked:
            members = GroupMember.objects.filter(
                group=OuterRef("pk"), photo__in=photos.order_by().values("pk")
            )
            found &= Q(Exists(members))
        return found

    def values(self) -> dict[str, str]:
        """What differs from the plain queue, as an address has it."""
        given = {
            "status": self.status.value if self.status is not GroupStatus.OPEN else "",
            "kind": self.kind,
            "sure": f"{self.sure:g}" if self.sure else "",
            "album": "" if self.album is None else str(self.album),
            "folder": self.folder,
            "uploader": self.uploader,
            "since": text_of(self.since),
            "until": text_of(self.until),
            "order": self.order if self.order != BEST_FIRST else "",
        }
        return {name: value for name, value in given.items() if value}

    @property
    def last_day(self) -> date | None:
        """The last day that counts, as a person picks it."""
        return (timezone.localtime(self.until) - timedelta(microseconds=1)).date() if self.until else None

    def query(self, *, without: str = "") -> str:
        """The filter as the query string of a page, without one of its parts; empty for the plain queue."""
        return urlencode({name: value for name, value in self.values().items() if name != without})

    def cursor(self, group: Group) -> str:
        """The place of a group in the queue."""
        return f"{ORDERS[self.order].text(group)}{CURSOR_SEPARATOR}{group.pk}"

    def behind(self, cursor: str, *, forwards: bool = True) -> Q:
        """Groups that come after the place, or before it. Raises BadCursor."""
        way = ORDERS[self.order]
        text, _, pk_text = cursor.rpartition(CURSOR_SEPARATOR)
        try:
            value, pk = way.value(text), int(pk_text)
        except ValueError as error:
            raise BadCursor("The cursor is not one of this list; start without one.") from error
        further = "lt" if way.descending == forwards else "gt"
        return Q(**{f"{way.column}__{further}": value}) | Q(
            **{way.column: value, f"pk__{'lt' if forwards else 'gt'}": pk}
        )


def read_filter(given: Mapping[str, str], *, with_near_shots: bool = False) -> QueueFilter:
    """The filter that these texts name; empty ones are left out. Raises BadFilter."""
    texts = {name: value.strip() for name, value in given.items() if value and value.strip()}
    return QueueFilter(
        status=GroupStatus(one_of("status", texts.get("status", GroupStatus.OPEN), GroupStatus.values)),
        kind=one_of("kind", texts.get("kind", ""), ["", *Verdict.values]),
        sure=percent(texts.get("sure", "0")),
        album=whole_number("album", texts["album"]) if "album" in texts else None,
        folder=short("folder", texts.get("folder", "")),
        uploader=short("uploader", texts.get("uploader", "")),
        since=moment("since", texts["since"]) if "since" in texts else None,
        until=moment("until", texts["until"], end=True) if "until" in texts else None,
        order=one_of("order", texts.get("order", BEST_FIRST), list(ORDERS)),
        with_near_shots=with_near_shots,
    )


def one_of(name: str, value: str, known: list[str]) -> str:
    """Raises BadFilter for an unknown value."""
    if value not in known:
        raise BadFilter(f"“{name}” is one of {', '.join(filter(None, known))}.")
    return value


def percent(text: str) -> float:
    """A number from 0 to 100. Raises BadFilter."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise BadFilter("“sure” is a number of percent from 0 to 100.")
    return number


def whole_number(name: str, text: str) -> int:
    """Raises BadFilter."""
    if not (text.isdecimal() and text.isascii() and len(text) < 16):
        raise BadFilter(f"“{name}” is the number of one.")
    return int(text)


def short(name: str, text: str) -> str:
    """Raises BadFilter for what no name can be."""
    if len(text) > TEXT_MAX_CHARS or "\0" in text:
        raise BadFilter(f"“{name}” is a name of at most {TEXT_MAX_CHARS} characters.")
    return text


def moment(name: str, text: str, *, end: bool = False) -> datetime:
    """A day ("2026-11-20"; with `end` the end of it) or a time of ISO 8601, of this server where it names no zone.

    Raises BadFilter.
    """
    try:
        day, found = parse_date(text), None if parse_date(text) else parse_datetime(text)
        if day:
            found = datetime.combine(day + timedelta(days=1) if end else day, time())
        if found is None:
            raise ValueError(text)
        return found if found.tzinfo else timezone.make_aware(found)
    except (ValueError, OverflowError) as error:
        raise BadFilter(
            f"“{name}” is a day such as {date.today():%Y-%m-%d}, or a time of ISO 8601."
        ) from error


def text_of(value: datetime | None) -> str:
    """A moment as an address has it."""
    return value.isoformat() if value else ""
