"""Bringing an empty database to the tables that a backup was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from gallery.backup import BackupError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.migrations.loader import MigrationLoader

Key = tuple[str, str]


def require_known(migrations: Sequence[Sequence[str]]) -> None:
    """Raise BackupError for a backup that a newer program made."""
    executor = MigrationExecutor(connection)
    known = executor.loader.disk_migrations or {}
    unknown = sorted(set(map(key_of, migrations)) - set(known))
    if unknown:
        raise BackupError(
            f"The backup was made by a newer version of Likeness (it has the table change {'.'.join(unknown[0])}): "
            "restore it with that version or a newer one."
        )


def bring_to(migrations: Sequence[Sequence[str]]) -> None:
    """Make the tables as they were in the backup. Where others are, they are dropped first: they are empty."""
    wanted = set(map(key_of, migrations))
    executor = MigrationExecutor(connection)
    if set(executor.loader.applied_migrations) == wanted:
        return
    if executor.loader.applied_migrations:
        drop_tables()
        executor = MigrationExecutor(connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
    executor.migrate(leaves(executor.loader, wanted))


def leaves(loader: MigrationLoader, wanted: set[Key]) -> list[Key]:
    """Those of the wanted migrations that no other wanted one of the same app builds on."""
    built_on = {
        parent.key
        for key in wanted
        for parent in loader.graph.node_map[key].parents
        if parent.key[0] == key[0]
    }
    return sorted(wanted - built_on)


def drop_tables() -> None:
    """Drop every table of this site, the list of migrations included."""
    names = [*connection.introspection.django_table_names(only_existing=True), "django_migrations"]
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("DROP TABLE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, names)))
        )


def key_of(pair: Sequence[str]) -> Key:
    return pair[0], pair[1]
