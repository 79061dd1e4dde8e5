"""Queries with a name: albums that fill themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from gallery.models import SavedSearch, Visibility

if TYPE_CHECKING:
    from gallery.models import User

MAX_QUERY_CHARS = 2_000


class BadSearch(ValueError):
    """The search cannot be saved; the message says why."""


def save_search(
    *, owner: User, name: str, query: str, visibility: Visibility = Visibility.PRIVATE
) -> SavedSearch:
    """Keep a query under a name. Raises BadSearch."""
    search = SavedSearch(owner=owner)
    change_search(search=search, name=name, query=query, visibility=visibility)
    return search


def change_search(
    *,
    search: SavedSearch,
    name: str | None = None,
    query: str | None = None,
    visibility: Visibility | None = None,
) -> None:
    """Give a saved search new values; None leaves a thing as it is. Raises BadSearch, changing nothing."""
    search.name = " ".join((search.name if name is None else name).split())[:255]
    search.query = (search.query if query is None else query).strip()
    search.visibility = search.visibility if visibility is None else visibility
    if not search.name:
        raise BadSearch("A saved search needs a name.")
    if not search.query:
        raise BadSearch("A saved search needs something to look for.")
    if len(search.query) > MAX_QUERY_CHARS:
        raise BadSearch(f"A query has at most {MAX_QUERY_CHARS:,} characters.")
    try:
        with transaction.atomic():
            search.save()
    except IntegrityError as error:
        raise BadSearch("You have a saved search of this name already.") from error


def delete_search(*, search: SavedSearch) -> None:
    """Forget a saved search; its photos stay."""
    search.delete()
