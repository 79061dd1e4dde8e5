"""`manage.py restore FOLDER`: a library out of a backup, or lost originals back into a living one."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gallery.backup import BackupError
from gallery.backup.heal import put_back_originals
from gallery.backup.restore import restore_backup
from gallery.management.commands.backup import Progress


class Command(BaseCommand):
    help = "Restore a backup into an empty installation, or put lost originals back (--originals-only)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument(
            "--snapshot", default="", help="The snapshot whose name begins so (the newest where left out)."
        )
        parser.add_argument(
            "--originals-only",
            action="store_true",
            help="Put back missing and damaged originals of this library; change nothing else.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["originals_only"]:
                self.put_back(options["folder"])
            else:
                self.restore(options["folder"], options["snapshot"])
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error

    def put_back(self, folder: Path) -> None:
        healed = put_back_originals(folder, self.stdout.write)
        self.stdout.write(f"{len(healed.put_back)} originals were put back.")
        if healed.lacking:
            raise CommandError(
                f"{len(healed.lacking)} originals are not in the backup, or damaged there too."
            )

    def restore(self, folder: Path, snapshot: str) -> None:
        done = restore_backup(folder, snapshot, Progress(self.stdout.write))
        rows = sum(table.rows for table in done.manifest.tables)
        self.stdout.write(
            f"{done.folder.name}: {rows} rows and {done.copied.files + done.copied.there} originals restored; "
            f"{done.owed} photos wait for their previews, which the workers make after a start."
        )
        if done.copied.lacking:
            self.stderr.write(f"{len(done.copied.lacking)} originals were lost before the backup was made.")
