"""The library that is tortured: its people, its files, and doing all the work that is owed."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from gallery import marker, pipeline
from gallery.models import Job, Role
from gallery.tokens import create_token
from tests.factories import make_user
from tests.pictures import noise, png_bytes
from tests.torture.invariants import Library

if TYPE_CHECKING:
    from gallery.models import User

_numbers = itertools.count(1)


def new_picture() -> bytes:
    """A small picture unlike any other of this run."""
    return png_bytes(noise(next(_numbers), (24, 24)))


def library() -> Library:
    """The library of this process's settings."""
    return Library(settings.DATABASE_URL, settings.GALLERY_DATA / "originals")


def empty() -> None:
    """Begin anew: no rows, and a marked store without files."""
    call_command("flush", interactive=False, verbosity=0)
    for name in ("originals", "previews", "quarantine"):
        shutil.rmtree(settings.GALLERY_DATA / name, ignore_errors=True)
    marker.forget()
    marker.settle()


def moderator() -> tuple[User, str]:
    """A moderator and their token."""
    person = make_user(role=Role.MODERATOR)
    return person, create_token(user=person, name="torture")[1]


def do_all_work() -> None:
    """What workers do once the sweep has woken them, as if back-offs and leases of dead workers were over."""
    Job.objects.filter(failed_at=None).update(due_at=timezone.now())
    for _ in range(2):
        pipeline.sweep()
        for stage in pipeline.stages().values():
            while not stage.unavailable() and pipeline.run_batch(stage):
                pass
