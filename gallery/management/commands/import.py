"""`manage.py import PATH...`: take pictures from folders into the library."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gallery.importing import ImportCounts, files_below, import_files
from gallery.models import User

PROGRESS_SECONDS = 1.0
SHOWN_ERRORS = 20


class Command(BaseCommand):
    help = "Take pictures from files and folders into the library. Running it again takes nothing in twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--user", default="admin", help="Who owns the photos (default: admin).")
        parser.add_argument(
            "--tag", action="append", default=[], dest="tags", help="Give each photo this tag."
        )
        parser.add_argument("--albums", action="store_true", help="Make an album of each folder below PATH.")
        parser.add_argument("--flat", action="store_true", help="Leave out folders below PATH.")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = User.objects.filter(username=options["user"]).first()
        if owner is None:
            raise CommandError(f"There is no user {options['user']}.")
        if missing := [str(path) for path in options["paths"] if not path.exists()]:
            raise CommandError(f"There is no {', '.join(missing)}.")
        started = shown = time.monotonic()
        counts = ImportCounts()
        for counts in import_files(
            owner=owner,
            files=files_below(options["paths"], recursive=not options["flat"]),
            tags=options["tags"],
            folders_as_albums=options["albums"],
        ):
            if time.monotonic() - shown > PROGRESS_SECONDS:
                shown = time.monotonic()
                self.stdout.write(progress(counts, shown - started))
        self.stdout.write(progress(counts, time.monotonic() - started))
        for error in counts.errors[:SHOWN_ERRORS]:
            self.stderr.write(error)
        if len(counts.errors) > SHOWN_ERRORS:
            self.stderr.write(f"... and {len(counts.errors) - SHOWN_ERRORS} more.")


def progress(counts: ImportCounts, seconds: float) -> str:
    """One line: files, outcomes, bytes and speed."""
    speed = counts.files / seconds if seconds else 0.0
    return (
        f"{counts.files} files: {counts.added} added, {counts.known} known already, {len(counts.errors)} refused; "
        f"{counts.bytes / 1e6:.1f} MB, {speed:.1f} files/s"
    )
