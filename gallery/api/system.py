"""Jobs and health over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from gallery import jobs, pipeline
from gallery.api.common import COMMON_ERRORS, require_reader
from gallery.api.schemas import HealthAnswer, JobsAnswer
from gallery.health import check_all

router = Router(tags=["system"])


@router.get("jobs", response={200: JobsAnswer, **COMMON_ERRORS}, summary="Owed work per stage")
def get_jobs(request: HttpRequest) -> dict[str, Any]:
    """`idle`: nothing runs, and nothing is owed that could run now or after a back-off."""
    require_reader(request)
    counts = jobs.counts()
    stages = {}
    for name, stage in pipeline.stages().items():
        count = counts.get(name, jobs.StageCounts())
        stages[name] = {
            "owed": count.owed,
            "running": count.running,
            "failed": count.failed,
            "done": count.done,
            "seconds": count.seconds,
            "unavailable": stage.unavailable(),
        }
    return {"stages": stages, "idle": pipeline.is_idle()}


@router.get(
    "health", auth=None, response={200: HealthAnswer, 503: HealthAnswer}, summary="Whether all parts work"
)
def get_health(request: HttpRequest) -> Status[dict[str, Any]]:
    """503 when a vital part fails; without a model the service is only degraded."""
    parts = check_all()
    broken = any(part.vital and not part.ok for part in parts)
    status = "broken" if broken else "ok" if all(part.ok for part in parts) else "degraded"
    body: dict[str, Any] = {"status": status}
    body |= {part.name: {"ok": part.ok, "detail": part.detail} for part in parts}
    return Status(503 if broken else 200, body)
