"""`manage.py backup` and `restore`: the library as it was at one moment, in another database and folder."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from psycopg import sql
from pytest_django import Settings

from dedup.models import Group, PairDecision
from dedup.regroup import regroup
from gallery import marker, pipeline
from gallery.albums import add_to_album
from gallery.backup import files
from gallery.backup.make import alone
from gallery.backup.manifest import BackupFolder, read_manifest, table_path
from gallery.backup.tables import library_tables
from gallery.embedded import database_url, redis_url
from gallery.models import Album, ApiTokenScope, Embedding, Photo, Role, User
from gallery.originals import original_name
from gallery.storage import StorageFull
from gallery.tags import add_tags
from gallery.tokens import create_token
from gallery.trash import BackupRuns, purge_due, purge_now, purge_photo, trash_photos
from tests import damage
from tests.dedup.rows import match
from tests.environment import REPOSITORY
from tests.factories import make_user, unique_jpeg, upload
from tests.marked import use_data_folder
from tests.s3_server import running_s3_server
from tests.test_s3 import use_store

pytestmark = pytest.mark.django_db(transaction=True)

NEVER_BACKED_UP = "SELECT relname FROM pg_class WHERE relname LIKE 'embedding_hnsw%'"


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """The data folder of a marked library."""
    folder = tmp_path / "data"
    use_data_folder(settings, folder)
    return folder


@pytest.fixture
def owner(data: Path) -> User:
    return make_user("anna", role=Role.ADMIN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def backup(folder: Path, *options: str) -> str:
    printed = io.StringIO()
    call_command("backup", str(folder), *options, stdout=printed)
    return printed.getvalue()


def newest(folder: Path) -> Path:
    return BackupFolder(folder).choose("")


def originals_in(folder: Path) -> set[str]:
    return {path.name for path in (folder / "originals").rglob("*") if path.is_file()}


@dataclass
class Elsewhere:
    """Another installation: its own database on the servers of this session, its own data folder."""

    data: Path
    database: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of manage.py there."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        world = Path(os.environ["GALLERY_DATA"])
        return {
            "GALLERY_DATA": str(self.data),
            "DATABASE_URL": database_url(world, self.database),
            "REDIS_URL": redis_url(world).replace("db=0", "db=3"),
        }

    def count(self, table: str) -> int:
        with psycopg.connect(self.environment["DATABASE_URL"]) as raw:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            return int(raw.execute(query).fetchall()[0][0])

    def change(self, statements: LiteralString) -> None:
        with psycopg.connect(self.environment["DATABASE_URL"]) as raw:
            raw.execute(statements)

    def rows(self, query: LiteralString) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environment["DATABASE_URL"]) as raw:
            return raw.execute(query).fetchall()


@pytest.fixture
def elsewhere(data: Path, tmp_path: Path) -> Iterator[Elsewhere]:
    """An installation with an empty database."""
    name = f"elsewhere_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield Elsewhere(tmp_path / "elsewhere", name)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def furnish(owner: User) -> list[Photo]:
    """A small library with a bit of everything."""
    photos = [upload(owner, name=f"photo{number}.jpg").photo for number in range(4)]
    while pipeline.run_batch(pipeline.stages()["analyse"]):
        pass
    add_tags(photos=photos[:2], names=["beach", "tab\\and\ttab"])
    album = Album.objects.create(owner=owner, name='Summer "25"\nline')
    add_to_album(album=album, photos=photos[1:3])
    match(photos[0], photos[1])
    PairDecision.objects.create(low=photos[2], high=photos[3], kind="not-duplicates", decided_by=owner)
    with transaction.atomic():
        regroup([photos[0].pk])
    for number, photo in enumerate(photos):
        Embedding.objects.create(photo=photo, model="tiny", vector=[float(number), 1.0, 2.0])
    trash_photos(photos=photos[3:], by=owner)
    return photos


def empty_library(settings: Settings, data: Path) -> None:
    """Make this installation a new one."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, library_tables())))
        )
    marker.forget()
    use_data_folder(settings, data)


