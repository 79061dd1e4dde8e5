"""The command line: `python manage.py help` lists the commands, docs/commands.md explains them."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

WITHOUT_SERVERS = frozenset(
    {
        "check",
        "collectstatic",
        "compare",
        "diffsettings",
        "duplicates",
        "findstatic",
        "help",
        "screens",
        "start",
        "version",
    }
)
"""Commands that need no database, or (start) look after the servers themselves."""


def main() -> None:
    """Run one command; the embedded servers run at least as long as it does."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gallery.settings")
    _check_settings()
    from gallery.embedded.errors import ServerError

    try:
        with _servers(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except ServerError as error:
        sys.exit(str(error))


def _check_settings() -> None:
    from django.conf import settings

    try:
        settings.configured or settings.DATABASES  # noqa: B018 - reading one setting loads them all
    except ImproperlyConfigured as error:
        sys.exit(f"A setting is wrong: {error}")
    except OSError as error:
        sys.exit(f"The data folder cannot be used: {error}. Set GALLERY_DATA to a folder that you can write.")


def _servers(arguments: list[str]) -> AbstractContextManager[None]:
    """The embedded servers for a command that needs the database, unless others are set."""
    if not arguments or arguments[0] in WITHOUT_SERVERS or {"-h", "--help", "--version"} & set(arguments):
        return nullcontext()
    from gallery.embedded.servers import embedded_servers

    return embedded_servers().held()


if __name__ == "__main__":
    main()
