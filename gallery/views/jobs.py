"""What the workers do: counts per stage, and failures with a way to try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from gallery import jobs as owed
from gallery.access import requires_role
from gallery.models import Job, Photo, PhotoState, Priority, Role
from gallery.pace import Pace, pace_of
from gallery.pipeline import is_idle, retry_failed, stages
from gallery.pipeline import pause as pause_stage
from gallery.pipeline import resume as resume_stage
from gallery.views.doors import person

FAILURES_SHOWN = 100
STAGE_WORDS = {
    "analyse": ("Look", "Reads each file once: previews, camera data, colours, fingerprints"),
    "embed": ("Understand", "Learns what is in the picture, for search by description"),
    "optimise": (
        "Shrink",
        "Makes JPEG and PNG files smaller without changing a pixel, when nothing else is to do",
    ),
    "match": ("Compare", "Finds photos that show the same picture"),
    "group": ("Group", "Groups copies anew after what counts as a copy was changed"),
}

PRIORITY_WORDS = {Priority.PERSON: "of uploads", Priority.BULK: "of an import", Priority.REINDEX: "for later"}
"""What is waiting, by what it came from; the first ones are taken up first."""


@dataclass(frozen=True)
class StageRow:
    """One stage of the page."""

    name: str
    title: str
    purpose: str
    counts: owed.StageCounts
    unavailable: str
    pace: Pace

    @property
    def total(self) -> int:
        """Everything that was and is to do: the length of the progress bar."""
        return self.counts.done + self.counts.owed + self.counts.running + self.counts.failed

    @property
    def order(self) -> str:
        """In which order what waits is taken up; empty where it is all of one kind that needs no word."""
        owed = self.counts.owed_by_priority
        parts = [
            f"{intcomma(count)} {PRIORITY_WORDS[Priority(kind)]}" for kind, count in sorted(owed.items())
        ]
        return "" if set(owed) <= {Priority.PERSON} else ", then ".join(parts)

    @property
    def milliseconds(self) -> int:
        """Mean time per photo; 0 before the first."""
        return round(1000 * self.counts.seconds / self.counts.done) if self.counts.done else 0


def stage_rows() -> list[StageRow]:
    """All stages in the order of a photo's way."""
    counts = owed.counts()
    rows = []
    for name, stage in stages().items():
        title, purpose = STAGE_WORDS.get(name, (name.capitalize(), ""))
        count = counts.get(name, owed.StageCounts())
        rows.append(StageRow(name, title, purpose, count, stage.unavailable(), pace_of(name, count)))
    return rows


@require_safe
@requires_role(Role.VIEWER)
def jobs(request: HttpRequest) -> HttpResponse:
    """The page; htmx asks for its changing part alone, every two seconds while there is work."""
    template = "jobs/counts.html" if request.headers.get("HX-Request") else "jobs/jobs.html"
    return render(request, template, page_context(request))


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Counts for everybody; failures only of photos that the person may change."""
    editable = Photo.objects.editable_by(person(request))
    failures = Job.objects.filter(failed_at__isnull=False, photo__in=editable).select_related("photo")
    refused = editable.live().filter(state__in=[PhotoState.REFUSED, PhotoState.DAMAGED])
    return {
        "rows": stage_rows(),
        "idle": is_idle(),
        "failures": failures.order_by("-failed_at")[:FAILURES_SHOWN],
        "refused": refused.order_by("-pk")[:FAILURES_SHOWN],
    }


@require_POST
@requires_role(Role.UPLOADER)
def retry(request: HttpRequest) -> HttpResponse:
    """Try failed work again: of one photo (``photo``), or all that the person may change."""
    photos = Photo.objects.editable_by(person(request)).filter(jobs__failed_at__isnull=False)
    if (pk := request.POST.get("photo", "")).isdecimal():
        photos = photos.filter(pk=pk)
    count = retry_failed(photo_ids=list(photos.values_list("pk", flat=True).distinct()))
    messages.success(request, f"{count} job{'' if count == 1 else 's'} will be tried again.")
    return redirect("jobs")


@require_POST
@requires_role(Role.MODERATOR)
def pause(request: HttpRequest, stage: str) -> HttpResponse:
    """Pause a stage, or go on with it when ``resume`` is given."""
    if stage not in stages():
        raise Http404("There is no such stage.")
    title = STAGE_WORDS.get(stage, (stage, ""))[0]
    if "resume" in request.POST:
        resume_stage(stage=stage)
        messages.success(request, f"{title} goes on.")
    else:
        pause_stage(stage=stage)
        messages.success(request, f"{title} rests until you resume it. What is under way is finished.")
    return redirect("jobs")
