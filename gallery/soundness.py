"""What is known about originals that are missing or no longer hash to their names, and putting the bytes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from gallery import pipeline
from gallery.contentlock import lock_content
from gallery.models import OriginalCheck, Photo, PhotoState, Priority
from gallery.originals import original_name, originals_storage, put_original

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

PUT_BACK = "Upload the same file again, or let an administrator put it back from a backup."
MISSING = f"The original is missing from the store. {PUT_BACK}"
WRONG_SIZE = f"The original in the store is cut short or has bytes too many. {PUT_BACK}"
WRONG_HASH = f"The original on the disk has changed since it was uploaded. {PUT_BACK}"
ADVICE = "`manage.py fsck --hash` names them; `manage.py restore FOLDER --originals-only` puts them back from a backup."


def problem_count() -> int:
    """How many originals are known to be missing or wrong."""
    return OriginalCheck.objects.exclude(problem="").count()


def lost_digests(digests: Collection[str]) -> list[str]:
    """Those of the digests whose originals are known to be missing or wrong."""
    found = OriginalCheck.objects.filter(pk__in=digests).exclude(problem="")
    return list(found.values_list("pk", flat=True))


def note_problem(sha256: str, problem: str) -> None:
    """Remember what is wrong with an original and show it on its photos; call it under the content's lock."""
    OriginalCheck.objects.update_or_create(
        sha256=sha256, defaults={"checked_at": timezone.now(), "problem": problem}
    )
    photos = Photo.objects.analysed().filter(stored_sha256=sha256)
    photos.update(state=PhotoState.DAMAGED, state_reason=problem)
    ids = list(photos.values_list("pk", flat=True))
    for stage in pipeline.stages_after(pipeline.first_stage().name):
        # Nobody is to be told to keep this photo and trash a sound copy of it.
        if not stage.runs_last:
            pipeline.owe_stage(stage.name, ids, Priority.PERSON)


@transaction.atomic
def note_sound(digests: Collection[str]) -> None:
    """Remember that these originals were read and are as they were uploaded."""
    mended = OriginalCheck.objects.filter(pk__in=digests).exclude(problem="")
    for sha256 in list(mended.values_list("pk", flat=True)):
        look_again(sha256)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO gallery_originalcheck (sha256, checked_at, problem)
            SELECT sha256, statement_timestamp(), '' FROM unnest(%s::text[]) AS sha256 ORDER BY sha256
            ON CONFLICT (sha256) DO UPDATE SET checked_at = excluded.checked_at, problem = ''
            """,
            [sorted(digests)],
        )


def lacks_bytes(sha256: str, size: int) -> bool:
    """Whether the store is known to need the bytes of an original: no file, another size, or a noted problem.

    Does not read the file: that is for the check of all originals, a little every day.
    """
    try:
        if originals_storage().size(original_name(sha256)) != size:
            return True
    except FileNotFoundError:
        return True
    return OriginalCheck.objects.filter(pk=sha256).exclude(problem="").exists()


def put_back(received: Path, sha256: str) -> None:
    """Store bytes that a known photo has lost, and look at the photo again; call it under the content's lock.

    What lies under the name goes into quarantine. Raises as `put_original` does.
    """
    put_original(received, sha256)
    OriginalCheck.objects.update_or_create(
        sha256=sha256, defaults={"checked_at": timezone.now(), "problem": ""}
    )
    look_again(sha256)


def look_again(sha256: str) -> None:
    """Owe the photos of a content their analysis, which sets their state anew."""
    photos = Photo.objects.filter(stored_sha256=sha256).filter(~Q(state=PhotoState.REFUSED))
    photos.filter(state=PhotoState.FAILED).update(state=PhotoState.PROCESSING, state_reason="")
    ids = list(photos.values_list("pk", flat=True))
    pipeline.owe_stage(pipeline.first_stage().name, ids, Priority.PERSON)


@transaction.atomic
def heal(received: Path, sha256: str, size: int) -> bool:
    """Put bytes back if the store needs them and a photo names them. Returns whether it did."""
    lock_content(sha256)
    wanted = Photo.objects.filter(stored_sha256=sha256).exists() and lacks_bytes(sha256, size)
    if wanted:
        put_back(received, sha256)
    return wanted or return_to_upload(received, sha256, size)


def return_to_upload(received: Path, sha256: str, size: int) -> bool:
    """Give photos that have lost their optimised originals the bytes that were uploaded again. Returns whether any had.

    Call it under the content's lock.
    """
    optimised = Photo.objects.filter(upload_sha256=sha256).exclude(stored_sha256=sha256)
    contents = dict(optimised.values_list("stored_sha256", "file_size"))
    lost = [stored for stored, stored_size in contents.items() if lacks_bytes(stored, stored_size)]
    if not lost:
        return False
    put_original(received, sha256)
    optimised.filter(stored_sha256__in=lost).update(
        stored_sha256=sha256, file_size=size, saved_bytes=0, optimise_version=0
    )
    look_again(sha256)
    return True
