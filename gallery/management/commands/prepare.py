"""`manage.py prepare`: what a start of several processes needs to be done once before."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gallery import bootstrap, preflight
from gallery.preflight import PreflightError


class Command(BaseCommand):
    """Brings tables, static files and the first account into order; running it again changes nothing."""

    help = "Bring tables, static files and the first account into order, before web and workers start."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Say what may be left out."""
        parser.add_argument(
            "--keep-static", action="store_true", help="The static files are collected already (in an image)."
        )
        parser.add_argument(
            "--adopt-store",
            action="store_true",
            help="Take the store of the photos for this library's although its mark says otherwise.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check what the site needs, then prepare."""
        try:
            preflight.check_data_folder(settings.GALLERY_DATA)
            announcement = bootstrap.prepare(
                with_static=not options["keep_static"], adopt_store=options["adopt_store"]
            )
        except PreflightError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(announcement or "Everything is in order.")
