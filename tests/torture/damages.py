"""fsck against damages that are planted among sound photos: all are found, nothing else is."""

from __future__ import annotations

import time

from gallery.fsck.run import Wanted, check_library
from tests.damage import plant_all, sound_photos
from tests.torture import world
from tests.torture.report import Row


def find_damages(photos: int) -> Row:
    """`tried` counts planted damages, `acknowledged` those found, `lost` those not found, `doubled` false alarms."""
    world.empty()
    owner, _ = world.moderator()
    library = sound_photos(owner, photos)
    started = time.monotonic()
    alarms = check_library(Wanted(with_hash=True)).findings
    sound_s = time.monotonic() - started
    planted = plant_all(library)
    row = Row(f"fsck: damages among {photos} sound photos", tried=len(planted), doubled=len(alarms))
    started = time.monotonic()
    findings = check_library(Wanted(with_hash=True)).findings
    row.seconds = time.monotonic() - started
    for kind, name in planted:
        if any(found.kind == kind and name in found.name for found in findings):
            row.acknowledged += 1
        else:
            row.lost += 1
            row.problems.append(f"Not found: {kind} {name}")
    row.doubled += max(0, len(findings) - len(planted))
    row.remarks.append(f"Reading and hashing them all takes {sound_s:.1f} s while they are sound.")
    return row
