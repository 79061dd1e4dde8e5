"""`manage.py backup FOLDER`: a copy of the whole library, while it is used."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gallery.backup import BackupError
from gallery.backup.files import Copied
from gallery.backup.make import BackupOptions, Made, make_backup

PROGRESS_SECONDS = 5.0


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is no number above 0.")
    return int(text)


class Command(BaseCommand):
    """Exit status 1 when no snapshot was made, or when originals were lacking."""

    help = "Copy the whole library into a folder. What is there already is not copied again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument(
            "--keep", type=positive, default=7, help="How many snapshots of the database stay (7)."
        )
        parser.add_argument(
            "--verify", action="store_true", help="Read and hash every original in the backup."
        )
        parser.add_argument("--with-previews", action="store_true", help="Copy the previews as well.")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = BackupOptions(options["keep"], options["verify"], options["with_previews"])
        try:
            made = make_backup(options["folder"], wanted, Progress(self.stdout.write))
        except (BackupError, OSError) as error:
            raise CommandError(f"{error} Earlier snapshots are as they were.") from error
        self.stdout.write(summary(made))
        if made.copied.lacking:
            raise CommandError(
                f"The library lacks {len(made.copied.lacking)} originals, the first is {made.copied.lacking[0]}: "
                "`manage.py fsck --hash` tells more. The snapshot holds everything else."
            )


class Progress:
    """Says now and then how far the copying is."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._shown = time.monotonic()

    def __call__(self, copied: Copied) -> None:
        if time.monotonic() - self._shown > PROGRESS_SECONDS:
            self._shown = time.monotonic()
            self._write(
                f"{copied.files} originals copied ({copied.bytes / 1e6:.0f} MB), {copied.there} there already"
            )


def summary(made: Made) -> str:
    """One line: what the snapshot holds, what was copied."""
    rows = sum(table.rows for table in made.manifest.tables)
    return (
        f"{made.folder}: {rows} rows of {len(made.manifest.tables)} tables, {made.manifest.originals} originals "
        f"({made.copied.files} new, {made.copied.bytes / 1e6:.1f} MB); {made.removed} old snapshots removed."
    )
