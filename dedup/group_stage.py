"""Stage "group": groups made anew after the settings of detection have changed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from dedup.components import hold_photos
from dedup.detection_settings import GROUP_STAGE
from dedup.regroup import regroup
from gallery import jobs
from gallery.pipeline import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gallery.models import Job


class GroupStage(Stage):
    """Owed by a change of settings alone: whatever else changes a group makes it anew at once."""

    name = GROUP_STAGE
    queue = "match"
    # The lock on groups is held for one batch, and uploads wait for it: this many took 0.3 to 0.4 s on a busy machine.
    batch_size = 20

    def run(self, claimed: Sequence[Job]) -> None:
        """All in one transaction: photos of a batch often share their groups."""
        with ExitStack() as batch:
            for job in claimed:
                batch.enter_context(jobs.finishing(job))
            photo_ids = [job.photo_id for job in claimed]
            hold_photos(photo_ids)
            regroup(photo_ids)
