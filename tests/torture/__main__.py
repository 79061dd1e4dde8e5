"""Run all fault tests and print the table; `--short` is what `make test` runs. Exit status 1 where anything failed."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.environment import TestWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.torture.report import Row

POSTGRES_OPTIONS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For the parts that leave the database server alone; where it is crashed it has its real settings."""


@contextmanager
def library() -> Iterator[None]:
    """Servers, tables and an empty, marked store."""
    world = TestWorld()
    world.enter()
    import django

    django.setup()
    logging.disable()  # Faults are what is wanted here; what they lead to is in the table.
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections
    from django.test.utils import override_settings

    from gallery import marker
    from gallery.embedded.servers import Servers

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    changed = {
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "ALLOWED_HOSTS": ["*"],
        "STORAGES": {**settings.STORAGES, "staticfiles": plain},
    }
    try:
        with (
            Servers(settings.GALLERY_DATA, postgres_options=POSTGRES_OPTIONS).held(),
            override_settings(**changed),
        ):
            call_command("migrate", verbosity=0)
            marker.settle()
            yield
            connections.close_all()
    finally:
        world.leave()


def parts(*, short: bool) -> dict[str, Callable[[], Iterator[Row]]]:
    """The parts by name, in full size or short. Only when Django is set up."""
    from tests.torture.crashes import crash_servers
    from tests.torture.damages import find_damages
    from tests.torture.full_disk import fill_the_disk
    from tests.torture.kill import kill_everywhere
    from tests.torture.races import run_races

    return {
        "kill": lambda: kill_everywhere(1 if short else 25),
        "races": lambda: run_races(5, 1) if short else run_races(100, 10),
        "disk": lambda: fill_the_disk(),
        "damages": lambda: iter([find_damages(200 if short else 5_000)]),
        "crashes": lambda: (
            iter([crash_servers(postgres=1, redis=1, uploads=24, hurry=True)])
            if short
            else iter([crash_servers(postgres=15, redis=10, uploads=1_000)])
        ),
    }


def run(names: list[str], *, short: bool) -> bool:
    """Run the parts and print. Returns whether all is well."""
    from tests.torture.report import table

    started, rows = time.monotonic(), []
    with library():
        for name, part in parts(short=short).items():
            if name in names or not names:
                for row in part():
                    print_lines([f"{row.part}: {'ok' if row.ok else 'FAILED'}, {row.seconds:.1f} s"])
                    rows.append(row)
    print_lines(["", *table(rows), f"{time.monotonic() - started:.0f} s in all"])
    return all(row.ok for row in rows)


def print_lines(lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="Few rounds of everything, within a minute.")
    parser.add_argument(
        "part", nargs="*", help="kill, races, disk, damages, crashes; all where none is named."
    )
    chosen = parser.parse_args()
    return 0 if run(chosen.part, short=chosen.short) else 1


if __name__ == "__main__":
    sys.exit(main())
