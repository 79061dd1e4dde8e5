"""Files appear whole or not at all."""

import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile

from gallery.storage import BrokenWrite, DerivedFileStorage, DurableFileStorage, StorageFull


@pytest.fixture
def durable(tmp_path: Path) -> DurableFileStorage:
    return DurableFileStorage(tmp_path / "store")


def test_a_saved_file_is_read_back_equal(durable: DurableFileStorage) -> None:
    durable.save("ab/cd/name", ContentFile(b"content" * 100_000))

    with durable.open("ab/cd/name") as file:
        assert file.read() == b"content" * 100_000


def test_a_second_save_replaces_the_whole_file(tmp_path: Path) -> None:
    store = DerivedFileStorage(tmp_path)
    store.save("name", ContentFile(b"a long first version"))
    store.save("name", ContentFile(b"short"))

    with store.open("name") as file:
        assert file.read() == b"short"
    assert [file.name for file in tmp_path.iterdir()] == ["name"]


def test_what_does_not_read_back_as_written_is_not_published(
    durable: DurableFileStorage, tmp_path: Path
) -> None:
    temporary = tmp_path / "received"
    temporary.write_bytes(b"rotten")

    with pytest.raises(BrokenWrite):
        durable.publish(temporary, tmp_path / "store" / "final", hashlib.sha256(b"sound").hexdigest())

    assert not (tmp_path / "store" / "final").exists()


def test_a_full_disk_leaves_nothing_behind(
    durable: DurableFileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # /dev/full answers every write as a full disk does.
    def full_file(**kwargs: object) -> tuple[int, str]:
        return os.open("/dev/full", os.O_WRONLY), str(tmp_path / "temporary")

    monkeypatch.setattr(tempfile, "mkstemp", full_file)

    with pytest.raises(StorageFull):
        durable.save("name", ContentFile(b"content"))

    assert not (tmp_path / "store" / "name").exists()


def test_a_name_that_leaves_the_store_is_refused(durable: DurableFileStorage) -> None:
    with pytest.raises(SuspiciousFileOperation):
        durable.open("../outside")
