"""The tables of the photo library."""

from gallery.models.accounts import ApiToken, ApiTokenScope, Role, User
from gallery.models.jobs import Job, Priority, SharedState, StageStatistics
from gallery.models.photos import MAX_RATING, Embedding, Photo, PhotoQuerySet, PhotoState, Visibility
from gallery.models.tags import Album, AlbumPhoto, PhotoTag, Tag, TagSource

__all__ = [
    "MAX_RATING",
    "Album",
    "AlbumPhoto",
    "ApiToken",
    "ApiTokenScope",
    "Embedding",
    "Job",
    "Photo",
    "PhotoQuerySet",
    "PhotoState",
    "PhotoTag",
    "Priority",
    "Role",
    "SharedState",
    "StageStatistics",
    "Tag",
    "TagSource",
    "User",
    "Visibility",
]
