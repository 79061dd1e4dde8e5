"""The journal as rows for other programs: which decisions, and each of them with the names of its photos."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING, Any

from dedup.journal import entries, file_names
from dedup.models import Resolution
from dedup.queue_filter import moment, one_of, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from django.db.models import QuerySet

BATCH = 500
COLUMNS = (
    *(
        "decision",
        "decided_at",
        "by",
        "action",
        "group",
        "bulk",
        "kept",
        "kept_names",
        "trashed",
        "trashed_names",
    ),
    *("bytes_freed", "why", "taken_back_at", "taken_back_by"),
)
LIST_SEPARATOR = "; "
# A spreadsheet takes a cell that begins like this for a formula.
FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class JournalFilter:
    """Which decisions: one person's, one action's, since (inclusive) and until (exclusive); `standing` leaves out
    what was taken back."""

    by: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    standing: bool = False

    def entries(self) -> QuerySet[Resolution]:
        """The decisions, the latest first."""
        rows = entries()
        if self.by:
            rows = rows.filter(user__username=self.by)
        if self.action:
            rows = rows.filter(action=self.action)
        if self.since:
            rows = rows.filter(created_at__gte=self.since)
        if self.until:
            rows = rows.filter(created_at__lt=self.until)
        return rows.filter(undone_at=None) if self.standing else rows


def read_journal_filter(given: Mapping[str, str]) -> JournalFilter:
    """The filter that these texts name. Raises BadFilter."""
    texts = {name: value.strip() for name, value in given.items() if value.strip()}
    return JournalFilter(
        by=short("by", texts.get("by", "")),
        action=one_of("action", texts.get("action", ""), ["", *Resolution.Action.values]),
        since=moment("since", texts["since"]) if "since" in texts else None,
        until=moment("until", texts["until"], end=True) if "until" in texts else None,
        standing="standing" in texts,
    )


def rows(found: QuerySet[Resolution]) -> Iterator[dict[str, Any]]:
    """Each decision as a row of COLUMNS, with values for JSON. Photos that were removed since have an empty name."""
    read = found.iterator(chunk_size=BATCH)
    while some := list(islice(read, BATCH)):
        names = file_names(some)
        yield from (row(one, names) for one in some)


def row(one: Resolution, names: Mapping[int, str]) -> dict[str, Any]:
    """One decision."""
    values = (
        *(one.pk, one.created_at.isoformat(), one.user.get_username() if one.user else None, one.action),
        *(one.group_id, one.bulk_id, one.kept, [names.get(pk, "") for pk in one.kept]),
        *(one.trashed, [names.get(pk, "") for pk in one.trashed], one.bytes_freed, one.why),
        one.undone_at.isoformat() if one.undone_at else None,
        one.undone_by.get_username() if one.undone_by else None,
    )
    return dict(zip(COLUMNS, values, strict=True))


def as_csv(columns: Iterable[str], found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The rows as lines of CSV (RFC 4180), the names of the columns first."""
    names = list(columns)
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(names)
    for one in found:
        writer.writerow([cell(one[name]) for name in names])
        yield take(buffer)
    yield take(buffer)


def take(buffer: StringIO) -> str:
    """What was written since the last time."""
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def cell(value: Any) -> Any:
    """A value as a spreadsheet shows it; no text of ours is taken for a formula."""
    if isinstance(value, list):
        value = LIST_SEPARATOR.join(map(str, value))
    if isinstance(value, str) and value.startswith(FORMULA_BEGINNINGS):
        return f"'{value}"
    return "" if value is None else value


def as_json(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The rows as one JSON list, a row a line."""
    separator = "[\n"
    for one in found:
        yield separator + json.dumps(one, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"
