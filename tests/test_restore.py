"""`manage.py restore`: the library as it was at one moment, in another database and folder."""

import gzip
import hashlib
import io
import json
import os
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
from gallery.backup.manifest import BackupFolder, read_manifest, table_path
from gallery.embedded import database_url, redis_url
from gallery.models import Album, ApiTokenScope, Embedding, Photo, Role, User
from gallery.originals import original_name
from gallery.tags import add_tags
from gallery.tokens import create_token
from gallery.trash import trash_photos
from tests.backups import backup, empty_library, newest, restore
from tests.dedup.rows import match
from tests.environment import REPOSITORY
from tests.factories import unique_jpeg, upload
from tests.live import PATIENCE_S
from tests.s3_server import running_s3_server
from tests.test_s3 import use_store

pytestmark = pytest.mark.django_db(transaction=True)


NEVER_BACKED_UP = "SELECT relname FROM pg_class WHERE relname LIKE 'embedding_hnsw%'"


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
            timeout=PATIENCE_S,
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


def test_a_library_comes_back_whole_from_a_backup_made_while_photos_arrive(
    owner: User, backups: Path, elsewhere: Elsewhere
) -> None:
    owner.role = Role.ADMIN  # may look at every page that is asked for in the end
    owner.save()
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
        backup(backups)
    finally:
        enough.set()
        for sender in senders:
            sender.join()
    manifest = read_manifest(newest(backups))
    assert manifest.lacking == []

    assert Photo.objects.count() > manifest.originals

    restored = elsewhere.run("restore", str(backups))
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


def test_a_corrupt_backup_is_refused_before_anything_is_changed(
    owner: User, backups: Path, settings: Settings, tmp_path: Path
) -> None:
    photo = upload(owner).photo
    backup(backups)
    snapshot = newest(backups)
    users = table_path(snapshot, "gallery_user")
    sound = users.read_bytes()
    empty_library(settings, tmp_path / "new")

    users.write_bytes(gzip.compress(gzip.decompress(sound).replace(b"anna", b"anne")))
    with pytest.raises(CommandError, match=r"gallery_user\.tsv\.gz has changed"):
        restore(backups)

    users.write_bytes(sound)
    copy = Path(BackupFolder(backups).originals.path(original_name(photo.stored_sha256)))
    copy.write_bytes(b"x" * photo.file_size)
    with pytest.raises(CommandError, match="1 originals are missing or changed"):
        restore(backups)
    assert not User.objects.exists()


def test_a_backup_of_a_newer_program_is_refused(
    owner: User, backups: Path, settings: Settings, tmp_path: Path
) -> None:
    backup(backups)
    empty_library(settings, tmp_path / "new")
    path = newest(backups) / "manifest.json"
    values = json.loads(path.read_text())

    path.write_text(json.dumps(values | {"migrations": [*values["migrations"], ["gallery", "9999_later"]]}))
    with pytest.raises(CommandError, match="made by a newer version of Likeness"):
        restore(backups)
    path.write_text(json.dumps(values | {"format": 2}))
    with pytest.raises(CommandError, match="has format 2"):
        restore(backups)
    path.write_text("half a manif")
    with pytest.raises(CommandError, match="cannot be understood"):
        restore(backups)


# What the present program has that an older one, before these migrations, had not.
NEWER_MIGRATIONS = {"gallery": "0008", "dedup": "0002"}
NEWER_TABLES = {
    "gallery_originalcheck",
    "gallery_neighbourcheck",
    "dedup_kindsetting",
    "dedup_keeperrules",
    "dedup_freshword",
    "dedup_hashentry",
    "dedup_groupclaim",
    "dedup_reviewvisit",
    "dedup_bulkdecision",
}
NEWER_COLUMNS = {
    "gallery_photo": {
        *("saved_bytes", "optimise_version", "filled_share", "border", "quality_version"),
        "unusual",
    },
    "dedup_fingerprint": {"looked_by", "refused"},
    "dedup_resolution": {"why", "bulk_id"},
}


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
    owner: User, backups: Path, elsewhere: Elsewhere
) -> None:
    upload(owner)
    backup(backups)
    path = newest(backups) / "manifest.json"
    values = json.loads(path.read_text())
    older = [(app, name) for app, name in values["migrations"] if name < NEWER_MIGRATIONS.get(app, "x")]
    tables = [table for table in values["tables"] if table["name"] not in NEWER_TABLES]
    for name, columns in NEWER_COLUMNS.items():
        take_out_columns(newest(backups), tables, name, columns)
    assert len(older) < len(values["migrations"])
    path.write_text(json.dumps(values | {"migrations": older, "tables": tables}))
    # As an interrupted first start may have left it.
    elsewhere.change(
        "CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz);"
        "INSERT INTO django_migrations (app, name, applied) VALUES ('contenttypes', '0001_initial', now());"
    )

    done = elsewhere.run("restore", str(backups))

    assert done.returncode == 0, done.stderr
    assert elsewhere.rows("SELECT username FROM gallery_user") == [("anna",)]
    assert elsewhere.count("gallery_originalcheck") == 0
    names = [
        list(row) for row in elsewhere.rows("SELECT app, name FROM django_migrations ORDER BY app, name")
    ]
    assert names == values["migrations"]


def test_a_library_that_is_there_is_never_replaced(owner: User, backups: Path) -> None:
    upload(owner)
    backup(backups)

    with pytest.raises(CommandError, match=r"There is a library here already \(1 photos"):
        call_command("restore", str(backups))
    assert Photo.objects.count() == 1


def test_a_library_in_a_bucket_comes_back_in_a_bucket_with_its_previews(
    owner: User, settings: Settings, backups: Path
) -> None:
    with running_s3_server() as server:
        server.empty()
        use_store(settings, server.storage_url)
        marker.settle()
        furnish(owner)
        backup(backups, "--with-previews")
        empty_library(settings, backups.parent / "new")
        use_store(settings, server.storage_url.replace("/library?", "/other?"))

        assert "0 photos wait for their previews" in restore(backups)
        call_command("fsck", "--hash", stdout=io.StringIO())
        names = {name.partition("/")[2] for name in server.names() if name.startswith("library/")}
        assert names == {name.partition("/")[2] for name in server.names() if name.startswith("other/")}
    assert Group.objects.count() == 1
