"""How far the photos of one import are: which are through all stages, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection

from gallery import jobs, pipeline
from gallery.models import Job, PhotoState

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILURES_SHOWN = 20


@dataclass(frozen=True)
class BatchProgress:
    """Photos of a batch: how many there are, have open work that can be done, and stand in which state.

    failures: of so many jobs as FAILURES_SHOWN, the file's name and what went wrong. waiting: stage -> photos that wait
    for it although it cannot run now (paused, no model), and why.
    """

    total: int
    open: int
    states: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    failures: Sequence[str] = ()
    waiting: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def through(self) -> int:
        """Photos with nothing left to do now."""
        return self.total - self.open

    def seconds_left(self, seconds: float) -> float | None:
        """How long the rest takes at the pace of the `seconds` so far; None while that cannot be told."""
        return seconds * self.open / self.through if self.through and self.open else None


def progress_of(photo_ids: Sequence[int]) -> BatchProgress:
    """The progress of these photos now. Photos that were removed for good meanwhile count as through."""
    resting = stages_that_rest()
    ids = list(photo_ids)
    states = dict(rows("SELECT state, count(*) FROM gallery_photo WHERE id = ANY(%s) GROUP BY 1", ids))
    ((still_open,),) = rows(
        "SELECT count(DISTINCT photo_id) FROM gallery_job WHERE photo_id = ANY(%s) AND failed_at IS NULL"
        " AND NOT stage = ANY(%s)",
        ids,
        list(resting),
    )
    owed = rows(
        "SELECT stage, count(*) FILTER (WHERE failed_at IS NULL), count(DISTINCT photo_id) FILTER (WHERE failed_at"
        " IS NOT NULL) FROM gallery_job WHERE photo_id = ANY(%s) GROUP BY 1 ORDER BY 1",
        ids,
    )
    return BatchProgress(
        total=len(ids),
        open=still_open,
        states=states,
        failed=sum(failed for _, _, failed in owed),
        failures=failures_of(ids) if any(failed for _, _, failed in owed) else (),
        waiting={stage: (count, resting[stage]) for stage, count, _ in owed if count and resting.get(stage)},
    )


def stages_that_rest() -> dict[str, str]:
    """Stages that nobody takes up now, and why. A stage that only ever runs last is among them, without a word."""
    counts = jobs.counts()
    resting = {}
    for name, stage in pipeline.stages().items():
        paused = counts.get(name, jobs.StageCounts()).paused
        if stage.runs_last:
            resting[name] = ""
        elif reason := "It is paused." if paused else stage.unavailable():
            resting[name] = reason
    return resting


def failures_of(ids: list[int]) -> list[str]:
    """The first failures, each with the file's name."""
    failed = Job.objects.filter(failed_at__isnull=False, photo_id__in=ids).select_related("photo")
    return [f"{job.photo.file_name}: {job.error}" for job in failed.order_by("pk")[:FAILURES_SHOWN]]


def rows(sql: str, *params: list[int] | list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def told(progress: BatchProgress) -> str:
    """One line: how many are through, and what became of them."""
    words = [
        f"{progress.states[state]} {PhotoState(state).label.lower()}"
        for state in (PhotoState.READY, PhotoState.DAMAGED, PhotoState.REFUSED)
        if progress.states.get(state)
    ]
    if progress.failed:
        words.append(f"{progress.failed} failed")
    return f"{progress.through} of {progress.total} photos are through" + (
        f": {', '.join(words)}" if words else ""
    )
