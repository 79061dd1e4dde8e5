"""A library whose store is marked, in folders of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gallery import marker
from gallery.storage_url import storages_for

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings


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
