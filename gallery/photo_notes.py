"""What the page of a photo remarks about it, in sentences: nothing is wrong, but a person may want to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gallery.imaging.sizes import PREVIEW_SIZES_PX
from gallery.registry import photo_notes

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from gallery.models import Photo, User

# Share of the long side that detail has to fill; measured are shares to 0.77, and 1.
FILLED_SHARE_ENOUGH = 0.9
SIDES = ("top", "right", "bottom", "left")


def notes_about(user: User | AnonymousUser, photo: Photo) -> list[str]:
    """The remarks that `user` may read, those of other apps last."""
    own = [note for note in (detail_note(photo), border_note(photo)) if note]
    return own + [note for say in photo_notes for note in say(user, photo)]


def detail_note(photo: Photo) -> str:
    """That the photo has more pixels than detail; "" where it has not, or where nobody can tell."""
    if photo.filled_share is None or photo.filled_share >= FILLED_SHARE_ENOUGH or not photo.width:
        return ""
    side = max(photo.width, photo.height or 0)
    filled = round(photo.filled_share * min(side, max(PREVIEW_SIZES_PX)))
    return (
        f"It has more pixels than detail: some {filled} px would hold what its long side of {side} px shows. "
        "It was enlarged, or is out of focus."
    )


def border_note(photo: Photo) -> str:
    """That bands of one colour lie along its edges; "" without any."""
    widths = [f"{share:.0%} at the {side}" for side, share in zip(SIDES, photo.border, strict=False) if share]
    return f"It has a border of one colour: {', '.join(widths)}." if widths else ""
