"""`manage.py reindex`: owe stages again to photos whose results are missing or were made by an older version."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from gallery import pipeline
from gallery.models import Photo, Priority


class Command(BaseCommand):
    help = "Make outdated previews, fingerprints, vectors and matches again; search keeps working meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stage", choices=list(pipeline.stages()), help="Only this stage.")
        parser.add_argument(
            "--all", action="store_true", help="All photos, not only those with outdated results."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name, stage in pipeline.stages().items():
            if options["stage"] not in (None, name):
                continue
            photos = Photo.objects.analysed() if options["all"] else stage.outdated()
            ids = list(photos.values_list("pk", flat=True))
            pipeline.owe_stage(name, ids, Priority.REINDEX)
            self.stdout.write(f"{name}: owed to {len(ids)} photos")
