"""Duplicates over the API: the queue, decisions, undo."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from dedup.group_json import groups_json
from dedup.models import GroupStatus, Verdict
from dedup.resolution import BadDecision, Conflict, NoSuchGroup, dismiss_group, resolve_group
from dedup.review import BadCursor, QueueFilter, loaded, queue_page
from dedup.undo import CannotUndo, NoSuchResolution, undo_resolution
from gallery.api.common import COMMON_ERRORS, ApiError, require_moderator
from gallery.api.schemas import PhotoBasic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gallery.models import User

router = Router(tags=["duplicates"])

MAX_PAGE = 200
MAX_NAMED = 10_000


class MemberAnswer(Schema):
    photo: PhotoBasic
    verdict: str | None
    reasons: list[str]


class GroupAnswer(Schema):
    id: int
    status: str
    version: int
    kind: str
    confidence: float
    members: list[MemberAnswer]
    suggested_keeper: int | None
    why: list[str]
    bytes_saved: int
    created_at: datetime


class GroupList(Schema):
    groups: list[GroupAnswer]
    next: str | None


class ResolveBody(Schema):
    keep: list[int] = Field(max_length=MAX_NAMED)
    trash: list[int] = Field(default=[], max_length=MAX_NAMED)
    merge: bool = True
    version: int


class DismissBody(Schema):
    """`photos` limits the decision to a part of the group; without `version` the present state is meant."""

    photos: list[int] = Field(default=[], max_length=MAX_NAMED)
    version: int | None = None


class Decided(Schema):
    resolution_id: int


@router.get(
    "duplicates", response={200: GroupList, **COMMON_ERRORS}, summary="Groups of duplicates, best first"
)
def list_groups(
    request: HttpRequest,
    status: Literal["open", "resolved", "dismissed"] = "open",
    kind: str = "",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 30,
) -> dict[str, Any]:
    """One page of groups, ordered by confidence x bytes saved. `kind` is one of the verdict kinds; empty means all."""
    user = require_moderator(request)
    if kind and kind not in Verdict.values:
        raise ApiError(422, "bad-kind", f"Kinds are {', '.join(Verdict.values)}.")
    queue = QueueFilter(status=GroupStatus(status), kind=kind, with_near_shots=True)
    try:
        page = queue_page(queue, cursor=cursor, limit=limit)
    except BadCursor as error:
        raise ApiError(400, "bad-cursor", str(error)) from error
    return {"groups": groups_json(page.groups, user), "next": page.next or None}


@router.get("duplicates/{int:group_id}", response={200: GroupAnswer, **COMMON_ERRORS}, summary="One group")
def get_group(request: HttpRequest, group_id: int) -> dict[str, Any]:
    """The group as it is now."""
    return present_group(group_id, require_moderator(request))


@router.post(
    "duplicates/{int:group_id}/resolve", response={200: Decided, **COMMON_ERRORS}, summary="Keep and trash"
)
def resolve(request: HttpRequest, group_id: int, body: ResolveBody) -> dict[str, Any]:
    """Keep the photos of `keep` and move those of `trash` to the trash; an empty `trash` keeps all as they are.

    A `version` that is not the present one is answered with 409 and the group as it is now.
    """
    user = require_moderator(request)
    with decision_errors(user):
        resolution = resolve_group(
            group_id=group_id,
            keep=body.keep,
            trash=body.trash,
            merge=body.merge,
            version=body.version,
            user=user,
        )
    return {"resolution_id": resolution.pk}


@router.post(
    "duplicates/{int:group_id}/dismiss", response={200: Decided, **COMMON_ERRORS}, summary="Not duplicates"
)
def dismiss(request: HttpRequest, group_id: int, body: DismissBody | None = None) -> dict[str, Any]:
    """Remember for each pair of the group that it is not the same picture. No photo changes."""
    user = require_moderator(request)
    wanted = body or DismissBody()
    with decision_errors(user):
        resolution = dismiss_group(
            group_id=group_id, user=user, version=wanted.version, photo_ids=wanted.photos
        )
    return {"resolution_id": resolution.pk}


@router.post("resolutions/{int:resolution_id}/undo", response={200: Decided, **COMMON_ERRORS}, summary="Undo")
def undo(request: HttpRequest, resolution_id: int) -> dict[str, Any]:
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