def restore(folder: Path, *options: str) -> str:
    printed = io.StringIO()
    call_command("restore", str(folder), *options, stdout=printed)
    return printed.getvalue()


def test_a_library_comes_back_whole_from_a_backup_made_while_photos_arrive(
    owner: User, folder: Path, elsewhere: Elsewhere
) -> None:
    photos = furnish(owner)
    token = create_token(user=owner, name="phone", scopes=list(ApiTokenScope))[1]
    enough = threading.Event()

    def send() -> None:
        try:
            while not enough.is_set():
                upload(owner, unique_jpeg())
        finally:
            connections.close_all()

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    try:
        backup(folder)
    finally:
        enough.set()
        for sender in senders:
            sender.join()
    manifest = read_manifest(newest(folder))
    assert manifest.lacking == []

    assert Photo.objects.count() > manifest.originals

    restored = elsewhere.run("restore", str(folder))
    assert restored.returncode == 0, restored.stderr
    wanted = {table.name: table.rows for table in manifest.tables}
    there = {name: elsewhere.count(name) for name in wanted}
    # Every photo with previews is owed them.
    assert there.pop("gallery_job") >= wanted.pop("gallery_job")
    assert there == wanted
    assert elsewhere.rows("SELECT name FROM gallery_album") == [('Summer "25"\nline',)]
    assert elsewhere.rows("SELECT name FROM gallery_tag ORDER BY name") == [("beach",), ("tab\\and_tab",)]
    assert elsewhere.rows("SELECT low_id, high_id FROM dedup_pairdecision") == [(photos[2].pk, photos[3].pk)]
    assert elsewhere.rows("SELECT status FROM dedup_group") == [("open",)]
    assert elsewhere.rows("SELECT DISTINCT worker FROM gallery_job") == [("",)]
    assert len(elsewhere.rows(NEVER_BACKED_UP)) == 1
    asked = elsewhere.run("shell", "-v", "0", "-c", ASK.format(token=token))
    assert asked.stdout.split() == ["sound"] + ["200"] * 4 + ["201"], asked.stdout + asked.stderr


ASK = """
from io import BytesIO
from django.core.management import call_command
from django.conf import settings
from django.test import Client, override_settings
from gallery.models import User
from tests.factories import unique_jpeg
call_command("fsck", "--hash", stdout=open("/dev/null", "w"))
print("sound")
plain = {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
override_settings(STORAGES=settings.STORAGES | {{"staticfiles": plain}}).enable()
site, bearer = Client(HTTP_HOST="127.0.0.1"), {{"HTTP_AUTHORIZATION": "Bearer {token}"}}
site.force_login(User.objects.get(username="anna"))
for page in ("/", "/duplicates/", "/albums/"):
    print(site.get(page).status_code)
print(site.get("/api/v1/photos?q=beach", **bearer).status_code)
file = BytesIO(unique_jpeg() + b"new")
file.name = "new.jpg"
print(site.post("/api/v1/photos", {{"file": file}}, **bearer).status_code)
"""


def test_the_next_backup_copies_only_what_is_new_and_old_snapshots_go(owner: User, folder: Path) -> None:
    upload(owner)
    assert "1 originals (1 new" in backup(folder)
    upload(owner)
    assert "2 originals (1 new" in backup(folder, "--keep", "2")
    assert "1 old snapshots removed" in backup(folder, "--keep", "2")

    assert len(BackupFolder(folder).finished()) == 2
    assert originals_in(folder) == set(Photo.objects.values_list("stored_sha256", flat=True))


def test_a_file_that_rots_in_the_backup_is_copied_again_when_all_are_read(owner: User, folder: Path) -> None:
    photo = upload(owner).photo
    backup(folder)
    copy = Path(BackupFolder(folder).originals.path(original_name(photo.stored_sha256)))
    copy.write_bytes(b"x" * photo.file_size)

    assert "(0 new" in backup(folder)
    assert "(1 new" in backup(folder, "--verify")
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == photo.stored_sha256


