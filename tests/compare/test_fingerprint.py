import pytest

from dedup.compare import fingerprint
from dedup.compare.local_features import UnreadableFeaturesError
from dedup.compare.phash import hash_picture
from tests.compare.drawing import DrawnPicture, pixels
from tests.pictures import flat, scene


def test_a_fingerprint_holds_hash_features_and_version() -> None:
    record = fingerprint.compute(DrawnPicture(scene(1)))
    assert record["version"] == fingerprint.VERSION
    assert record["phash"] == hash_picture(pixels(scene(1))).upright
    assert isinstance(record["features"], bytes)
    assert len(record["features"]) <= 16_000
    read = fingerprint.read(record["features"])
    assert read.turned == hash_picture(pixels(scene(1))).turned
    assert read.quality == record["quality"]
    assert len(read.features) == record["feature_count"]


def test_a_dull_picture_has_no_hash_to_be_looked_up_by() -> None:
    record = fingerprint.compute(DrawnPicture(flat((200, 100), (10, 200, 90))))
    assert record["phash"] is None
    assert record["feature_count"] == 0


def test_a_truncated_fingerprint_is_refused() -> None:
    stored = fingerprint.compute(DrawnPicture(scene(1)))["features"]
    assert isinstance(stored, bytes)
    for length in (0, 100, len(stored) - 1):
        with pytest.raises(UnreadableFeaturesError):
            fingerprint.read(stored[:length])
