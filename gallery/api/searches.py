"""Saved searches over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Router, Schema, Status

from gallery.api.common import ApiError, Text, errors, require, require_reader
from gallery.models import ApiTokenScope, Role, SavedSearch, Visibility
from gallery.saved_searches import (
    MAX_QUERY_CHARS,
    BadSearch,
    change_search,
    delete_search,
    save_search,
)
from gallery.search import search

router = Router(tags=["saved searches"])

SearchId = Annotated[int, Path(description="The saved search's id.")]
Name = Annotated[Text, Field(max_length=255)]
QueryText = Annotated[Text, Field(max_length=MAX_QUERY_CHARS)]


class SearchShape(Schema):
    id: int = Field(description="What the saved search is known by.")
    name: str = Field(description="Its name.")
    query: str = Field(description="The query, as in the search box.")
    owner: str = Field(description="Name of the person who saved it.")
    visibility: Visibility = Field(description="Who finds it beside its owner.")
    created_at: datetime = Field(description="When it was saved.")


class SearchDetail(SearchShape):
    total: int = Field(description="How many photos you find with it now.")
    total_is_exact: bool = Field(description="False where `total` is an estimate.")


class SearchBody(Schema):
    name: Name = Field(description="Its name.")
    query: QueryText = Field(description="The query, as in the search box.")
    visibility: Visibility = Field(Visibility.PRIVATE, description="Who finds it beside you.")


class SearchPatch(Schema):
    name: Name | None = Field(None, description="The new name.")
    query: QueryText | None = Field(None, description="The new query.")
    visibility: Visibility | None = Field(None, description="Who finds it beside its owner.")


def search_json(saved: SavedSearch) -> dict[str, Any]:
    """A saved search as the API shows it."""
    return {
        "id": saved.pk,
        "name": saved.name,
        "query": saved.query,
        "owner": saved.owner.get_username(),
        "visibility": saved.visibility,
        "created_at": saved.created_at,
    }


def editable_search(request: HttpRequest, pk: int) -> SavedSearch:
    """A saved search that the asker may change. Raises ApiError 401 and 403, Http404."""
    user = require(request, Role.VIEWER, ApiTokenScope.UPLOAD)
    found = get_object_or_404(SavedSearch.objects.visible_to(user), pk=pk)
    if not SavedSearch.objects.editable_by(user).filter(pk=pk).exists():
        raise ApiError(403, "not-yours", "Only the owner of a saved search and moderators may change it.")
    return found


@router.get("searches", response={200: list[SearchShape], **errors()}, summary="Saved searches")
def list_searches(request: HttpRequest) -> list[dict[str, Any]]:
    """Yours and those that others share."""
    user = require_reader(request)
    return [search_json(saved) for saved in SavedSearch.objects.visible_to(user).select_related("owner")]


@router.post("searches", response={201: SearchShape, **errors(413, 422)}, summary="Save a search")
def post_search(request: HttpRequest, body: SearchBody) -> Status[dict[str, Any]]:
    """It is yours; `visibility` says who else finds it."""
    user = require(request, Role.VIEWER, ApiTokenScope.UPLOAD)
    try:
        saved = save_search(owner=user, **body.dict())
    except BadSearch as error:
        raise ApiError(422, "bad-search", str(error)) from error
    return Status(201, search_json(saved))


@router.get(
    "searches/{int:search_id}", response={200: SearchDetail, **errors(404)}, summary="One, with its count"
)
def get_search(request: HttpRequest, search_id: SearchId) -> dict[str, Any]:
    """`total`: how many photos you find with it now. The photos themselves: `GET photos?q=<query>`."""
    user = require_reader(request)
    saved = get_object_or_404(SavedSearch.objects.visible_to(user), pk=search_id)
    page = search(user, saved.query, limit=1)
    return search_json(saved) | {"total": page.total, "total_is_exact": page.total_is_exact}


@router.patch(
    "searches/{int:search_id}", response={200: SearchShape, **errors(404, 413, 422)}, summary="Change one"
)
def patch_search(request: HttpRequest, search_id: SearchId, body: SearchPatch) -> dict[str, Any]:
    """Change what is given."""
    saved = editable_search(request, search_id)
    try:
        change_search(search=saved, **body.dict(exclude_unset=True))
    except BadSearch as error:
        raise ApiError(422, "bad-search", str(error)) from error
    return search_json(saved)


@router.delete("searches/{int:search_id}", response={204: None, **errors(404)}, summary="Forget one")
def delete_saved(request: HttpRequest, search_id: SearchId) -> Status[None]:
    """No photo changes."""
    delete_search(search=editable_search(request, search_id))
    return Status(204, None)
