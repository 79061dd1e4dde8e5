"""What requests about the queue have in common."""

from __future__ import annotations

from typing import Literal

from ninja import Field, Schema

from dedup.merging import ALL_PARTS, Part
from dedup.queue_filter import BEST_FIRST, ORDERS, BadFilter, QueueFilter, read_filter
from gallery.api.common import ApiError


class FilterQuery(Schema):
    """Which groups. A group has what one of its photos has: an album, a folder, an uploader."""

    status: Literal["open", "resolved", "dismissed"] = Field("open", description="What became of the groups.")
    kind: str = Field("", description="One kind of copy; empty for all.")
    sure: str = Field("", description="The least confidence, in percent.")
    album: str = Field("", description="The id of an album.")
    folder: str = Field("", description="A folder that `manage.py import` read, with all below it.")
    uploader: str = Field("", description="The name that a person logs in with.")
    since: str = Field("", description="Found since then: a day or a time of ISO 8601.")
    until: str = Field("", description="Found until the end of this day, or before this time.")
    order: str = Field("", description=f"One of {', '.join(ORDERS)}; empty for `{BEST_FIRST}`.")

    def read(self) -> QueueFilter:
        """The filter. Raises ApiError 422."""
        try:
            return read_filter(self.dict(include=set(FilterQuery.model_fields)), with_near_shots=True)
        except BadFilter as error:
            raise ApiError(422, "bad-filter", str(error)) from error


def parts_of(merge: bool | list[Part]) -> frozenset[Part]:
    """All, none, or some."""
    if isinstance(merge, bool):
        return ALL_PARTS if merge else frozenset()
    return frozenset(merge)
