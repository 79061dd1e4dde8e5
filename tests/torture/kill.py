"""SIGKILL at every named point of upload, analysis, decision and purge; then what a person or the sweep does next."""

from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedup.models import Group, Resolution
from gallery.albums import add_to_album
from gallery.intake import UploadOptions
from gallery.models import Album, AlbumPhoto, Photo, PhotoTag, TagSource
from gallery.originals import original_name, originals_storage
from gallery.resumable import begin_upload
from gallery.tags import add_tags
from gallery.trash import trash_photos
from tests.damage import put, sound_photo
from tests.dedup.rows import group_now, match
from tests.factories import plain_jpeg, upload
from tests.torture import world
from tests.torture.invariants import examine
from tests.torture.nursery import Nursery
from tests.torture.points import POINTS, Point
from tests.torture.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Trial:
    """One library in which processes are killed, and what was acknowledged so far."""

    def __init__(self, nursery: Nursery, folder: Path, row: Row) -> None:
        self.nursery, self.folder, self.row = nursery, folder, row
        self.owner, self.token = world.moderator()
        self.acknowledged: set[str] = set()
        self._sound_numbers = iter(range(1, 1_000_000))

    def kill(self, point: Point, **arguments: Any) -> None:
        """Let a process do the operation of the point, and die there."""
        ended = self.nursery.run(point.operation, point=point, **arguments)
        self.row.tried += 1
        if not ended.killed:
            self.row.problems.append(f"{point.operation} never came to: {point.name} ({ended.answer}).")

    def again(self, point: Point, **arguments: Any) -> Any:
        """Let another process do the same."""
        return self.nursery.run(point.operation, **arguments).answer

    def acknowledge(self, status: int, sha256: str) -> None:
        if status in (200, 201, 204):
            self.acknowledged.add(sha256)
            self.row.acknowledged += 1
        else:
            self.row.problems.append(f"The second try was answered with {status}.")

    def file(self) -> tuple[Path, str]:
        """A new picture on the sender's disk, and its digest."""
        content = world.new_picture()
        return put(self.folder / "sent", content), hashlib.sha256(content).hexdigest()

    def no_half(self, sha256: str, point: Point) -> None:
        """Right after the kill: nothing half under the final name, and no row without its file."""
        path = Path(originals_storage().path(original_name(sha256)))
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
        if digest not in ("", sha256):
            self.row.partial += 1
            self.row.problems.append(f"{point.name}: a partial original")
        if not digest and Photo.objects.filter(stored_sha256=sha256).exists():
            self.row.lost += 1
            self.row.problems.append(f"{point.name}: a row without its original")

    def sound_photo(self) -> Photo:
        photo = sound_photo(self.owner, plain_jpeg(), next(self._sound_numbers))
        self.acknowledged.add(photo.upload_sha256)
        return photo


def kill_upload(trial: Trial, point: Point) -> None:
    file, sha256 = trial.file()
    trial.kill(point, token=trial.token, file=str(file))
    trial.no_half(sha256, point)
    status, _ = trial.again(point, token=trial.token, file=str(file))
    trial.acknowledge(status, sha256)


def kill_parts(trial: Trial, point: Point) -> None:
    file, sha256 = trial.file()
    begun = begin_upload(
        owner=trial.owner,
        name="photo.png",
        length=file.stat().st_size,
        sha256=sha256,
        options=UploadOptions(),
    )
    arguments = {"token": trial.token, "file": str(file), "url": f"/uploads/{begun.pk}"}
    trial.kill(point, **arguments)
    trial.no_half(sha256, point)
    status, _ = trial.again(point, **arguments)
    trial.acknowledge(status, sha256)


def kill_analyse(trial: Trial, point: Point) -> None:
    accepted = upload(trial.owner, world.new_picture())
    trial.acknowledge(201, accepted.photo.upload_sha256)
    trial.kill(point)
    photo = Photo.objects.get(pk=accepted.photo.pk)
    if photo.state != "processing" or photo.previews_version or not photo.jobs.filter(attempts=1).exists():
        trial.row.partial += 1
        trial.row.problems.append(f"{point.name}: a part of the result was saved")
    world.do_all_work()


