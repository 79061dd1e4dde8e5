"""Taking a decision back: photos, metadata, albums, tags, decisions and groups become what they were before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dedup.components import lock_grouping
from dedup.decisions import take_back
from dedup.merging import ChangedSince, unmerge, unstack
from dedup.models import Group, GroupStatus, Resolution
from dedup.regroup import regroup
from dedup.snapshots import put_back
from gallery.contentlock import lock_content
from gallery.models import Photo
from gallery.trash import CannotRestore, lock_photos, restore_photos

if TYPE_CHECKING:
    from gallery.models import User


class NoSuchResolution(LookupError):
    """There is no such decision in the journal."""


class CannotUndo(ValueError):
    """The decision cannot be taken back (any more); the message says why."""


@transaction.atomic
def undo_resolution(*, resolution_id: int, user: User) -> Resolution:
    """Take a decision back, whole or not at all. Raises PermissionDenied, NoSuchResolution, CannotUndo.

    Where nothing else happened since, every row is as it was. Where groups changed since (a new photo came, another
    decision was taken), photos and decisions are put back and the groups are made anew from them.
    """
    if not user.may_moderate:
        raise PermissionDenied("Only moderators take decisions back.")
    resolution = Resolution.objects.select_for_update(of=("self",)).filter(pk=resolution_id).first()
    if resolution is None:
        raise NoSuchResolution(f"There is no decision {resolution_id} in the journal.")
    if resolution.undone_at is not None:
        raise CannotUndo("This decision was taken back already.")
    photos = lock_for_undo(resolution)
    check_undoable(resolution, photos)
    try:
        for note in resolution.before["merges"]:
            unmerge(photos[note["photo"]], note)
        unstack(resolution.before.get("stacks", []))
        take_back(resolution, resolution.before["replaced_decisions"])
        put_groups_back(resolution)
        restore_photos(photos=[photos[pk] for pk in resolution.trashed], by=user)
    except (ChangedSince, CannotRestore) as error:
        raise CannotUndo(str(error)) from error
    regroup(resolution.before["photos"])
    resolution.undone_at, resolution.undone_by = timezone.now(), user
    resolution.save(update_fields=["undone_at", "undone_by"])
    return resolution


def lock_for_undo(resolution: Resolution) -> dict[int, Photo]:
    """The photos of the decision that are still there, by id; their contents, they and the groups are locked."""
    trashed = Photo.objects.filter(pk__in=resolution.trashed)
    for sha256 in sorted(set(trashed.values_list("upload_sha256", flat=True))):
        lock_content(sha256)
    photos = {photo.pk: photo for photo in lock_photos([*resolution.kept, *resolution.trashed])}
    lock_grouping()
    return photos


def check_undoable(resolution: Resolution, photos: dict[int, Photo]) -> None:
    """Raises CannotUndo when a photo of the decision was removed for good or left the trash since."""
    named = {*resolution.kept, *resolution.trashed}
    if gone := named - photos.keys():
        count = "1 photo" if len(gone) == 1 else f"{len(gone)} photos"
        raise CannotUndo(f"The trash was emptied of {count} of this decision since; nothing was changed.")
    for photo_id in resolution.trashed:
        if not photos[photo_id].is_trashed:
            raise CannotUndo(
                f"{photos[photo_id].file_name} left the trash since, so there is nothing to take back for it; "
                "nothing was changed."
            )


def put_groups_back(resolution: Resolution) -> None:
    """Restore the rows of the groups, or, where these changed since, reopen the group if it is still closed by this."""
    before, after = resolution.before["groups"], resolution.before["groups_after"]
    if put_back(before, after):
        return
    closed_as = {row["id"]: row["status"] for row in after if row["status"] != GroupStatus.OPEN}
    if resolution.group_id is not None and resolution.group_id in closed_as:
        closed = Group.objects.filter(pk=resolution.group_id, status=closed_as[resolution.group_id])
        closed.update(status=GroupStatus.OPEN, version=F("version") + 1, updated_at=timezone.now())
