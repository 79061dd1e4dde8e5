"""The instance's secret key, made on first start and kept in the data folder."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

FILE_NAME = "secret_key"


def load_or_create_secret_key(data: Path) -> str:
    """Return the key in `data`/secret_key; create it, readable by its owner alone, where there is none."""
    key_file = data / FILE_NAME
    data.mkdir(parents=True, exist_ok=True)
    try:
        # The mode holds from the first moment, and of two processes that start together one wins.
        handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return key_file.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(get_random_secret_key())
    return key_file.read_text(encoding="ascii").strip()
