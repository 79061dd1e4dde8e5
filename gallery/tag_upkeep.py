"""Keeping the tags in order: renaming, merging, other names for a tag, categories. For moderators: tags are shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from gallery.models import PhotoTag, Tag, TagAlias, TagCategory
from gallery.tags import BadTag, normalise_tag

if TYPE_CHECKING:
    from collections.abc import Sequence


class NameTaken(BadTag):
    """The name belongs to another tag or category; the message says to which."""


@transaction.atomic
def rename_tag(*, tag: Tag, name: str) -> Tag:
    """Give a tag another name; the old one stays as an alias. Raises BadTag, NameTaken."""
    new, old = normalise_tag(name), tag.name
    if new == old:
        return tag
    TagAlias.objects.filter(name=new, tag=tag).delete()
    require_free(new)
    tag.name = new
    tag.save(update_fields=["name"])
    TagAlias.objects.create(name=old, tag=tag)
    return tag


def require_free(name: str) -> None:
    """Raises NameTaken when a tag or an alias has this name."""
    if Tag.objects.filter(name=name).exists():
        raise NameTaken(f"There is a tag {name} already. Merge the two if they mean the same.")
    taken = TagAlias.objects.filter(name=name).select_related("tag").first()
    if taken is not None:
        raise NameTaken(f"{name} is another name of the tag {taken.tag.name} already.")


@transaction.atomic
def merge_tags(*, source: Tag, target: Tag) -> int:
    """Give every photo of `source` the tag `target` instead; `source` lives on as an alias.

    Returns how many photos had the source. Raises BadTag for a tag and itself.
    """
    if source.pk == target.pk:
        raise BadTag("A tag cannot be merged with itself.")
    locked = Tag.objects.filter(pk__in=[source.pk, target.pk]).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk"))
    photo_ids = list(PhotoTag.objects.filter(tag=source).values_list("photo_id", flat=True))
    PhotoTag.objects.filter(tag=source, photo__photo_tags__tag=target).delete()
    PhotoTag.objects.filter(tag=source).update(tag=target)
    replace_in_arrays(photo_ids, source.pk, target.pk)
    TagAlias.objects.filter(tag=source).update(tag=target)
    name = source.name
    source.delete()
    TagAlias.objects.create(name=name, tag=target)
    return len(photo_ids)


def replace_in_arrays(photo_ids: Sequence[int], old: int, new: int) -> None:
    """Put one tag for another into `tag_ids` of the photos, in one statement: they may be all of the library."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE gallery_photo
               SET tag_ids = ARRAY(SELECT DISTINCT unnest(array_replace(tag_ids, %(old)s, %(new)s)) ORDER BY 1)
             WHERE id IN (SELECT id FROM gallery_photo WHERE id = ANY(%(photos)s) ORDER BY id FOR NO KEY UPDATE)
            """,
            {"old": old, "new": new, "photos": list(photo_ids)},
        )


@transaction.atomic
def add_alias(*, tag: Tag, name: str) -> TagAlias:
    """Let another name mean this tag. Raises BadTag, NameTaken."""
    clean = normalise_tag(name)
    require_free(clean)
    return TagAlias.objects.create(name=clean, tag=tag)


def remove_alias(*, alias: TagAlias) -> None:
    """Let the name mean nothing any more."""
    alias.delete()


def set_category(*, tag: Tag, category: TagCategory | None) -> None:
    """Put a tag into a category, or into none."""
    tag.category = category
    tag.save(update_fields=["category"])


def save_category(*, category: TagCategory | None, name: str, colour: str) -> TagCategory:
    """Make or change a category. Raises BadTag for an empty name or a colour that is none, NameTaken."""
    found = category or TagCategory()
    found.name, found.colour = " ".join(name.split()), colour
    try:
        found.full_clean(validate_unique=False)
    except ValidationError as error:
        raise BadTag(" ".join(error.messages)) from error
    if TagCategory.objects.filter(name__iexact=found.name).exclude(pk=found.pk).exists():
        raise NameTaken(f"There is a category {found.name} already.")
    found.save()
    return found


def delete_category(*, category: TagCategory) -> None:
    """Remove a category; its tags stay, without one."""
    category.delete()
