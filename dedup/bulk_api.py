"""Accepting the suggestions of many groups over the API: the count, the beginning, how far it is, the way back."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema, Status

from dedup import bulk
from dedup.api_filter import FilterQuery, parts_of
from dedup.merging import Part
from dedup.models import BulkDecision, Verdict
from dedup.tasks import wake_bulk
from gallery.api.common import ApiError, Number, errors, require_moderator

router = Router(tags=["duplicates"])

BulkId = Annotated[int, Path(description="The bulk decision's id.")]


class KindCount(Schema):
    kind: Verdict = Field(description="A kind of copy.")
    groups: int = Field(description="Its groups.")


class CountAnswer(Schema):
    groups: int = Field(description="Open groups with a suggestion.")
    photos: int = Field(description="Photos that would go to the trash.")
    bytes_freed: int = Field(description="What that would free.")
    least_sure: float = Field(description="The lowest confidence among them, 0 to 1.")
    mean_sure: float = Field(description="The mean confidence, 0 to 1.")
    kinds: list[KindCount] = Field(description="The groups by kind.")


class AcceptBody(FilterQuery):
    photos: Number = Field(description="How many photos go to the trash, as the count said.")
    merge: bool | list[Part] = Field(
        True, description="What the kept photos take over: all, nothing, or these parts."
    )


class StandingAnswer(Schema):
    decisions: int = Field(description="Decisions that were not taken back.")
    photos: int = Field(description="Photos that these moved to the trash.")
    bytes_freed: int = Field(description="What that frees.")


class BulkAnswer(Schema):
    id: int = Field(description="What the bulk decision is known by.")
    state: BulkDecision.State = Field(description="What is being done, or how it ended.")
    total: int = Field(description="Groups to decide, or decisions to take back.")
    position: int = Field(description="How many of them were looked at so far.")
    standing: StandingAnswer = Field(description="What of it stands.")
    skipped: int = Field(description="Left as they are.")
    notes: list[str] = Field(description="Why some were left, in sentences.")

    @staticmethod
    def resolve_standing(decision: BulkDecision) -> bulk.Standing:
        """Counted anew for each answer: a decision may have been taken back by itself."""
        return bulk.standing(decision)


@router.get(
    "duplicates/accept", response={200: CountAnswer, **errors(422)}, summary="Count what accepting would do"
)
def count(request: HttpRequest, asked: Query[FilterQuery]) -> dict[str, Any]:
    """How many groups and photos accepting every suggestion of the queue is about. Nothing changes."""
    require_moderator(request)
    counted = bulk.dry_run(asked.read())
    kinds = [{"kind": kind, "groups": groups} for kind, groups in counted.by_kind]
    return {**vars(counted), "kinds": kinds}


@router.post(
    "duplicates/accept",
    response={202: BulkAnswer, **errors(409, 413, 422)},
    summary="Accept every suggestion of the queue",
)
def accept(request: HttpRequest, body: AcceptBody) -> Status[BulkDecision]:
    """A worker keeps the suggested photo of each group and trashes the others. 409 where the number is another."""
    user = require_moderator(request)
    try:
        begun = bulk.begin(queue=body.read(), photos=body.photos, merge=parts_of(body.merge), user=user)
    except bulk.CannotAccept as error:
        raise ApiError(409, "cannot-accept", str(error)) from error
    wake_bulk(begun)
    return Status(202, begun)


@router.get(
    "duplicates/bulk/{int:bulk_id}", response={200: BulkAnswer, **errors(404)}, summary="A bulk decision"
)
def get_bulk(request: HttpRequest, bulk_id: BulkId) -> BulkDecision:
    """How far it is."""
    require_moderator(request)
    return found(bulk_id)


@router.post(
    "duplicates/bulk/{int:bulk_id}/stop", response={200: BulkAnswer, **errors(404)}, summary="Stop it"
)
def stop(request: HttpRequest, bulk_id: BulkId) -> BulkDecision:
    """Decide no further group; what is decided stays so."""
    user = require_moderator(request)
    found(bulk_id)
    bulk.stop(bulk_id=bulk_id, user=user)
    return found(bulk_id)


@router.post(
    "duplicates/bulk/{int:bulk_id}/undo",
    response={202: BulkAnswer, **errors(404, 409)},
    summary="Take it back",
)
def undo(request: HttpRequest, bulk_id: BulkId) -> Status[BulkDecision]:
    """A worker takes back every decision of it that stands, the latest first. 409 while it runs, and afterwards."""
    user = require_moderator(request)
    present = found(bulk_id)
    begun = bulk.begin_undo(bulk_id=bulk_id, user=user)
    if begun is None:
        raise ApiError(
            409, "cannot-undo", f"It cannot be taken back now: {present.get_state_display().lower()}."
        )
    wake_bulk(begun)
    return Status(202, begun)


def found(bulk_id: int) -> BulkDecision:
    """Raises ApiError 404."""
    row = BulkDecision.objects.defer("groups").filter(pk=bulk_id).first()
    if row is None:
        raise ApiError(404, "not-found", f"There is no bulk decision {bulk_id}.")
    return row
