"""Which names count as tags for whom."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from django.db.models import Exists, OuterRef

from gallery.models import Photo, PhotoTag, Tag, TagAlias
from gallery.search.grammar import parse

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from gallery.models import User

REFERENCE_TAGS: Final = frozenset({"blue_sky", "black_and_white"})
"""The tags of several words that the reference cases of the query language take for granted."""


class EveryWord:
    """Takes every single word for a tag, and of several words those it is told: for showing how a query parses."""

    def __init__(self, multi_word: Collection[str] = REFERENCE_TAGS) -> None:
        self.multi_word = multi_word

    def find(self, name: str, *, words: int = 1, aliases: bool = True) -> str | None:
        """The name itself, where it is one word or one that was told."""
        return name if words == 1 or name in self.multi_word else None


class _Listener:
    """Knows no tag, and remembers what was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find(self, name: str, *, words: int = 1, aliases: bool = True) -> str | None:
        self.names.add(name)
        return None


class TagNames:
    """The tags that a text may name, by their own names and by their aliases, loaded with two queries.

    A tag counts only where it is on a photo that the asker may see, so that nobody learns the tags of hidden photos.
    """

    def __init__(self, ids: dict[str, int], aliases: dict[str, str]) -> None:
        self.ids = ids
        self.aliases = aliases

    @classmethod
    def for_text(cls, text: str, user: User | AnonymousUser) -> TagNames:
        """The vocabulary for parsing `text`."""
        listener = _Listener()
        parse(text, listener)
        # Every name that can be found is asked for when none is found: runs are tried from each word.
        names = [name for name in listener.names if name]
        aliases = (
            dict(TagAlias.objects.filter(name__in=names).values_list("name", "tag__name")) if names else {}
        )
        tags = known_tags(user).filter(name__in=[*names, *aliases.values()])
        return cls(dict(tags.values_list("name", "pk")) if names else {}, aliases)

    def find(self, name: str, *, words: int = 1, aliases: bool = True) -> str | None:
        """The name of the tag that is called so; by an alias only where `aliases` may count."""
        found = self.aliases.get(name, name) if aliases else name
        return found if found in self.ids else None


def known_tags(user: User | AnonymousUser) -> TagQuerySet:
    """Tags on at least one photo that `user` may see."""
    shown = PhotoTag.objects.filter(tag=OuterRef("pk"), photo__in=Photo.objects.visible_to(user))
    return Tag.objects.filter(Exists(shown))


if TYPE_CHECKING:
    from django.db.models import QuerySet

    TagQuerySet = QuerySet[Tag]
