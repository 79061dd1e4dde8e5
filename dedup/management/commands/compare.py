"""`manage.py compare A B`: what two files are to each other."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dedup.folder.engines import SIMPLE_ENGINES
from dedup.folder.two import TwoFiles, compare_files
from gallery.imaging.guard import DecoderDied, Refused


class Command(BaseCommand):
    help = "Compare two picture files. Needs no database and no Redis."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("a", type=Path, metavar="A")
        parser.add_argument("b", type=Path, metavar="B")

    def handle(self, *args: Any, **options: Any) -> None:
        if missing := [str(path) for path in (options["a"], options["b"]) if not path.is_file()]:
            raise CommandError(f"There is no file {', '.join(missing)}.")
        try:
            found = compare_files(options["a"], options["b"])
        except (Refused, DecoderDied) as error:
            raise CommandError(error.reason) from error
        for line in lines_of(found):
            self.stdout.write(line)


def lines_of(found: TwoFiles) -> list[str]:
    """The findings, one in a line."""
    if found.verdict is None:
        lines = ["no pair: nothing proves that they show the same."]
    else:
        lines = [f"{found.verdict.kind} ({found.verdict.confidence:.3f}): {found.verdict.sentence}"]
    if found.similarity is None or found.half_similarity is None:
        lines.append("SSIM: none, as they cannot be laid over each other.")
    else:
        lines.append(
            f"SSIM of what both show: {found.similarity:.4f} ({found.half_similarity:.4f} at half size)"
        )
    for name, distance in found.distances.items():
        lines.append(f"{name}: {SIMPLE_ENGINES[name].sentence(distance)}")
    return lines
