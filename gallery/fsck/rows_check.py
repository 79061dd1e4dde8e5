"""Rows that contradict other rows: owed work that nobody owes, copies of facts that differ from the facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from gallery import pipeline
from gallery.fsck.findings import Finding, Kind
from gallery.registry import consistency_checks

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class RowCheck:
    """A query for the wrong rows, as (id, name), and the statement that puts them right.

    Each is one statement, and so sees one state of the tables: work in flight is no contradiction.
    """

    kind: Kind
    what: str
    detail: str
    find: str
    mend: str


TAGS_OF_PHOTO = """
    SELECT coalesce(array_agg(tag_id::int ORDER BY tag_id), '{}') FROM gallery_phototag WHERE photo_id = photo.id
"""
NO_JOB = """
    photo.state = 'processing' AND NOT EXISTS (
        SELECT FROM gallery_job job WHERE job.photo_id = photo.id AND job.stage = %(stage)s)
"""
GIVEN_UP = """
    photo.state = 'processing' AND job.photo_id = photo.id AND job.stage = %(stage)s AND job.failed_at IS NOT NULL
"""
COVER_ELSEWHERE = """
    album.cover_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM gallery_albumphoto place WHERE place.album_id = album.id AND place.photo_id = album.cover_id)
"""
CHECKS = [
    RowCheck(
        Kind.NO_JOB,
        "photo",
        "It waits for its analysis, and nobody owes it that.",
        f"SELECT id, file_name FROM gallery_photo photo WHERE {NO_JOB} ORDER BY id",  # noqa: S608  # constants
        f"""
        INSERT INTO gallery_job (photo_id, stage, priority, requests, attempts, worker, due_at, error)
        SELECT id, %(stage)s, 50, 1, 0, '', statement_timestamp(), '' FROM gallery_photo photo WHERE {NO_JOB}
            ON CONFLICT DO NOTHING
        """,  # noqa: S608
    ),
    RowCheck(
        Kind.WRONG_STATE,
        "photo",
        "It waits although its analysis has failed for good.",
        f"SELECT photo.id, file_name FROM gallery_photo photo, gallery_job job WHERE {GIVEN_UP} ORDER BY 1",  # noqa: S608
        f"""
        UPDATE gallery_photo photo SET state = 'failed', state_reason = job.error FROM gallery_job job
         WHERE {GIVEN_UP}
        """,  # noqa: S608
    ),
    RowCheck(
        Kind.WRONG_TAGS,
        "photo",
        "Searches by tag see other tags than its page shows.",
        f"SELECT id, file_name FROM gallery_photo photo WHERE tag_ids <> ({TAGS_OF_PHOTO}) ORDER BY id",  # noqa: S608
        f"""
        UPDATE gallery_photo photo SET tag_ids = ({TAGS_OF_PHOTO})
         WHERE id IN (SELECT id FROM gallery_photo photo WHERE tag_ids <> ({TAGS_OF_PHOTO})
                       ORDER BY id FOR NO KEY UPDATE)
        """,  # noqa: S608
    ),
    RowCheck(
        Kind.WRONG_COVER,
        "album",
        "Its cover does not lie in it.",
        f"SELECT id, name FROM gallery_album album WHERE {COVER_ELSEWHERE} ORDER BY id",  # noqa: S608
        f"UPDATE gallery_album album SET cover_id = NULL WHERE {COVER_ELSEWHERE}",  # noqa: S608
    ),
    RowCheck(
        Kind.WRONG_STACK,
        "photo",
        "Its cover lies under another cover.",
        """
        SELECT photo.id, photo.file_name FROM gallery_photo photo JOIN gallery_photo cover
            ON cover.id = photo.stacked_under_id WHERE cover.stacked_under_id IS NOT NULL ORDER BY 1
        """,
        """
        UPDATE gallery_photo photo SET stacked_under_id = NULL FROM gallery_photo cover
         WHERE cover.id = photo.stacked_under_id AND cover.stacked_under_id IS NOT NULL
        """,
    ),
]


def check_rows() -> Iterator[Finding]:
    """All contradictions between rows, those that other apps know of included."""
    for check in CHECKS:
        with connection.cursor() as cursor:
            cursor.execute(check.find, parameters())
            rows = cursor.fetchall()
        for pk, name in rows:
            ids = (pk,) if check.what == "photo" else ()
            yield Finding(check.kind, f"{check.what} {pk} ({name})", check.detail, ids)
    for app_check in consistency_checks:
        with transaction.atomic():
            found = app_check.find()
        for item in found:
            yield Finding(app_check.kind, item.name, item.detail)


def mend_rows() -> int:
    """Put all of them right, and wake the workers for what is owed now. Returns how many rows that were."""
    mended = 0
    for check in CHECKS:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(check.mend, parameters())
            mended += cursor.rowcount
    for app_check in consistency_checks:
        with transaction.atomic():
            mended += app_check.mend()
    pipeline.wake(pipeline.first_stage().name)
    return mended


def parameters() -> dict[str, str]:
    """What the statements name."""
    return {"stage": pipeline.first_stage().name}
