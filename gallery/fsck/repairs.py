"""What fsck does when it is asked to: wrong files go into quarantine, broken previews are made again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction

from gallery import pipeline
from gallery.contentlock import lock_content
from gallery.fsck.findings import Finding, Kind
from gallery.fsck.originals_check import look_again
from gallery.models import Priority
from gallery.originals import originals_storage
from gallery.soundness import MISSING, WRONG_HASH, WRONG_SIZE, note_problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gallery.storage import ListedStore

PROBLEMS = {Kind.MISSING: MISSING, Kind.PARTIAL: WRONG_SIZE, Kind.WRONG_HASH: WRONG_HASH}


def quarantine(findings: Iterable[Finding], *, with_hash: bool) -> int:
    """Move extra, partial and wrong files into `quarantine/`, each with a note, and tell the owners of their photos.

    Each is looked at once more under the lock of its content. Returns how many files were moved.
    """
    return sum(quarantine_one(finding, with_hash=with_hash) for finding in findings)


@transaction.atomic
def quarantine_one(finding: Finding, *, with_hash: bool) -> bool:
    """Do so for one finding. Returns whether a file was moved."""
    if finding.kind == Kind.EXTRA_PREVIEW:
        return set_aside(cast("ListedStore", storages["previews"]), finding)
    if not finding.sha256:
        return set_aside(originals_storage(), finding)
    lock_content(finding.sha256)
    current = look_again(finding.sha256, with_hash=with_hash)
    if current is None:
        return False
    if current.photo_ids:
        note_problem(finding.sha256, PROBLEMS[Kind(current.kind)])
    return bool(current.store_name) and set_aside(originals_storage(), current)


def set_aside(store: ListedStore, finding: Finding) -> bool:
    """Move the file and lay a note beside it: what it was, why and when it was moved."""
    now = datetime.now(UTC)
    aside = f"{now:%Y%m%dT%H%M%S}-{finding.store_name.replace('/', '-')}"
    note = {
        "was": finding.store_name,
        "in": store.place(),
        "kind": str(finding.kind),
        "why": finding.detail,
        "photos": list(finding.photo_ids),
        "moved_at": now.isoformat(timespec="seconds"),
    }
    try:
        store.set_aside(finding.store_name, aside)
    except FileNotFoundError:
        return False
    storages["quarantine"].save(f"{aside}.json", ContentFile(json.dumps(note, indent=1).encode()))
    return True


def repair_previews(findings: Iterable[Finding]) -> int:
    """Owe the photos with broken previews their analysis again. Returns how many photos that are."""
    ids = sorted({pk for finding in findings for pk in finding.photo_ids})
    pipeline.owe_stage(pipeline.first_stage().name, ids, Priority.BULK)
    return len(ids)
