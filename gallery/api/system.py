"""Jobs and health over the API."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Status

from gallery import jobs, pipeline
from gallery.access import asker
from gallery.api.common import (
    ApiError,
    ErrorBody,
    SessionAuth,
    TokenAuth,
    anyone,
    errors,
    require_moderator,
    require_reader,
)
from gallery.api.schemas import HealthAnswer, JobsAnswer
from gallery.health import check_all

router = Router(tags=["system"])

StageName = Annotated[str, Path(description="The stage's name: analyse, embed or match.")]


@router.get("jobs", response={200: JobsAnswer, **errors()}, summary="Owed work per stage")
def get_jobs(request: HttpRequest) -> dict[str, Any]:
    """`idle`: nothing runs, and nothing is owed that could run now or after a back-off."""
    require_reader(request)
    return jobs_answer()


def jobs_answer() -> dict[str, Any]:
    """The counts of all stages."""
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
            "paused": count.paused,
            "unavailable": stage.unavailable(),
        }
    return {"stages": stages, "idle": pipeline.is_idle()}


@router.post("jobs/{stage}/pause", response={200: JobsAnswer, **errors(404)}, summary="Pause a stage")
def pause_stage(request: HttpRequest, stage: StageName) -> dict[str, Any]:
    """No more work of the stage is taken up until it is resumed; what runs is finished."""
    require_moderator(request)
    pipeline.pause(stage=known_stage(stage))
    return jobs_answer()


@router.post(
    "jobs/{stage}/resume", response={200: JobsAnswer, **errors(404)}, summary="Resume a paused stage"
)
def resume_stage(request: HttpRequest, stage: StageName) -> dict[str, Any]:
    """Its owed work is taken up again."""
    require_moderator(request)
    pipeline.resume(stage=known_stage(stage))
    return jobs_answer()


def known_stage(name: str) -> str:
    """The name, when there is such a stage. Raises ApiError 404."""
    if name not in pipeline.stages():
        raise ApiError(
            404, "not-found", f"There is no stage {name}; there are {', '.join(pipeline.stages())}."
        )
    return name


@router.get(
    "health",
    auth=[TokenAuth(), SessionAuth(), anyone],
    response={200: HealthAnswer, 503: HealthAnswer, (400, 401, 403): ErrorBody},
    summary="Whether all parts work",
)
def get_health(request: HttpRequest) -> Status[dict[str, Any]]:
    """503 when a vital part fails; without a model the service is only degraded.

    Strangers (a load balancer, a container's health check) learn which part fails, people with a login also why.
    """
    knows_why = asker(request).is_authenticated
    parts = check_all()
    broken = any(part.vital and not part.ok for part in parts)
    status = "broken" if broken else "ok" if all(part.ok for part in parts) else "degraded"
    body: dict[str, Any] = {"status": status}
    body |= {part.name: {"ok": part.ok, "detail": part.detail if knows_why else ""} for part in parts}
    return Status(503 if broken else 200, body)
