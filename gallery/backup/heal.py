"""`manage.py restore --originals-only`: put back what a living library has lost."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from gallery.backup import BackupError
from gallery.backup.files import read_into
from gallery.backup.manifest import BackupFolder
from gallery.fsck.findings import Finding, Kind
from gallery.fsck.originals_check import check_originals
from gallery.marker import require_store
from gallery.models import OriginalCheck, Photo
from gallery.originals import original_name
from gallery.soundness import heal
from gallery.storage import make_folder_durably

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Healed:
    """What was put back, and what the backup does not have either."""

    put_back: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


def put_back_originals(root: Path, tell: Callable[[str], None]) -> Healed:
    """Put back every original that is missing, has another size, or was found to have changed.

    Each is checked by its digest on the way; the wrong file goes into quarantine. Raises BackupError, StorageFull,
    BrokenWrite and StorageAway.
    """
    folder = BackupFolder(root)
    if not folder.originals.location.is_dir():
        raise BackupError(f"{folder.originals.location} is no folder: {root} is no backup.")
    require_store()
    healed = Healed()
    for sha256, size in lost_originals().items():
        done = put_back_one(folder, sha256, size)
        (healed.put_back if done else healed.lacking).append(sha256)
        tell(f"{original_name(sha256)} {'was put back' if done else 'is not in the backup'}")
    return healed


def lost_originals() -> dict[str, int]:
    """Digests and sizes of the originals that need their bytes."""
    _, findings = check_originals(with_hash=False)
    found = {item.sha256 for item in findings if needs_bytes(item)}
    noted = set(OriginalCheck.objects.exclude(problem="").values_list("pk", flat=True))
    rows = Photo.objects.filter(stored_sha256__in=found | noted).order_by("stored_sha256")
    return dict(rows.values_list("stored_sha256", "file_size"))


def needs_bytes(finding: Finding) -> bool:
    """Whether the finding is about an original that photos name."""
    return finding.kind in (Kind.MISSING, Kind.PARTIAL, Kind.WRONG_HASH) and bool(finding.photo_ids)


def put_back_one(folder: BackupFolder, sha256: str, size: int) -> bool:
    """Put one original back. Returns whether the backup has it."""
    make_folder_durably(Path(settings.UPLOAD_TEMP_DIR))
    descriptor, name = tempfile.mkstemp(prefix="upload-copy-", dir=settings.UPLOAD_TEMP_DIR)
    try:
        if read_into(descriptor, folder.originals, original_name(sha256)) != sha256:
            return False
        heal(Path(name), sha256, size)
        return True
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
