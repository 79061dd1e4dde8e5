"""Tags, their categories and their other names over the API."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Query, Router, Schema, Status

from gallery import tag_upkeep
from gallery.api.common import ApiError, CursorText, Text, errors, require_moderator, require_reader
from gallery.models import Photo, Tag, TagAlias, TagCategory
from gallery.tags import BadTag, real_names

router = Router(tags=["tags"])

MAX_TAGS = 1_000
TagId = Annotated[int, Path(description="The tag's id.")]
CategoryId = Annotated[int, Path(description="The category's id.")]
AliasName = Annotated[Text, Path(description="The other name.")]
PartOfName = Annotated[Text, Query("", description="A part of the name; empty for all tags.")]
TagName = Annotated[Text, Field(max_length=500)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class CategoryShape(Schema):
    id: int = Field(description="What the category is known by.")
    name: str = Field(description="Its name.")
    colour: str = Field(description="The colour of its tags as #rrggbb.")


class TagShape(Schema):
    id: int = Field(description="What the tag is known by.")
    name: str = Field(description="Its name: small letters, no blanks.")
    count: int = Field(description="On how many photos that you may see it is.")
    category: CategoryShape | None = Field(description="Its category, where it has one.")
    aliases: list[str] = Field(description="Other names that mean this tag.")


class TagList(Schema):
    items: list[TagShape] = Field(description="The tags of this page, by name.")
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class TagPatch(Schema):
    name: TagName | None = Field(None, description="The new name.")
    category: Text | None = Field(None, description="The category's name; empty for none.", max_length=64)


class MergeBody(Schema):
    into: TagName = Field(description="Name of the tag that stays.")


class AliasBody(Schema):
    name: TagName = Field(description="The other name.")


class CategoryBody(Schema):
    name: Text = Field(max_length=64, description="Its name.")
    colour: Colour = Field("#0d5e66", description="The colour of its tags as #rrggbb.")


def tags_json(request: HttpRequest, tags: list[Tag]) -> list[dict[str, Any]]:
    """The tags with counts of the photos that the asker may see, with a constant number of queries."""
    visible = Photo.objects.visible_to(request.user).values("pk")
    ids = [tag.pk for tag in tags]
    counted = Tag.objects.filter(pk__in=ids).annotate(
        count=Count("photo_tags", filter=Q(photo_tags__photo__in=visible))
    )
    counts = dict(counted.values_list("pk", "count"))
    aliases: dict[int, list[str]] = {}
    for alias in TagAlias.objects.filter(tag__in=ids):
        aliases.setdefault(alias.tag_id, []).append(alias.name)
    return [
        {
            "id": tag.pk,
            "name": tag.name,
            "count": counts.get(tag.pk, 0),
            "category": tag.category,
            "aliases": aliases.get(tag.pk, []),
        }
        for tag in tags
    ]


@router.get("tags", response={200: TagList, **errors(422)}, summary="Tags with counts, by name")
def list_tags(
    request: HttpRequest,
    find: PartOfName = "",
    cursor: CursorText = "",
    limit: Annotated[int, Query(ge=1, le=MAX_TAGS, description="How many tags a page has at most.")] = 200,
) -> dict[str, Any]:
    """Tags on photos that you may see; `find` is a part of the name. `next` is the cursor of the next page."""
    user = require_reader(request)
    seen = Photo.objects.visible_to(user).values("pk")
    tags = Tag.objects.filter(pk__in=Tag.objects.filter(photo_tags__photo__in=seen).values("pk"))
    tags = tags.filter(name__contains=find.strip().lower().replace(" ", "_"), name__gt=cursor)
    page = list(tags.select_related("category").order_by("name")[: limit + 1])
    more = page[limit - 1].name if len(page) > limit else None
    return {"items": tags_json(request, page[:limit]), "next": more}


def changed(request: HttpRequest, pk: int) -> dict[str, Any]:
    """The tag as it is now."""
    return tags_json(request, [Tag.objects.select_related("category").get(pk=pk)])[0]


def refused(error: BadTag) -> ApiError:
    """The answer to a name that cannot be used."""
    taken = isinstance(error, tag_upkeep.NameTaken)
    return ApiError(409 if taken else 422, "name-taken" if taken else "bad-tag", str(error))


@router.patch(
    "tags/{int:tag_id}", response={200: TagShape, **errors(404, 409, 413, 422)}, summary="Rename, categorise"
)
def patch_tag(request: HttpRequest, tag_id: TagId, body: TagPatch) -> dict[str, Any]:
    """A renamed tag is found by its old name as well."""
    require_moderator(request)
    tag = get_object_or_404(Tag, pk=tag_id)
    try:
        if body.name is not None:
            tag_upkeep.rename_tag(tag=tag, name=body.name)
        if body.category is not None:
            category = get_object_or_404(TagCategory, name=body.category) if body.category else None
            tag_upkeep.set_category(tag=tag, category=category)
    except BadTag as error:
        raise refused(error) from error
    return changed(request, tag_id)


@router.post(
    "tags/{int:tag_id}/merge",
    response={200: TagShape, **errors(404, 409, 413, 422)},
    summary="Merge into another",
)
def merge_tag(request: HttpRequest, tag_id: TagId, body: MergeBody) -> dict[str, Any]:
    """Photos with this tag get the other instead, and its name becomes another name of that one."""
    require_moderator(request)
    source = get_object_or_404(Tag, pk=tag_id)
    try:
        target = get_object_or_404(Tag, name=real_names([body.into])[0])
        tag_upkeep.merge_tags(source=source, target=target)
    except BadTag as error:
        raise refused(error) from error
    return changed(request, target.pk)


@router.post(
    "tags/{int:tag_id}/aliases",
    response={200: TagShape, **errors(404, 409, 413, 422)},
    summary="Add another name",
)
def post_alias(request: HttpRequest, tag_id: TagId, body: AliasBody) -> dict[str, Any]:
    """Whoever types or searches the other name means this tag."""
    require_moderator(request)
    try:
        tag_upkeep.add_alias(tag=get_object_or_404(Tag, pk=tag_id), name=body.name)
    except BadTag as error:
        raise refused(error) from error
    return changed(request, tag_id)


@router.delete(
    "tags/{int:tag_id}/aliases/{name}",
    response={200: TagShape, **errors(404, 422)},
    summary="Remove another name",
)
def delete_alias(request: HttpRequest, tag_id: TagId, name: AliasName) -> dict[str, Any]:
    """The tag itself stays."""
    require_moderator(request)
    tag_upkeep.remove_alias(alias=get_object_or_404(TagAlias, tag=tag_id, name=name))
    return changed(request, tag_id)


@router.get("tag-categories", response={200: list[CategoryShape], **errors()}, summary="Categories of tags")
def list_categories(request: HttpRequest) -> list[TagCategory]:
    """By name; each has a colour, in which its tags are shown."""
    require_reader(request)
    return list(TagCategory.objects.all())


@router.post(
    "tag-categories",
    response={201: CategoryShape, **errors(409, 413, 422)},
    summary="Make a category of tags",
)
def post_category(request: HttpRequest, body: CategoryBody) -> Status[TagCategory]:
    """409 when there is one of this name."""
    require_moderator(request)
    return Status(201, saved_category(None, body))


@router.patch(
    "tag-categories/{int:category_id}",
    response={200: CategoryShape, **errors(404, 409, 413, 422)},
    summary="Change a category",
)
def patch_category(request: HttpRequest, category_id: CategoryId, body: CategoryBody) -> TagCategory:
    """Give it another name and colour."""
    require_moderator(request)
    return saved_category(get_object_or_404(TagCategory, pk=category_id), body)


def saved_category(category: TagCategory | None, body: CategoryBody) -> TagCategory:
    """Save it. Raises ApiError 409 or 422."""
    try:
        return tag_upkeep.save_category(category=category, name=body.name, colour=body.colour)
    except BadTag as error:
        raise refused(error) from error


@router.delete(
    "tag-categories/{int:category_id}", response={204: None, **errors(404)}, summary="Remove a category"
)
def delete_category(request: HttpRequest, category_id: CategoryId) -> Status[None]:
    """Its tags stay, without a category."""
    require_moderator(request)
    tag_upkeep.delete_category(category=get_object_or_404(TagCategory, pk=category_id))
    return Status(204, None)
