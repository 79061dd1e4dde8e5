"""Saved searches over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Router, Schema, Status

from gallery.api.common import COMMON_ERRORS, ApiError, Text, require, require_reader
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

Name = Annotated[Text, Field(max_length=255)]
QueryText = Annotated[Text, Field(max_length=MAX_QUERY_CHARS)]


class SearchShape(Schema):
    id: int
    name: str
    query: str
    owner: str
    visibility: str
    created_at: datetime


class SearchDetail(SearchShape):
    total: int
    total_is_exact: bool


class SearchBody(Schema):
    name: Name
    query: QueryText
    visibility: Visibility = Visibility.PRIVATE


class SearchPatch(Schema):
    name: Name | None = None
    query: QueryText | None = None
    visibility: Visibility | None = None


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


@router.get("searches", response={200: list[SearchShape], **COMMON_ERRORS}, summary="Saved searches")
def list_searches(request: HttpRequest) -> list[dict[str, Any]]:
    user = require_reader(request)
    return [search_json(saved) for saved in SavedSearch.objects.visible_to(user).select_related("owner")]


@router.post("searches", response={201: SearchShape, **COMMON_ERRORS}, summary="Save a search")
def post_search(request: HttpRequest, body: SearchBody) -> Status[dict[str, Any]]:
    user = require(request, Role.VIEWER, ApiTokenScope.UPLOAD)
    try:
        saved = save_search(owner=user, **body.dict())
    except BadSearch as error:
        raise ApiError(422, "bad-search", str(error)) from error
    return Status(201, search_json(saved))


@router.get(
    "searches/{int:search_id}", response={200: SearchDetail, **COMMON_ERRORS}, summary="One, with its count"
)
def get_search(request: HttpRequest, search_id: int) -> dict[str, Any]:
    """`total`: how many photos you find with it now. The photos themselves: `GET photos?q=<query>`."""
    user = require_reader(request)
    saved = get_object_or_404(SavedSearch.objects.visible_to(user), pk=search_id)
    page = search(user, saved.query, limit=1)
    return search_json(saved) | {"total": page.total, "total_is_exact": page.total_is_exact}


@router.patch("searches/{int:search_id}", response={200: SearchShape, **COMMON_ERRORS}, summary="Change one")
def patch_search(request: HttpRequest, search_id: int, body: SearchPatch) -> dict[str, Any]:
    saved = editable_search(request, search_id)
    try:
        change_search(search=saved, **body.dict(exclude_unset=True))
    except BadSearch as error:
        raise ApiError(422, "bad-search", str(error)) from error
    return search_json(saved)


@router.delete("searches/{int:search_id}", response={204: None, **COMMON_ERRORS}, summary="Forget one")
def delete_saved(request: HttpRequest, search_id: int) -> Status[None]:
    delete_search(search=editable_search(request, search_id))
    return Status(204, None)
