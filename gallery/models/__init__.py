"""The tables of the photo library."""

from gallery.models.accounts import ApiToken, ApiTokenScope, BrowserSession, Role, User
from gallery.models.jobs import Job, Priority, SharedState, StageStatistics
from gallery.models.photos import (
    MAX_RATING,
    NOT_MEASURED,
    Embedding,
    NeighbourCheck,
    OriginalCheck,
    Photo,
    PhotoQuerySet,
    PhotoShare,
    PhotoState,
    Visibility,
)
from gallery.models.tags import (
    Album,
    AlbumPhoto,
    PhotoTag,
    SavedSearch,
    SharedQuerySet,
    Tag,
    TagAlias,
    TagCategory,
    TagSource,
)
from gallery.models.uploads import PartialUpload, PartialUploadQuerySet

__all__ = [
    "MAX_RATING",
    "NOT_MEASURED",
    "Album",
    "AlbumPhoto",
    "ApiToken",
    "ApiTokenScope",
    "BrowserSession",
    "Embedding",
    "Job",
    "NeighbourCheck",
    "OriginalCheck",
    "PartialUpload",
    "PartialUploadQuerySet",
    "Photo",
    "PhotoQuerySet",
    "PhotoShare",
    "PhotoState",
    "PhotoTag",
    "Priority",
    "Role",
    "SavedSearch",
    "SharedQuerySet",
    "SharedState",
    "StageStatistics",
    "Tag",
    "TagAlias",
    "TagCategory",
    "TagSource",
    "User",
    "Visibility",
]
