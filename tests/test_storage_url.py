"""STORAGE_URL says where photos lie."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from gallery.storage_url import storages_for

DATA = Path("/somewhere")


def test_without_it_photos_lie_in_the_data_folder() -> None:
    found = storages_for("", data=DATA, access_key="", secret_key="")

    assert found["originals"]["BACKEND"] == "gallery.storage.DurableFileStorage"
    assert found["originals"]["OPTIONS"] == {"location": DATA / "originals"}
    assert found["previews"]["OPTIONS"] == {"location": DATA / "previews"}


def test_a_bucket_is_enough() -> None:
    options = storages_for("s3://photos", data=DATA, access_key="", secret_key="")["originals"]["OPTIONS"]

    assert (options["bucket_name"], options["location"]) == ("photos", "originals")
    assert (options["endpoint_url"], options["access_key"], options["addressing_style"]) == (
        None,
        None,
        "auto",
    )


def test_everything_can_be_named() -> None:
    url = "s3://photos/a/b/?endpoint=http://store:9000&region=eu&addressing=path"
    options = storages_for(url, data=DATA, access_key="name", secret_key="secret")["previews"]["OPTIONS"]

    assert options == {
        "bucket_name": "photos",
        "location": "a/b/previews",
        "endpoint_url": "http://store:9000",
        "region_name": "eu",
        "addressing_style": "path",
        "access_key": "name",
        "secret_key": "secret",
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://photos.s3.example.org",
        "s3://",
        "s3:///prefix",
        "s3://photos/with space",
        "s3://photos/%2e%2e",
        "s3://photos?endpoint=store:9000",
        "s3://photos?addressing=sideways",
        "s3://photos?secret=abc",
    ],
)
def test_another_form_stops_the_start_with_the_right_one(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STORAGE_URL must have the form s3://BUCKET"):
        storages_for(url, data=DATA, access_key="", secret_key="")
