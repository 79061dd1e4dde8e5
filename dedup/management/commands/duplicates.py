"""`manage.py duplicates FOLDER --json OUT`: copies among the files of a folder, without importing it."""

from __future__ import annotations

import signal
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from dedup.compare.kinds import Kind
from dedup.folder.engines import ENGINES, LIKENESS
from dedup.folder.moves import MovesError, carry_out, check_target, moves_of, undo, write_list
from dedup.folder.parts import Filters, Scope
from dedup.folder.result import write_json
from dedup.folder.run import Options, find_duplicates, opened_shelf
from dedup.folder.shelf import ShelfError
from gallery.embedded import cores

if TYPE_CHECKING:
    from types import FrameType

    from dedup.folder.moves import Moved
    from dedup.folder.result import Result

PROGRESS_SECONDS = 1.0
SHOWN_PROBLEMS = 20
YES = ("y", "yes")


class Command(BaseCommand):
    help = "Find copies among the pictures of a folder, without importing it. Needs no database and no Redis."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
        parser.add_argument("--json", type=Path, metavar="OUT", help="The file that gets the result.")
        parser.add_argument("--no-recursive", action="store_true", help="Leave out folders below FOLDER.")
        parser.add_argument("--jobs", type=positive, default=cores(), help="How many processes work.")
        parser.add_argument(
            "--cache", type=Path, metavar="DIR", help="Keep what is computed, for a quick next run."
        )
        self._add_engine(parser)
        parser.add_argument(
            "--move-to", type=Path, metavar="DIR", help="Move all but the keeper of each group there."
        )
        parser.add_argument("--yes", action="store_true", help="Move without asking.")
        parser.add_argument("--undo", type=Path, metavar="LIST", help="Move back what a list of moves names.")

    def _add_engine(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--engine", choices=ENGINES, default=LIKENESS, help="What decides that two are the same."
        )
        parser.add_argument("--distance", type=float, help="For simple engines: how far apart copies may be.")
        parser.add_argument(
            "--scope", choices=[*Scope], default=Scope.ALL, help="Compare within folders, or across."
        )
        parser.add_argument(
            "--same-size", action="store_true", help="Compare only pictures of equal width and height."
        )
        parser.add_argument("--same-file-size", action="store_true", help="Compare only files of equal size.")
        parser.add_argument(
            "--kinds", type=kinds, default=frozenset(Kind), help="Kinds to list, separated by commas (all)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Ctrl-C as well: a shell that starts commands in the background lets them ignore it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        try:
            if options["undo"] is not None:
                self._tell(undo(options["undo"]), "back to where they were")
            else:
                self._find(options)
        except (ShelfError, MovesError) as error:
            raise CommandError(str(error)) from error
        except BrokenProcessPool as error:
            raise CommandError(
                "A process that compares was killed, maybe for memory. Try fewer --jobs."
            ) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. No file was changed by what was left undone.", returncode=130
            ) from None

    def _find(self, options: dict[str, Any]) -> None:
        folder, out, target = options["folder"], options["json"], options["move_to"]
        self._check(options)
        if target is not None:
            check_target(folder, target)
        run = Options(
            folder=folder,
            engine=options["engine"],
            distance=options["distance"],
            recursive=not options["no_recursive"],
            filters=Filters(Scope(options["scope"]), options["same_size"], options["same_file_size"]),
            kinds=options["kinds"],
            jobs=options["jobs"],
            left_out=(out,),
        )
        with opened_shelf(options["cache"]) as shelf:
            result = find_duplicates(run, shelf, Progress(self))
        try:
            write_json(out, result.to_json())
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}.") from error
        self._summarise(result, out)
        if target is not None:
            self._move(folder, target, result, asks=not options["yes"])

    def _check(self, options: dict[str, Any]) -> None:
        """Raise CommandError for what would fail only after the work."""
        folder, out = options["folder"], options["json"]
        if folder is None or out is None:
            raise CommandError("Say which folder and where the result goes: duplicates FOLDER --json OUT.")
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        if not out.absolute().parent.is_dir() or out.is_dir():
            raise CommandError(f"{out} cannot be written: name a file in a folder that is there.")
        if options["distance"] is not None and options["engine"] == LIKENESS:
            raise CommandError(
                "--distance is for the simple engines; likeness proves its pairs on their pixels."
            )

    def _summarise(self, result: Result, out: Path) -> None:
        counts = Counter(pair.kind.value for pair in result.pairs)
        kinds_found = ", ".join(f"{counts[kind]} {kind}" for kind in Kind if counts[kind]) or "none"
        self.stdout.write(
            f"{result.counts['files']} files, {result.counts['pictures']} pictures, {result.counts['compared']} pairs "
            f"compared: {len(result.pairs)} pairs ({kinds_found}) in {len(result.groups)} groups."
        )
        stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in result.seconds.items())
        self.stdout.write(f"Time: {stages}. Written to {out}.")
        self._show([f"{problem.file}: {problem.why}" for problem in result.problems])

    def _move(self, folder: Path, target: Path, result: Result, *, asks: bool) -> None:
        moves = moves_of(result.groups)
        if not moves:
            self.stdout.write("There is nothing to move.")
            return
        size = sum(move.file.size for move in moves)
        question = f"Move {len(moves)} files ({size} bytes) of {len(result.groups)} groups to {target}?"
        if asks and not self._agreed(question):
            self.stdout.write("Nothing was moved.")
            return
        move_list = write_list(folder, target, moves, datetime.now())
        self.stdout.write(f"The list of moves is {move_list}; --undo with it moves them back.")
        self._tell(carry_out(moves, move_list), f"to {move_list.parent}")

    def _agreed(self, question: str) -> bool:
        self.stdout.write(f"{question} [y/N] ", ending="")
        self.stdout.flush()
        return sys.stdin.readline().strip().lower() in YES

    def _tell(self, moved: Moved, where: str) -> None:
        self.stdout.write(f"{moved.count} files were moved {where}.")
        if moved.problems:
            self._show([f"{problem.file}: {problem.why}" for problem in moved.problems])
            raise CommandError(f"{len(moved.problems)} files were not moved.")

    def _show(self, lines: list[str]) -> None:
        for line in lines[:SHOWN_PROBLEMS]:
            self.stderr.write(line)
        if len(lines) > SHOWN_PROBLEMS:
            self.stderr.write(f"... and {len(lines) - SHOWN_PROBLEMS} more.")


class Progress:
    """Says on stderr, about once a second, how far a run is."""

    def __init__(self, command: BaseCommand) -> None:
        self._command = command
        self._started = self._shown = time.monotonic()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._shown < PROGRESS_SECONDS and done != total:
            return
        self._shown = now
        of_all = f" of {total}" if total else ""
        self._command.stderr.write(f"{stage} {done}{of_all}, {now - self._started:.0f} s")


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is no number from 1 on")
    return int(text)


def kinds(text: str) -> frozenset[Kind]:
    """Kinds separated by commas."""
    try:
        return frozenset(Kind(name.strip()) for name in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text} does not name kinds; there are {', '.join(Kind)}") from None


def stop(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that processes and temporary files are cleared away."""
    raise KeyboardInterrupt
