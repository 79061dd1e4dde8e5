"""What a person reads when a stage failed on an error that the stage itself did not expect."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

from gallery.storage import BrokenWrite, StorageAway, StorageFull

AGAIN = "Retry, and look at the worker's log if it happens again."
MISSING_FILE = (
    "A file that this needs is missing from the store. `manage.py fsck` says which; restore it, then retry."
)
NO_MEMORY = f"This machine had too little memory free. {AGAIN}"
NO_DATABASE = f"The database did not answer. {AGAIN}"
TELLING = (StorageFull, StorageAway, BrokenWrite)
"""Their messages are sentences of ours."""


def in_words(error: Exception) -> str:
    """A sentence that says what went wrong and what to do; of unknown errors the name stands behind it."""
    if isinstance(error, TELLING):
        return f"{error.strerror or error} Retry when that is mended."
    if isinstance(error, FileNotFoundError):
        return MISSING_FILE
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if isinstance(error, (OperationalError, InterfaceError)):
        return NO_DATABASE
    if isinstance(error, OSError) and error.strerror:
        return f"The machine refused to read or write a file ({error.strerror}). {AGAIN}"
    told = " ".join(str(error).split())
    return f"Something went wrong that Likeness does not know of. {AGAIN} ({type(error).__name__}: {told})"
