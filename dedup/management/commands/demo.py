"""`manage.py demo`: fill a library of its own with drawn pictures, so that every page has something to show."""

import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from dedup.decide import Decision, carry_out
from dedup.models import Group, GroupStatus
from dedup.undo import undo_resolution
from gallery import bootstrap, pipeline, preflight
from gallery.demo import library
from gallery.demo.plan import ORIGINALS, POSTERS, Shot, make_plan
from gallery.models import Photo, User
from gallery.preflight import PreflightError

DECIDED_SHOTS = 14
"""The first shots of the plan, all with copies, are compared at once, so that there is something to decide about."""
ACTIONS = ("accept", "accept", "keep-all", "accept", "dismiss-all", "accept", "accept", "keep-all")
PROGRESS_SECONDS = 5.0
MODEL_FILE = "demo-model-of-drawn-shapes.pt"
"""What gallery.demo.tiny_clip calls its file. That module is not imported for it: it would load torch."""


class Command(BaseCommand):
    """Draws, takes in, describes and decides; each step once, and an interrupted one goes on with the next call."""

    help = "Fill an empty data folder with drawn pictures. Running it again changes nothing."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--pictures",
            type=int,
            default=ORIGINALS + POSTERS,
            help="How many pictures, besides their copies.",
        )
        parser.add_argument(
            "--without-model",
            action="store_true",
            help="Do not train the model that finds pictures by description.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse a library that is not the demo's, else bring it to where it should be."""
        try:
            preflight.check_database()
            library.require_demo()
        except (PreflightError, library.NoDemo) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", interactive=False, verbosity=0)
        announcement = self._accounts()
        training = None if options["without_model"] else self._train()
        posters = min(POSTERS, options["pictures"] // 2)
        self._fill(make_plan(options["pictures"] - posters, posters))
        if training is not None and training.wait() != 0:
            raise CommandError("The demo's model could not be trained; its last lines are above.")
        self.stdout.write(f"The demo holds {Photo.objects.count()} pictures. {announcement}")

    def _accounts(self) -> str:
        """The accounts, and how to log in: said at once as well, since a random password is shown but once."""
        with transaction.atomic():
            credentials = bootstrap.create_first_admin()
            library.note("begun")
            library.make_people()
        if credentials is None:
            return "Log in as admin (`manage.py changepassword admin` sets another password)."
        announcement = bootstrap.announce(credentials)
        self.stdout.write(announcement)
        return announcement

    def _train(self) -> subprocess.Popen[bytes] | None:
        """Train the small model beside the drawing, unless it is there."""
        checkpoint = Path(settings.CLIP_PRETRAINED)
        if checkpoint.name != MODEL_FILE or checkpoint.is_file():
            return None
        self.stdout.write("A small model that knows drawn shapes is trained meanwhile (a minute, once).")
        command = [sys.executable, "-m", "gallery.demo.tiny_clip", str(checkpoint.parent)]
        return subprocess.Popen(command, cwd=settings.BASE_DIR)  # noqa: S603 - our own module

    def _fill(self, plan: Sequence[Shot]) -> None:
        if library.noted("described"):
            return
        first = [shot for shot in plan if shot.copies][:DECIDED_SHOTS]
        self._take_in(first, "The first pictures and their copies are drawn.")
        if not library.noted("decided"):
            self.stdout.write("They are compared, and some of what is found is decided.")
            work_off()
            decide()
        self._take_in(plan, "The other pictures are drawn.")
        library.describe_library(plan)

    def _take_in(self, shots: Sequence[Shot], sentence: str) -> None:
        self.stdout.write(sentence)
        total = sum(len(library.file_names(shot)) for shot in shots)
        count, shown = 0, time.monotonic()
        for added in library.take_in(shots):
            count += added
            if time.monotonic() - shown > PROGRESS_SECONDS:
                shown = time.monotonic()
                self.stdout.write(f"{count} new files of {total} are in the library.")


def work_off() -> None:
    """Look at and compare what is owed, here and now; what pictures mean is left to the workers, who have the model."""
    stages = pipeline.stages()
    while pipeline.run_batch(stages["analyse"]) or pipeline.run_batch(stages["match"]):
        pass


@transaction.atomic
def decide() -> None:
    """Decide about groups as a moderator would, and take one decision back."""
    moderator = User.objects.get(username="mira")
    for number, action in enumerate(ACTIONS):
        group = Group.objects.filter(status=GroupStatus.OPEN).order_by("pk").first()
        if group is None:
            break
        resolution = carry_out(Decision(action, group.version, 0, 0), group, moderator)
        if number == len(ACTIONS) - 1:
            undo_resolution(resolution_id=resolution.pk, user=moderator)
    library.note("decided")
