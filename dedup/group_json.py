"""A group as the API shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedup.review import members_in_order
from gallery.api.photo_json import photos_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedup.models import Group
    from gallery.models import User


def groups_json(groups: Sequence[Group], user: User) -> list[dict[str, Any]]:
    """Several groups (members and photos loaded), with a constant number of queries."""
    photos = {row.photo_id: row.photo for group in groups for row in group.members.all()}
    shown = {data["id"]: data for data in photos_json(list(photos.values()), user)}
    return [group_json(group, shown) for group in groups]


def group_json(group: Group, photos: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """One group; `photos` holds its photos' JSON by id. The keeper's own verdict is null."""
    return {
        "id": group.pk,
        "status": group.status,
        "version": group.version,
        "kind": group.kind,
        "confidence": group.confidence,
        "members": [
            {"photo": photos[row.photo_id], "verdict": row.verdict or None, "reasons": row.reasons}
            for row in members_in_order(group)
        ],
        "suggested_keeper": group.suggested_keeper_id,
        "why": group.why,
        "bytes_saved": group.bytes_saved,
        "created_at": group.created_at,
    }
