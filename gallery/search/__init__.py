"""Search: one box that finds everything, by tags, fields, words, descriptions, pictures and colours."""

from gallery.search.paging import BadCursor
from gallery.search.results import SearchPage, SearchTooSlow, matching_ids, search

__all__ = ["BadCursor", "SearchPage", "SearchTooSlow", "matching_ids", "search"]