def test_an_interrupted_backup_leaves_the_one_before_valid(
    owner: User, folder: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(owner)
    backup(folder)
    before = newest(folder)
    upload(owner)

    with monkeypatch.context() as patch:
        patch.setattr(files, "copy_original", disk_full)
        with pytest.raises(CommandError, match=r"The disk is full\. Earlier snapshots are as they were\."):
            backup(folder)
    assert len(list(before.parent.iterdir())) == 2
    assert newest(folder) == before
    empty_library(settings, tmp_path / "new")
    restore(folder)
    assert Photo.objects.count() == 1

    backup(folder)
    assert len(list(before.parent.iterdir())) == 2
    assert newest(folder) != before


def disk_full(*args: object) -> bool:
    raise StorageFull("The disk is full.")


def test_a_corrupt_backup_is_refused_before_anything_is_changed(
    owner: User, folder: Path, settings: Settings, tmp_path: Path
) -> None:
    photo = upload(owner).photo
    backup(folder)
    snapshot = newest(folder)
    users = table_path(snapshot, "gallery_user")
    sound = users.read_bytes()
    empty_library(settings, tmp_path / "new")

    users.write_bytes(gzip.compress(gzip.decompress(sound).replace(b"anna", b"anne")))
    with pytest.raises(CommandError, match=r"gallery_user\.tsv\.gz has changed"):
        restore(folder)

    users.write_bytes(sound)
    copy = Path(BackupFolder(folder).originals.path(original_name(photo.stored_sha256)))
    copy.write_bytes(b"x" * photo.file_size)
    with pytest.raises(CommandError, match="1 originals are missing or changed"):
        restore(folder)
    assert not User.objects.exists()


def test_a_backup_of_a_newer_program_is_refused(
    owner: User, folder: Path, settings: Settings, tmp_path: Path
) -> None:
    backup(folder)
    empty_library(settings, tmp_path / "new")
    path = newest(folder) / "manifest.json"
    values = json.loads(path.read_text())

    path.write_text(json.dumps(values | {"migrations": [*values["migrations"], ["gallery", "9999_later"]]}))
    with pytest.raises(CommandError, match="made by a newer version of Likeness"):
        restore(folder)
    path.write_text(json.dumps(values | {"format": 2}))
    with pytest.raises(CommandError, match="has format 2"):
        restore(folder)
    path.write_text("half a manif")
    with pytest.raises(CommandError, match="cannot be understood"):
        restore(folder)


def take_out_columns(snapshot: Path, tables: list[dict[str, Any]], name: str, newer: set[str]) -> None:
    """Leave out of a table of the snapshot what a later program has added to it."""
    (table,) = [each for each in tables if each["name"] == name]
    kept = [place for place, column in enumerate(table["columns"]) if column not in newer]
    assert len(kept) == len(table["columns"]) - len(newer)
    path = table_path(snapshot, name)
    lines = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    text = "".join("\t".join(line[place] for place in kept) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()))
    table["columns"] = [table["columns"][place] for place in kept]
    table["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_backup_of_an_older_program_is_brought_to_the_tables_of_this_one(
    owner: User, folder: Path, elsewhere: Elsewhere
) -> None:
    upload(owner)
    backup(folder)
    path = newest(folder) / "manifest.json"
    values = json.loads(path.read_text())
    older = [pair for pair in values["migrations"] if pair[0] != "gallery" or pair[1] < "0008"]
    tables = [table for table in values["tables"] if table["name"] != "gallery_originalcheck"]
    take_out_columns(newest(folder), tables, "gallery_photo", {"saved_bytes", "optimise_version"})
    assert len(older) < len(values["migrations"])
    path.write_text(json.dumps(values | {"migrations": older, "tables": tables}))
    # As an interrupted first start may have left it.
    elsewhere.change(
        "CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz);"
        "INSERT INTO django_migrations (app, name, applied) VALUES ('contenttypes', '0001_initial', now());"
    )

    done = elsewhere.run("restore", str(folder))

    assert done.returncode == 0, done.stderr
    assert elsewhere.rows("SELECT username FROM gallery_user") == [("anna",)]
    assert elsewhere.count("gallery_originalcheck") == 0
    names = [
        list(row) for row in elsewhere.rows("SELECT app, name FROM django_migrations ORDER BY app, name")
    ]
    assert names == values["migrations"]


