"""A library whose store is marked, in folders of its own; a plugin, so that its fixtures are there for all."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from gallery import marker
from gallery.models import User
from gallery.storage_url import storages_for
from tests.factories import make_user


def use_data_folder(settings: Settings, data: Path) -> None:
    """Let the library of this test keep its files below `data`, as after a first start there."""
    settings.GALLERY_DATA = data
    settings.UPLOAD_TEMP_DIR = data / "originals" / "incoming"
    settings.STORAGES = {
        **settings.STORAGES,
        **storages_for("", data=data, access_key="", secret_key=""),
    }
    data.mkdir(exist_ok=True)
    marker.settle()


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """The data folder of a marked library."""
    folder = tmp_path / "data"
    use_data_folder(settings, folder)
    return folder


@pytest.fixture
def owner(data: Path) -> User:
    """Who uploads to the marked library."""
    return make_user("anna")