def kill_resolve(trial: Trial, point: Point) -> None:
    group, photos = copies(trial)
    keep, *rest = [photo.pk for photo in photos]
    arguments = {
        "token": trial.token,
        "group": group.pk,
        "keep": [keep],
        "trash": rest,
        "version": group.version,
    }
    trial.kill(point, **arguments)
    trial.row.acknowledged += 1
    expect(trial, point, group, photos, whole=Resolution.objects.filter(group=group).exists())
    status, answer = trial.again(point, **arguments)
    if status not in (200, 409):
        trial.row.problems.append(f"{point.name}: deciding again was answered with {status} {answer}")
    expect(trial, point, group, photos, whole=True)


def copies(trial: Trial) -> tuple[Group, list[Photo]]:
    """A group of three, each with a tag and an album of its own."""
    photos = [trial.sound_photo() for _ in range(3)]
    for photo in photos:
        add_tags(photos=[photo], names=[f"tag {photo.pk}"], source=TagSource.USER)
        album = Album.objects.create(owner=trial.owner, name=f"Album {photo.pk}")
        add_to_album(album=album, photos=[photo])
    for copy in photos[1:]:
        match(photos[0], copy)
    group_now(photos)
    return Group.objects.get(members__photo=photos[0]), photos


def expect(trial: Trial, point: Point, group: Group, photos: list[Photo], *, whole: bool) -> None:
    """All of the decision is there, or nothing of it."""
    keeper = photos[0].pk
    there = {
        "decisions": Resolution.objects.filter(group=group).count(),
        "live": Photo.objects.live().filter(pk__in=[photo.pk for photo in photos]).count(),
        "tags": PhotoTag.objects.filter(photo=keeper).count(),
        "tag_ids": len(Photo.objects.get(pk=keeper).tag_ids),
        "albums": AlbumPhoto.objects.filter(photo=keeper).count(),
        "open": Group.objects.filter(pk=group.pk, status="open").count(),
    }
    after = {"decisions": 1, "live": 1, "tags": 3, "tag_ids": 3, "albums": 3, "open": 0}
    before = {"decisions": 0, "live": 3, "tags": 1, "tag_ids": 1, "albums": 1, "open": 1}
    if there != (after if whole else before):
        trial.row.partial += 1
        trial.row.problems.append(f"{point.name}: half a decision, {there}")


def kill_purge(trial: Trial, point: Point) -> None:
    photo = trial.sound_photo()
    content = Path(originals_storage().path(original_name(photo.stored_sha256))).read_bytes()
    trash_photos(photos=[photo], by=trial.owner)
    trial.kill(point, photo=photo.pk)
    trial.no_half(photo.stored_sha256, point)
    trial.again(point, photo=photo.pk)
    if Photo.objects.filter(pk=photo.pk).exists():
        trial.row.stuck += 1
    file = put(trial.folder / "sent", content)
    status, _ = trial.nursery.run("upload", token=trial.token, file=str(file)).answer
    trial.acknowledge(status, photo.upload_sha256)


TRIALS: dict[str, Callable[[Trial, Point], None]] = {
    "upload": kill_upload,
    "parts": kill_parts,
    "analyse": kill_analyse,
    "resolve": kill_resolve,
    "purge": kill_purge,
}


def kill_everywhere(times: int) -> Iterator[Row]:
    """Kill `times` at every point; a row for each operation."""
    world.empty()
    with tempfile.TemporaryDirectory() as folder, Nursery() as nursery:
        for operation, killed in TRIALS.items():
            points = [point for point in POINTS if point.operation == operation]
            row = Row(f"kill -9 during {operation}: {len(points)} points x {times}")
            started = time.monotonic()
            trial = Trial(nursery, Path(folder), row)
            for point in points:
                for _ in range(times):
                    killed(trial, point)
                world.do_all_work()
            examine(world.library(), trial.acknowledged, row)
            row.seconds = time.monotonic() - started
            yield row
