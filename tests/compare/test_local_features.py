import numpy as np
import pytest
from numpy.typing import NDArray

from dedup.compare.local_features import (
    FRAME_SIDE_PX,
    GRID_CELLS,
    POINTS_MAX,
    LocalFeatures,
    UnreadableFeaturesError,
    extract,
    pack,
    unpack,
    words,
)
from tests.compare.drawing import grey, pixels, recompressed, resized
from tests.pictures import flat, noise, scene


def _near_codes(one: LocalFeatures, other: LocalFeatures, within_px: float = 1.5) -> NDArray[np.float64]:
    """Code distances (bits) of points that lie on the same spot in both."""
    away = np.hypot(*(one.xy[:, None] - other.xy[None]).transpose(2, 0, 1))
    bits = np.bitwise_count(one.codes[:, None] ^ other.codes[None]).sum(axis=2)
    best = np.where(away <= within_px, bits, 999).min(axis=1)
    return np.asarray(best[best < 999], np.float64)


def test_points_are_many_but_not_more_than_allowed_and_lie_in_the_frame() -> None:
    features = extract(pixels(scene(1)))
    assert 200 <= len(features) <= POINTS_MAX
    assert max(features.width, features.height) == FRAME_SIDE_PX
    assert (features.xy >= 0).all()
    assert (features.xy < (features.width, features.height)).all()


def test_points_are_spread_over_the_whole_picture() -> None:
    features = extract(pixels(noise(1, (80, 60)).resize((640, 480))))
    cells = (features.xy / (features.width, features.height) * GRID_CELLS).astype(int)
    assert len(np.unique(cells, axis=0)) == GRID_CELLS * GRID_CELLS


def test_a_flat_picture_has_no_points() -> None:
    features = extract(pixels(flat((300, 200), (90, 90, 90))))
    assert len(features) == 0
    assert len(words(features)) == 0
    assert len(unpack(pack(features))) == 0


def test_a_tiny_picture_is_enlarged_but_not_beyond_twice() -> None:
    assert extract(pixels(scene(1, (60, 40)))).width == 120


def test_packed_features_are_small_and_read_back_the_same() -> None:
    features = extract(pixels(scene(2)))
    packed = pack(features)
    again = unpack(packed)
    assert len(packed) <= 16_000
    assert (again.codes == features.codes).all()
    assert np.abs(again.xy - features.xy).max() <= 1 / 64
    turned = np.angle(np.exp(1j * (again.angle - features.angle)))
    assert np.abs(turned).max() <= np.pi / 256 + 1e-6
    assert np.abs(again.size / features.size - 1).max() < 0.02
    assert pack(again) == packed


@pytest.mark.parametrize(
    "broken", [b"", b"\x09\x00\x01\x00\x01\x00\x00\x00", pack(extract(pixels(scene(2))))[:-1]]
)
def test_features_of_another_layout_are_refused(broken: bytes) -> None:
    with pytest.raises(UnreadableFeaturesError):
        unpack(broken)


def test_the_mirrored_view_equals_the_features_of_the_mirrored_picture() -> None:
    rgb = pixels(scene(3))
    derived = extract(rgb).mirrored()
    extracted = extract(np.ascontiguousarray(rgb[:, ::-1]))
    bits = _near_codes(derived, extracted)
    assert len(bits) >= 0.75 * len(derived)
    assert np.median(bits) <= 3


def test_mirroring_twice_changes_nothing_but_full_turns() -> None:
    features = extract(pixels(scene(3)))
    again = features.mirrored().mirrored()
    assert (again.codes == features.codes).all()
    assert np.allclose(again.xy, features.xy)
    assert np.allclose(again.angle, features.angle, atol=1e-5)


def test_codes_survive_shrinking_grey_and_compression() -> None:
    original = scene(4)
    copy = recompressed(grey(resized(original, 0.7)), 60)
    bits = _near_codes(extract(pixels(original)), extract(pixels(copy)))
    assert len(bits) >= 100
    assert np.median(bits) <= 14


def test_a_copy_shares_many_words_and_another_scene_hardly_any() -> None:
    original = scene(5)
    mine = set(words(extract(pixels(original))).tolist())
    copy = set(words(extract(pixels(recompressed(resized(original, 0.6), 60)))).tolist())
    other = set(words(extract(pixels(scene(6)))).tolist())
    assert len(mine & copy) >= 30
    assert len(mine & other) <= 3


def test_words_are_sorted_distinct_and_fit_24_bits() -> None:
    found = words(extract(pixels(scene(5))))
    assert found.dtype == np.int32
    assert (np.diff(found) > 0).all()
    assert found.min() >= 0
    assert found.max() < 2**24


def test_extraction_is_repeatable() -> None:
    rgb = pixels(scene(7))
    assert pack(extract(rgb)) == pack(extract(rgb))
