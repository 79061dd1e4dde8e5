"""Making backups and restoring them in tests, as the commands do; a plugin, for the folder that they go to."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql
from pytest_django import Settings

from gallery import marker
from gallery.backup.manifest import BackupFolder
from gallery.backup.tables import library_tables
from tests.marked import use_data_folder


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """The folder of the backups; it is not there yet."""
    return tmp_path / "backup"


def backup(folder: Path, *options: str) -> str:
    """Make one; returns what is printed."""
    printed = io.StringIO()
    call_command("backup", str(folder), *options, stdout=printed)
    return printed.getvalue()


def newest(folder: Path) -> Path:
    """The folder of the newest snapshot."""
    return BackupFolder(folder).choose("")


def empty_library(settings: Settings, data: Path) -> None:
    """Make this installation a new one."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, library_tables())))
        )
    marker.forget()
    use_data_folder(settings, data)


def restore(folder: Path, *options: str) -> str:
    """Restore the newest one into this installation; returns what is printed."""
    printed = io.StringIO()
    call_command("restore", str(folder), *options, stdout=printed)
    return printed.getvalue()
