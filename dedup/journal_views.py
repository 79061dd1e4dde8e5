"""The journal of decisions, what came of them by folder and album, and both as files. Only for moderators."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dedup import journal_rows
from dedup import report as report_lines
from dedup.journal import in_words
from dedup.journal_rows import JournalFilter, as_csv, as_json, read_journal_filter
from dedup.models import BulkDecision, Resolution
from dedup.queue_filter import BadFilter
from gallery.access import requires_role
from gallery.models import Role, User

if TYPE_CHECKING:
    from collections.abc import Iterator

JOURNAL_PAGE = 50
BULKS_SHOWN = 5


def journal_filter(request: HttpRequest) -> JournalFilter:
    """The filter of the address. What it does not know is told and left out."""
    try:
        return read_journal_filter({name: str(value) for name, value in request.GET.items()})
    except BadFilter as error:
        messages.warning(request, f"{error} The filter was left out.")
        return JournalFilter()


@require_safe
@requires_role(Role.MODERATOR)
def journal(request: HttpRequest) -> HttpResponse:
    """Decisions, the latest first."""
    chosen = journal_filter(request)
    found = chosen.entries()
    page = Paginator(found, JOURNAL_PAGE).get_page(request.GET.get("page"))
    shown = list(page)
    context = {
        "page": page,
        "rows": list(zip(shown, in_words(shown), strict=True)),
        "chosen": chosen,
        "freed": found.filter(undone_at=None).aggregate(freed=Sum("bytes_freed"))["freed"] or 0,
        "actions": Resolution.Action.choices,
        "people": User.objects.filter(pk__in=Resolution.objects.values("user")).order_by("username"),
        "bulks": BulkDecision.objects.select_related("user").defer("groups", "notes")[:BULKS_SHOWN],
    }
    return render(request, "dedup/journal.html", context)


@require_safe
@requires_role(Role.MODERATOR)
def journal_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The journal as CSV, by the filter of the address."""
    found = journal_rows.rows(journal_filter(request).entries())
    return as_file(as_csv(journal_rows.COLUMNS, found), "journal.csv", "text/csv; charset=utf-8")


@require_safe
@requires_role(Role.MODERATOR)
def journal_json(request: HttpRequest) -> StreamingHttpResponse:
    """The journal as JSON, by the filter of the address."""
    found = journal_rows.rows(journal_filter(request).entries())
    return as_file(as_json(found), "journal.json", "application/json")


@require_safe
@requires_role(Role.MODERATOR)
def report(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Photos and bytes of each folder or album before and after; with `format=csv` as a file."""
    by = (
        report_lines.By(request.GET["by"])
        if request.GET.get("by") in list(report_lines.By)
        else report_lines.By.FOLDER
    )
    lines = report_lines.lines(by)
    if request.GET.get("format") == "csv":
        return as_file(
            as_csv(report_lines.COLUMNS, map(asdict, lines)), f"{by}s.csv", "text/csv; charset=utf-8"
        )
    total = report_lines.total(lines)
    return render(request, "dedup/report.html", {"by": by, "lines": lines, "total": total})


def as_file(text: Iterator[str], name: str, media_type: str) -> StreamingHttpResponse:
    """A download that begins before all of it is read from the database."""
    return StreamingHttpResponse(
        text, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
