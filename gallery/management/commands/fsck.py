"""`manage.py fsck`: compare the tables with the stores, and with themselves."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from gallery.fsck.run import Wanted, check_library


class Command(BaseCommand):
    """Exit status 0: all is well, 1: something was found, 2: the check stopped."""

    help = "Find missing, extra, partial and changed files, and rows that contradict each other. Deletes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hash", action="store_true", help="Read and hash every original.")
        parser.add_argument(
            "--quarantine", action="store_true", help="Move extra, partial and changed files to quarantine."
        )
        parser.add_argument(
            "--repair-previews", action="store_true", help="Make broken previews again, by the workers."
        )
        parser.add_argument(
            "--fix-counts", action="store_true", help="Put rows right that contradict others."
        )
        parser.add_argument("--json", action="store_true", help="Print everything that was found as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        report = check_library(
            Wanted(
                with_hash=options["hash"],
                quarantine=options["quarantine"],
                repair_previews=options["repair_previews"],
                fix_counts=options["fix_counts"],
            )
        )
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=1))
        else:
            self.stdout.writelines(f"{line}\n" for line in report.lines())
        if report.exit_status:
            sys.exit(report.exit_status)