def test_a_library_that_is_there_is_never_replaced(owner: User, folder: Path) -> None:
    upload(owner)
    backup(folder)

    with pytest.raises(CommandError, match=r"There is a library here already \(1 photos"):
        call_command("restore", str(folder))
    assert Photo.objects.count() == 1


def test_a_bad_place_for_a_backup_is_refused(owner: User, data: Path, folder: Path, tmp_path: Path) -> None:
    upload(owner)
    for inside in (data / "backup", data, tmp_path):
        with pytest.raises(CommandError, match="lie in each other"):
            backup(inside)
    backup(folder)
    manifest = newest(folder) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"instance": "another"}))
    with pytest.raises(CommandError, match="holds backups of another library"):
        backup(folder)


def test_a_disk_without_room_is_told_before_anything_is_copied(
    owner: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(owner)
    usage = shutil.disk_usage(folder.parent)._replace(free=50_000_000)
    monkeypatch.setattr("gallery.backup.make.shutil.disk_usage", lambda path: usage)

    with pytest.raises(CommandError, match="has 50 MB free: make room"):
        backup(folder)
    assert not (folder / "originals").exists()


def test_purges_wait_for_a_backup_and_a_backup_for_purges(owner: User, folder: Path) -> None:
    photo = upload(owner).photo
    trash_photos(photos=[photo], by=owner)

    with alone():
        Photo.objects.update(trashed_at="2020-01-01T00:00Z")
        assert purge_due() == 0
        with pytest.raises(BackupRuns, match="A backup is being made"):
            purge_now(user=owner, photo_ids=None, count=1)
    assert purge_photo(photo_id=photo.pk)


def test_what_the_library_itself_has_lost_is_told_and_the_rest_is_kept(owner: User, folder: Path) -> None:
    lost, kept = upload(owner).photo, upload(owner).photo
    damage.missing_original(lost)

    with pytest.raises(CommandError, match=f"lacks 1 originals, the first is {lost.stored_sha256}"):
        backup(folder)
    assert read_manifest(newest(folder)).lacking == [lost.stored_sha256]
    assert originals_in(folder) == {kept.stored_sha256}


def test_secrets_are_for_their_owner_alone(owner: User, data: Path, folder: Path) -> None:
    (data / "secret_key").write_text("a key")
    backup(folder)

    snapshot = newest(folder)
    assert (snapshot / "secret_key").read_text() == "a key"
    assert (snapshot / "secret_key").stat().st_mode & 0o777 == 0o600
    assert snapshot.stat().st_mode & 0o777 == 0o700


def test_a_library_in_a_bucket_comes_back_in_a_bucket_with_its_previews(
    owner: User, settings: Settings, folder: Path
) -> None:
    with running_s3_server() as server:
        server.empty()
        use_store(settings, server.storage_url)
        marker.settle()
        furnish(owner)
        backup(folder, "--with-previews")
        empty_library(settings, folder.parent / "new")
        use_store(settings, server.storage_url.replace("/library?", "/other?"))

        assert "0 photos wait for their previews" in restore(folder)
        call_command("fsck", "--hash", stdout=io.StringIO())
        names = {name.partition("/")[2] for name in server.names() if name.startswith("library/")}
        assert names == {name.partition("/")[2] for name in server.names() if name.startswith("other/")}
    assert Group.objects.count() == 1
