"""Duplicates over the API: the queue, decisions, undo."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from dedup.api_filter import FilterQuery, parts_of
from dedup.group_json import groups_json
from dedup.merging import Part
from dedup.models import GroupStatus, Verdict
from dedup.queue_filter import BadCursor
from dedup.resolution import BadDecision, Conflict, NoSuchGroup, dismiss_group, resolve_group
from dedup.review import loaded, queue_page
from dedup.stacking import stack_group
from dedup.undo import CannotUndo, NoSuchResolution, undo_resolution
from gallery.api.common import ApiError, CursorText, ErrorBody, Number, errors, require_moderator
from gallery.api.schemas import PhotoBasic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gallery.models import User

router = Router(tags=["duplicates"])
router.add_router("", "dedup.detection_api.router")
router.add_router("", "dedup.bulk_api.router")

MAX_PAGE = 200
MAX_NAMED = 10_000
PhotoIds = Annotated[list[Number], Field(max_length=MAX_NAMED)]
GroupId = Annotated[int, Path(description="The group's id.")]
ResolutionId = Annotated[int, Path(description="The decision's id.")]


class MemberAnswer(Schema):
    photo: PhotoBasic = Field(description="The photo.")
    verdict: str | None = Field(description="What it is to the suggested keeper; null for the keeper itself.")
    reasons: list[str] = Field(description="Why, in sentences.")


class GroupAnswer(Schema):
    id: int = Field(description="What the group is known by.")
    status: GroupStatus = Field(description="Whether it waits for a decision, and else what was decided.")
    version: int = Field(description="Goes up with each change; a decision names the one that it is about.")
    kind: Verdict = Field(description="The strongest kind of copy in the group.")
    confidence: float = Field(description="How sure the verdicts are, 0 to 1.")
    members: list[MemberAnswer] = Field(description="The photos, the suggested keeper first.")
    suggested_keeper: int | None = Field(description="The photo that we would keep.")
    why: list[str] = Field(description="Why we would keep it, in sentences.")
    bytes_saved: int = Field(description="What trashing the others would free.")
    created_at: datetime = Field(description="When the group was found.")


class GroupList(Schema):
    groups: list[GroupAnswer] = Field(description="The groups of this page, best first.")
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class ResolveBody(Schema):
    keep: PhotoIds = Field(description="Ids of the members to keep.")
    trash: PhotoIds = Field(default=[], description="Ids of the members to move to the trash.")
    merge: bool | list[Part] = Field(
        True,
        description="What the kept photo takes over from the trashed ones: all, nothing, or these parts.",
    )
    version: Number = Field(description="The version of the group that this decision is about.")


class StackGroupBody(Schema):
    cover: Number = Field(description="Id of the member that lies on top.")
    photos: PhotoIds = Field(
        default=[], description="The members to stack, the cover among them; empty for all."
    )
    version: Number = Field(description="The version of the group that this decision is about.")


class DismissBody(Schema):
    """`photos` limits the decision to a part of the group; without `version` the present state is meant."""

    photos: PhotoIds = Field(default=[], description="Only the pairs among these; empty for the whole group.")
    version: Number | None = Field(
        default=None, description="The version that this decision is about; null for any."
    )


#: What is meant without a body.
WHOLE_GROUP = DismissBody()


class Decided(Schema):
    resolution_id: int = Field(description="What the decision is known by, to undo it.")


class ConflictBody(ErrorBody):
    """Somebody was faster, or the group cannot be decided so."""

    group: GroupAnswer | None = Field(None, description="The group as it is now, where it has changed.")


@router.get("duplicates", response={200: GroupList, **errors(422)}, summary="Groups of duplicates")
def list_groups(
    request: HttpRequest,
    asked: Query[FilterQuery],
    cursor: CursorText = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many groups a page has at most.")] = 30,
) -> dict[str, Any]:
    """One page of groups, best first by confidence x bytes saved unless `order` says otherwise."""
    user = require_moderator(request)
    try:
        page = queue_page(asked.read(), cursor=cursor, limit=limit)
    except BadCursor as error:
        raise ApiError(400, "bad-cursor", str(error)) from error
    return {"groups": groups_json(page.groups, user), "next": page.next or None}


@router.get("duplicates/{int:group_id}", response={200: GroupAnswer, **errors(404)}, summary="One group")
def get_group(request: HttpRequest, group_id: GroupId) -> dict[str, Any]:
    """The group as it is now."""
    return present_group(group_id, require_moderator(request))


@router.post(
    "duplicates/{int:group_id}/resolve",
    response={200: Decided, 409: ConflictBody, **errors(404, 413, 422)},
    summary="Keep and trash",
)
def resolve(request: HttpRequest, group_id: GroupId, body: ResolveBody) -> dict[str, Any]:
    """Keep the photos of `keep` and move those of `trash` to the trash; an empty `trash` keeps all as they are.

    A `version` that is not the present one is answered with 409 and the group as it is now.
    """
    user = require_moderator(request)
    with decision_errors(user):
        resolution = resolve_group(
            group_id=group_id,
            keep=body.keep,
            trash=body.trash,
            merge=parts_of(body.merge),
            version=body.version,
            user=user,
        )
    return {"resolution_id": resolution.pk}


@router.post(
    "duplicates/{int:group_id}/dismiss",
    response={200: Decided, 409: ConflictBody, **errors(404, 413, 422)},
    summary="Not duplicates",
)
def dismiss(request: HttpRequest, group_id: GroupId, body: DismissBody = WHOLE_GROUP) -> dict[str, Any]:
    """Remember for each pair of the group that it is not the same picture. No photo changes."""
    user = require_moderator(request)
    with decision_errors(user):
        resolution = dismiss_group(group_id=group_id, user=user, version=body.version, photo_ids=body.photos)
    return {"resolution_id": resolution.pk}


@router.post(
    "duplicates/{int:group_id}/stack",
    response={200: Decided, 409: ConflictBody, **errors(404, 413, 422)},
    summary="Stack",
)
def stack(request: HttpRequest, group_id: GroupId, body: StackGroupBody) -> dict[str, Any]:
    """Show members of the group as one photo, the cover. Nothing goes to the trash."""
    user = require_moderator(request)
    with decision_errors(user):
        resolution = stack_group(
            group_id=group_id, cover=body.cover, photo_ids=body.photos, version=body.version, user=user
        )
    return {"resolution_id": resolution.pk}


@router.post(
    "resolutions/{int:resolution_id}/undo", response={200: Decided, **errors(404, 409)}, summary="Undo"
)
def undo(request: HttpRequest, resolution_id: ResolutionId) -> dict[str, Any]:
    """Take a decision back: photos, metadata, albums, tags and the group are as they were. 409 where that cannot be."""
    user = require_moderator(request)
    with decision_errors(user):
        resolution = undo_resolution(resolution_id=resolution_id, user=user)
    return {"resolution_id": resolution.pk}


@contextmanager
def decision_errors(user: User) -> Iterator[None]:
    """Answer what decisions raise with the right status."""
    try:
        yield
    except (NoSuchGroup, NoSuchResolution) as error:
        raise ApiError(404, "not-found", str(error)) from error
    except BadDecision as error:
        raise ApiError(422, "bad-decision", str(error)) from error
    except CannotUndo as error:
        raise ApiError(409, "cannot-undo", str(error)) from error
    except Conflict as error:
        group = present_group(error.group.pk, user)
        raise ApiError(409, "conflict", error.sentence, group=group) from error


def present_group(group_id: int, user: User) -> dict[str, Any]:
    """The group as it is now. Raises ApiError 404."""
    group = loaded(group_id)
    if group is None:
        raise ApiError(404, "not-found", f"There is no group {group_id} (any more).")
    return groups_json([group], user)[0]
