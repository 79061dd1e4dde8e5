"""Words in the text fields, by PostgreSQL's full-text search over the indexed column `Photo.words`."""

from __future__ import annotations

import re
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchQuery, SearchQueryCombinable, SearchRank, SearchVector
from django.db.models import F, Q

from gallery.albums import visible_albums
from gallery.models import AlbumPhoto
from gallery.search.conditions import NOTHING, Check

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from gallery.models import User

_SEPARATORS = re.compile(r"[_\-.]+")  # file names are indexed with these as blanks
_PREFIX = re.compile(r"(\w+)\*")


def text_check(text: str, user: User | AnonymousUser) -> Check:
    """That a photo's title, description, file name, camera, lens, or the name of an album it is in (one that `user` may
    see) holds all the words; a word with `*` behind it stands for all that begin so."""
    query = text_query(text)
    if query is None:
        return NOTHING
    albums = list(
        visible_albums(user)
        .annotate(words=SearchVector("name", config="simple") + SearchVector("name", config="english"))
        .filter(words=query)
        .values_list("pk", flat=True)
    )
    in_fields = Q(words=query)
    return (
        in_fields | Q(pk__in=AlbumPhoto.objects.filter(album__in=albums).values("photo_id"))
        if albums
        else in_fields
    )


def text_query(text: str) -> SearchQueryCombinable | None:
    """All words of the text, each as it stands or by its English stem; None where the text has no word in it."""
    prefixes = [match.lower() for match in _PREFIX.findall(text)]
    plain = " ".join(_SEPARATORS.sub(" ", _PREFIX.sub(" ", text)).split())
    parts: list[SearchQueryCombinable] = [
        SearchQuery(f"{prefix}:*", config="simple", search_type="raw") for prefix in prefixes
    ]
    if re.search(r"\w", plain):
        parts.append(reduce(or_, [SearchQuery(plain, config=config) for config in ("simple", "english")]))
    return reduce(and_, parts) if parts else None


def text_rank(text: str) -> SearchRank | None:
    """How well a photo's text fields fit the words, as an annotation; None where the text has no word in it."""
    query = text_query(text)
    return None if query is None else SearchRank(F("words"), query)
