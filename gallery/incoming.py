"""The folder where uploads arrive before they are stored."""

import time
from pathlib import Path

from django.conf import settings

STALE_SECONDS = 6 * 3600  # An upload that is still arriving after this long has lost its sender.


def remove_stale_uploads(*, older_than_seconds: float = STALE_SECONDS) -> int:
    """Remove temporary files that no request is writing any more. Returns how many."""
    folder = Path(settings.UPLOAD_TEMP_DIR)
    removed = 0
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.name.startswith("upload-") and time.time() - file.stat().st_mtime > older_than_seconds:
            file.unlink(missing_ok=True)
            removed += 1
    return removed
