"""`manage.py import PATH...`: take pictures from folders into the library."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError

from gallery.batch import BatchProgress, progress_of, told
from gallery.heartbeat import living_workers
from gallery.importing import ImportCounts, files_below, import_files
from gallery.models import User
from gallery.pace import duration

PROGRESS_SECONDS = 1.0
WAIT_SECONDS = 2.0
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
        parser.add_argument(
            "--wait", action="store_true", help="Stay until the workers are through with the photos."
        )
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
        if options["wait"] and counts.photo_ids:
            self.wait(counts.photo_ids)

    def wait(self, photo_ids: list[int]) -> None:
        """Say how far the workers are with the photos until they are through, then what went wrong."""
        started, line = time.monotonic(), ""
        while (now := progress_of(photo_ids)).open:
            require_worker(now)
            left = now.seconds_left(time.monotonic() - started)
            line, before = told(now) + (f"; {duration(left)} left" if left else ""), line
            if line != before:
                self.stdout.write(line)
            time.sleep(WAIT_SECONDS)
        self.stdout.write(told(now))
        for stage, (count, reason) in now.waiting.items():
            self.stdout.write(f"{count} of them wait for the stage {stage}: {reason}")
        for failure in now.failures:
            self.stderr.write(failure)


def require_worker(progress: BatchProgress) -> None:
    """Raises CommandError when nobody does the work that the photos wait for."""
    try:
        if living_workers():
            return
    except redis.RedisError as error:
        raise CommandError(f"Redis cannot be reached, so that nobody can be asked: {error}") from error
    raise CommandError(
        f"{told(progress)}. No worker is running; the work is done after the next `manage.py start`."
    )


def progress(counts: ImportCounts, seconds: float) -> str:
    """One line: files, outcomes, bytes and speed."""
    speed = counts.files / seconds if seconds else 0.0
    return (
        f"{counts.files} files: {counts.added} added, {counts.known} known already, {len(counts.errors)} refused; "
        f"{counts.bytes / 1e6:.1f} MB, {speed:.1f} files/s"
    )
