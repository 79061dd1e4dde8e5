"""Groups follow the trash: a trashed photo leaves its open group, a restored one comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedup.models import Fingerprint
from dedup.regroup import regroup
from gallery import pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import Photo

MATCH_STAGE = "match"


class GroupKeeper:
    """Told inside the transaction that trashes or restores; the photos are locked already."""

    def photos_trashed(self, photos: Sequence[Photo]) -> None:
        regroup(photo.pk for photo in photos)

    def photos_restored(self, photos: Sequence[Photo]) -> None:
        regroup(photo.pk for photo in photos)
        # What came while they lay in the trash was not compared with them.
        Fingerprint.objects.filter(photo__in=photos).update(matched_by=0)
        analysed = [photo.pk for photo in photos if photo.is_analysed]
        pipeline.owe_stage(MATCH_STAGE, analysed)
