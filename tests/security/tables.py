"""The state of the whole database in a few characters, table by table."""

from __future__ import annotations

from django.db import connection
from psycopg import sql

from gallery import model_status

LEFT_OUT = {
    "gallery_browsersession": "a session notes, to the hour, when its browser came last",
    "axes_accessattempt": "counts wrong passwords, which is what it is for",
    "axes_accesslog": "notes who signed in",
    "axes_accessfailurelog": "notes who failed to",
}
COLUMNS_LEFT_OUT = {"gallery_apitoken": ["last_used_at"]}
"""People see on their account page when a token was used last."""
ROWS_LEFT_OUT = {"gallery_sharedstate": ("key", model_status.STATE_KEY)}
"""A running site of other tests looks for the model once a minute and notes what it found."""


def digests() -> dict[str, str]:
    """Table -> how many rows it has and a digest of all of them."""
    names = sorted(set(connection.introspection.table_names()) - LEFT_OUT.keys())
    parts = [digest_query(name) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(parts))
        return {name: f"{rows} rows, {digest}" for name, rows, digest in cursor.fetchall()}


def digest_query(name: str) -> sql.Composed:
    """Name, number of rows, and digest of the rows as text, in an order of their own."""
    row: sql.Composable = sql.SQL("to_jsonb(t)")
    for column in COLUMNS_LEFT_OUT.get(name, []):
        row = sql.SQL("{} - {}").format(row, sql.Literal(column))
    text = sql.SQL("({})::text").format(row)
    where: sql.Composable = sql.SQL("")
    if name in ROWS_LEFT_OUT:
        column, value = ROWS_LEFT_OUT[name]
        where = sql.SQL(" WHERE {} <> {}").format(sql.Identifier(column), sql.Literal(value))
    return sql.SQL(
        "SELECT {}, count(*), md5(coalesce(string_agg({}, '|' ORDER BY {}), '')) FROM {} t{}"
    ).format(sql.Literal(name), text, text, sql.Identifier(name), where)


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that differ."""
    return [name for name in before if after.get(name) != before[name]]
