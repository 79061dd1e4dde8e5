"""Keeping tags in order, for moderators: one tag with its other names, and the categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from gallery import tag_upkeep as upkeep
from gallery.access import requires_role
from gallery.models import Photo, Role, Tag, TagAlias, TagCategory
from gallery.tags import BadTag, real_names

if TYPE_CHECKING:
    from collections.abc import Callable


@require_safe
@requires_role(Role.MODERATOR)
def tag(request: HttpRequest, pk: int) -> HttpResponse:
    """One tag: how many photos have it, its other names, and what can be done with it."""
    found = get_object_or_404(Tag.objects.select_related("category"), pk=pk)
    context = {
        "tag": found,
        "count": Photo.objects.visible_to(request.user).filter(tag_ids__contains=[pk]).count(),
        "aliases": found.aliases.all(),
        "categories": TagCategory.objects.all(),
    }
    return render(request, "tags/tag.html", context)


def attempt(request: HttpRequest, work: Callable[[], object], done: str) -> bool:
    """Do the work and say `done`, or say why it cannot be done."""
    try:
        work()
    except BadTag as error:
        messages.error(request, str(error))
        return False
    messages.success(request, done)
    return True


@require_POST
@requires_role(Role.MODERATOR)
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the tag the name ``name``; the old one keeps working."""
    found = get_object_or_404(Tag, pk=pk)
    old, name = found.name, request.POST.get("name", "")
    attempt(
        request, lambda: upkeep.rename_tag(tag=found, name=name), f"Renamed. The name {old} finds it as well."
    )
    return redirect("tag", pk=pk)


@require_POST
@requires_role(Role.MODERATOR)
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the tag named ``into`` in place of this one on every photo."""
    source = get_object_or_404(Tag, pk=pk)
    try:
        (name,) = real_names([request.POST.get("into", "")])
    except BadTag as error:
        messages.error(request, str(error))
        return redirect("tag", pk=pk)
    target = Tag.objects.filter(name=name).first()
    if target is None:
        messages.error(request, f"There is no tag {name}. Rename this one instead.")
        return redirect("tag", pk=pk)
    done = f"{source.name} is now another name of {target.name}."
    merged = attempt(request, lambda: upkeep.merge_tags(source=source, target=target), done)
    return redirect("tag", pk=target.pk if merged else pk)


@require_POST
@requires_role(Role.MODERATOR)
def categorise(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the tag into the category ``category``, or into none."""
    found = get_object_or_404(Tag, pk=pk)
    number = request.POST.get("category", "")
    category = get_object_or_404(TagCategory, pk=number) if number.isdecimal() else None
    upkeep.set_category(tag=found, category=category)
    messages.success(request, f"Now in {category}." if category else "Now without a category.")
    return redirect("tag", pk=pk)


@require_POST
@requires_role(Role.MODERATOR)
def add_alias(request: HttpRequest, pk: int) -> HttpResponse:
    """Let ``name`` mean this tag as well."""
    found = get_object_or_404(Tag, pk=pk)
    name = request.POST.get("name", "")
    attempt(request, lambda: upkeep.add_alias(tag=found, name=name), f"{name} means {found.name} now.")
    return redirect("tag", pk=pk)


@require_POST
@requires_role(Role.MODERATOR)
def remove_alias(request: HttpRequest, pk: int) -> HttpResponse:
    """Take another name from its tag."""
    alias = get_object_or_404(TagAlias, pk=pk)
    upkeep.remove_alias(alias=alias)
    messages.success(request, f"{alias.name} means nothing any more.")
    return redirect("tag", pk=alias.tag_id)


@require_safe
@requires_role(Role.MODERATOR)
def categories(request: HttpRequest) -> HttpResponse:
    """The categories with how many tags each has."""
    found = TagCategory.objects.annotate(count=Count("tags")).order_by("name")
    return render(request, "tags/categories.html", {"categories": found})


@require_POST
@requires_role(Role.MODERATOR)
def save_category(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make a category, or change one."""
    found = None if pk is None else get_object_or_404(TagCategory, pk=pk)
    name, colour = request.POST.get("name", ""), request.POST.get("colour", "")
    attempt(
        request,
        lambda: upkeep.save_category(category=found, name=name, colour=colour),
        f"The category {name} is saved.",
    )
    return redirect("tag-categories")


@require_POST
@requires_role(Role.MODERATOR)
def delete_category(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a category; its tags stay."""
    found = get_object_or_404(TagCategory, pk=pk)
    upkeep.delete_category(category=found)
    messages.success(request, f"The category {found.name} is gone. Its tags stay.")
    return redirect("tag-categories")
