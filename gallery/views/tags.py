"""Tags: how many of the visitor's photos carry each, and completing one while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.models import Photo, Tag, TagAlias, TagCategory
from gallery.search.complete import MAX_SUGGESTIONS, FoundName
from gallery.views.doors import visitors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet
    from django.db.models.expressions import OrderBy
    from django_stubs_ext import WithAnnotations

    from gallery.models import User

    class TagCount(TypedDict):
        count: int

    CountedTag = WithAnnotations[Tag, TagCount]

PAGE_SIZE = 300
ORDERS: dict[str, Sequence[str | OrderBy]] = {
    "name": [F("category__name").asc(nulls_last=True), "name"],
    "count": ["-count", "name"],
}


def counted_tags(user: User | AnonymousUser) -> QuerySet[CountedTag]:
    """Tags with the `count` of photos that the user may see; those without any are left out."""
    visible = Photo.objects.visible_to(user).values("pk")
    return Tag.objects.annotate(count=Count("photo_tags", filter=Q(photo_tags__photo__in=visible))).filter(
        count__gt=0
    )


@require_safe
@visitors
def tags(request: HttpRequest) -> HttpResponse:
    """All tags, by name or by how many photos have them; ``?find=`` narrows them."""
    order = request.GET.get("order", "name")
    found = counted_tags(request.user).select_related("category")
    if find := request.GET.get("find", "").strip().lower().replace(" ", "_"):
        found = found.filter(Q(name__contains=find) | Q(pk__in=aliased(name__contains=find)))
    if (category := request.GET.get("category", "")).isdecimal():
        found = found.filter(category_id=int(category))
    context = {
        "page": Paginator(found.order_by(*ORDERS.get(order, ORDERS["name"])), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "order": order,
        "find": request.GET.get("find", ""),
        "category": category,
        "categories": TagCategory.objects.all(),
    }
    return render(request, "tags/tags.html", context)


def aliased(**named: str) -> QuerySet[TagAlias, int]:
    """The tags that have another name of this kind."""
    return TagAlias.objects.filter(**named).values_list("tag", flat=True)


@require_safe
@visitors
def suggest(request: HttpRequest) -> JsonResponse:
    """Tags that begin with ``?text=``, the most used ones first."""
    found = suggested_tags(request.user, request.GET.get("text", ""))
    return JsonResponse({"tags": [{"name": tag.name, "count": tag.count} for tag in found]})


def suggested_tags(user: User | AnonymousUser, text: str) -> list[FoundName]:
    """Tags that begin with the text, or have a word or another name that does."""
    start = text.strip().lower().replace(" ", "_")
    begins = Q(name__startswith=start) | Q(name__contains=f"_{start}")
    matching = counted_tags(user).filter(
        begins | Q(pk__in=aliased(name__startswith=start)) if start else begins
    )
    return [FoundName(tag.name, tag.count) for tag in matching.order_by("-count", "name")[:MAX_SUGGESTIONS]]
