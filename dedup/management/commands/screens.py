"""`manage.py screens FOLDER`: which of the screenshots taken again and again show something new."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from dedup.compare.ssim import ssim
from dedup.compare.stream import WINDOW_DEFAULT, WINDOW_MAX, Outcome
from dedup.folder.finding import find_files
from dedup.folder.moves import Move, MovesError, carry_out, check_target, undo, write_list
from dedup.folder.result import write_json
from dedup.screens import FULL, HALF, Report, Wanted, examine
from gallery.embedded import cores

if TYPE_CHECKING:
    from dedup.compare.ssim import Similarity
    from dedup.folder.moves import Moved

OPENCV = "opencv"


class Command(BaseCommand):
    help = "Find screenshots that show nothing new, among those taken again and again. Needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
        parser.add_argument("--json", type=Path, metavar="OUT", help="Write the result there, not to stdout.")
        parser.add_argument(
            "--window",
            type=window,
            default=WINDOW_DEFAULT,
            help=f"How many kept screens each is compared with (default {WINDOW_DEFAULT}).",
        )
        parser.add_argument("--full", action="store_true", help="Compare at full size, not at half.")
        parser.add_argument(
            "--device",
            default=OPENCV,
            metavar="NAME",
            help="cpu or cuda: compute similarity by PyTorch there.",
        )
        parser.add_argument("--jobs", type=int, default=cores(), help="How many processes decode.")
        parser.add_argument("--move-to", type=Path, metavar="DIR", help="Move duplicates there.")
        parser.add_argument(
            "--move-similar-to", type=Path, metavar="DIR", help="Move similar screenshots there."
        )
        parser.add_argument("--undo", type=Path, metavar="LIST", help="Move back what a list of moves names.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["undo"] is not None:
                self._tell(undo(options["undo"]), "back to where they were")
                return
            self._examine(options)
        except MovesError as error:
            raise CommandError(str(error)) from error

    def _examine(self, options: dict[str, Any]) -> None:
        folder, out = options["folder"], options["json"]
        targets = {Outcome.DUPLICATE: options["move_to"], Outcome.SIMILAR: options["move_similar_to"]}
        if folder is None or not folder.is_dir():
            raise CommandError(
                "Say which folder: screens FOLDER." if folder is None else f"There is no folder {folder}."
            )
        for target in filter(None, targets.values()):
            check_target(folder, target)
        wanted = Wanted(options["window"], FULL if options["full"] else HALF, max(1, options["jobs"]))
        files, problems = find_files(folder, recursive=True, left_out=[out] if out else [])
        report = examine(files, wanted, similarity_on(options["device"]))
        report.problems[:0] = problems
        self._write(report, out)
        for outcome, target in targets.items():
            if target is not None:
                self._move(report, outcome, folder, target)

    def _write(self, report: Report, out: Path | None) -> None:
        """The result goes to stdout or to a file; what it comes to, to stderr."""
        if out is None:
            self.stdout.write(json.dumps(report.to_json(), indent=1))
        else:
            try:
                write_json(out, report.to_json())
            except OSError as error:
                raise CommandError(f"{out} cannot be written: {error.strerror}.") from error
        counts = ", ".join(f"{len(report.of(outcome))} {outcome.value}" for outcome in Outcome)
        seconds = ", ".join(f"{name} {value:.1f} s" for name, value in report.seconds.items())
        self.stderr.write(f"{counts}, {len(report.problems)} not read. Time: {seconds}.")

    def _move(self, report: Report, outcome: Outcome, folder: Path, target: Path) -> None:
        moves = [Move(shot.file, report.kept_for(shot)) for shot in report.of(outcome)]
        if not moves:
            self.stderr.write(f"No screenshot is {outcome.value}: nothing to move to {target}.")
            return
        move_list = write_list(folder, target, moves, datetime.now())
        self.stderr.write(f"The list of moves is {move_list}; --undo with it moves them back.")
        self._tell(carry_out(moves, move_list), f"to {move_list.parent}")

    def _tell(self, moved: Moved, where: str) -> None:
        self.stderr.write(f"{moved.count} files were moved {where}.")
        for problem in moved.problems:
            self.stderr.write(f"{problem.file}: {problem.why}")
        if moved.problems:
            raise CommandError(f"{len(moved.problems)} files were not moved.")


def similarity_on(device: str) -> Similarity:
    """SSIM by OpenCV, or by PyTorch on a device. Raises CommandError where there is no such device."""
    if device == OPENCV:
        return ssim
    # PyTorch takes seconds to load, and most runs do without it.
    from dedup.compare.ssim_torch import NoSuchDeviceError, TorchSsim

    try:
        return TorchSsim(device)
    except NoSuchDeviceError as error:
        raise CommandError(str(error)) from error


def window(text: str) -> int:
    """A number of screens."""
    if not text.isdecimal() or not 1 <= int(text) <= WINDOW_MAX:
        raise ArgumentTypeError(f"{text} is no number from 1 to {WINDOW_MAX}")
    return int(text)
