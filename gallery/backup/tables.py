"""SQL: all tables out of one moment of the database into files, and back. Any PostgreSQL does; no other program."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection, connections
from psycopg import Connection, sql

from gallery.backup.manifest import ORIGINALS_LIST, TableFile, table_path
from gallery.storage import COPY_CHUNK_BYTES, OUT_OF_SPACE, StorageFull, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

GZIP_LEVEL = 1
"""Vectors and hashes hardly get smaller; the rest does at any level."""
LEFT_OUT = {
    "django_session",
    "gallery_browsersession",
    "axes_accessattempt",
    "axes_accesslog",
    "axes_accessfailurelog",
    "axes_accessattemptexpiration",
    "gallery_partialupload",
    "django_migrations",
}
"""Sign-ins, wrong passwords, uploads under way: they end with the machine. Migrations stand in the manifest."""
ORIGINALS = "SELECT stored_sha256, max(file_size) FROM gallery_photo GROUP BY 1 ORDER BY 1"
COLUMNS = """
    SELECT attname FROM pg_attribute
     WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
     ORDER BY attnum
"""


def library_tables() -> list[str]:
    """The tables that belong into a backup."""
    models = apps.get_models(include_auto_created=True)
    tables = {model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy}
    return sorted(tables - LEFT_OUT)


def own_connection() -> Any:
    """A database connection beside this process's usual one, for a session-wide lock and a long transaction."""
    wrapper = connections.create_connection("default")
    wrapper.ensure_connection()
    return wrapper


def dump_tables(raw: Connection[Any], folder: Path) -> tuple[list[TableFile], list[list[str]]]:
    """Write every table and the list of originals out of one snapshot. Returns the tables and applied migrations."""
    (folder / "tables").mkdir()
    raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        migrations = raw.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
        tables = [dump_table(raw, table, folder) for table in library_tables()]
        copy_out(raw, sql.SQL("COPY ({}) TO STDOUT").format(sql.SQL(ORIGINALS)), folder / ORIGINALS_LIST)
    finally:
        raw.execute("ROLLBACK")
    return tables, [list(row) for row in migrations]


def dump_table(raw: Connection[Any], table: str, folder: Path) -> TableFile:
    """Write one table."""
    columns = [row[0] for row in raw.execute(COLUMNS, [table]).fetchall()]
    path = table_path(folder, table)
    rows = copy_out(raw, copy_statement(table, columns, "TO STDOUT"), path)
    return TableFile(table, columns, rows, sha256_of(path))


def copy_statement(table: str, columns: Sequence[str], direction: str) -> sql.Composed:
    """COPY of these columns."""
    return sql.SQL("COPY {} ({}) {}").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(direction)
    )


def copy_out(raw: Connection[Any], statement: sql.Composed, path: Path) -> int:
    """Write what a COPY gives, compressed and durable. Returns how many rows. Raises StorageFull."""
    try:
        with path.open("xb") as file:
            with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed, raw.cursor() as cursor:
                with cursor.copy(statement) as copy:
                    for block in copy:
                        packed.write(block)
                rows = cursor.rowcount
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno in OUT_OF_SPACE:
            raise StorageFull(error.errno, f"The disk of {path.parent} is full.") from error
        raise
    return rows


def originals_in(folder: Path) -> Iterator[tuple[str, int]]:
    """The originals that a snapshot names, with their sizes, in the order of their digests."""
    with gzip.open(folder / ORIGINALS_LIST, "rt", encoding="ascii") as lines:
        for line in lines:
            sha256, size = line.rstrip("\n").split("\t")
            yield sha256, int(size)


def load_tables(tables: Sequence[TableFile], folder: Path) -> None:
    """Fill the empty tables within the caller's transaction. Indexes that grow slowly are made afterwards."""
    with connection.cursor() as cursor:
        names = sql.SQL(", ").join(map(sql.Identifier, library_tables_here()))
        cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        indexes = drop_slow_indexes()
        for table in tables:
            load_table(cursor.cursor, table, folder)
        # Now, and not at the end: indexes cannot be made while checks of foreign keys are outstanding.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in indexes:
            cursor.execute(statement)
        for table in tables:
            reset_sequence(table)


def library_tables_here() -> list[str]:
    """The tables of a backup that this database has."""
    return sorted(set(library_tables()) & set(connection.introspection.table_names()))


def load_table(cursor: Any, table: TableFile, folder: Path) -> None:
    """Fill one table."""
    statement = copy_statement(table.name, table.columns, "FROM STDIN")
    with gzip.open(table_path(folder, table.name)) as file, cursor.copy(statement) as copy:
        while block := file.read(COPY_CHUNK_BYTES):
            copy.write(block)
    if cursor.rowcount != table.rows:
        raise ValueError(f"{table.name} has {cursor.rowcount} rows instead of {table.rows}.")


def drop_slow_indexes() -> list[str]:
    """Drop the indexes of vectors and words. Returns the statements that make them again."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT pg_get_indexdef(indexes.oid), indexes.relname
              FROM pg_index JOIN pg_class indexes ON indexes.oid = indexrelid
              JOIN pg_class tables ON tables.oid = indrelid
              JOIN pg_am ON pg_am.oid = indexes.relam
             WHERE amname IN ('hnsw', 'gin') AND tables.relname = ANY(%s)
            """,
            [library_tables_here()],
        )
        rows = cursor.fetchall()
        for _, name in rows:
            cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [statement for statement, _ in rows]


def reset_sequence(table: TableFile) -> None:
    """Let new rows get ids behind those that were loaded."""
    if "id" not in table.columns:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table.name])
        sequence = cursor.fetchone()[0]
        if sequence is not None:
            cursor.execute(
                sql.SQL("SELECT setval(%s, coalesce((SELECT max(id) FROM {}), 0) + 1, false)").format(
                    sql.Identifier(table.name)
                ),
                [sequence],
            )
