import imagehash
import numpy as np
import pytest
from PIL import Image

from dedup.compare.phash import HASH_BITS, hamming, hash_picture, turn_distances
from dedup.compare.turns import TURNS
from tests.compare.drawing import brighter, pixels, recompressed, resized
from tests.pictures import flat, gradient, noise, scene, screenshot, text_page

PICTURES = {
    **{f"scene {seed}": scene(seed) for seed in range(12)},
    "tall scene": scene(20, (300, 700)),
    "large scene": scene(21, (1500, 1000)),
    "tiny scene": scene(22, (40, 30)),
    "page": text_page(1),
    "screen": screenshot(1),
    "noise": noise(1, (200, 120)),
    "gradient": gradient((400, 300), (10, 20, 30), (200, 180, 90)),
    "flat": flat((300, 200), (120, 130, 140)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_hash_equals_that_of_the_imagehash_library(name: str) -> None:
    rgb = pixels(PICTURES[name])
    expected = imagehash.phash(Image.fromarray(rgb), hash_size=16)
    assert hash_picture(rgb).upright == np.packbits(expected.hash).tobytes()


@pytest.mark.parametrize("number", range(1, 8))
def test_hashes_of_turns_are_those_of_the_turned_picture_within_few_bits(number: int) -> None:
    for seed in range(6):
        rgb = pixels(scene(seed))
        turned = np.ascontiguousarray(TURNS[number].picture(rgb))
        assert hamming(hash_picture(rgb).turned[number], hash_picture(turned).upright) <= 4


def test_a_shrunk_and_compressed_copy_has_nearly_the_same_hash() -> None:
    original = scene(3)
    copy = brighter(recompressed(resized(original, 0.5), 40), 1.1)
    distances = turn_distances(hash_picture(pixels(original)).turned, hash_picture(pixels(copy)).upright)
    assert distances[0] <= 20
    assert min(distances[1:]) > 60


def test_different_scenes_have_far_hashes() -> None:
    hashes = [hash_picture(pixels(scene(seed))).upright for seed in range(8)]
    assert min(hamming(one, other) for one in hashes for other in hashes if one is not other) > 60


@pytest.mark.parametrize("name", ["gradient", "flat"])
def test_smooth_pictures_are_dull(name: str) -> None:
    assert hash_picture(pixels(PICTURES[name])).dull


@pytest.mark.parametrize("name", ["scene 1", "page", "screen", "noise"])
def test_pictures_with_content_are_not_dull(name: str) -> None:
    assert not hash_picture(pixels(PICTURES[name])).dull


def test_black_and_white_hashes_are_as_far_as_can_be() -> None:
    assert hamming(bytes(32), bytes([255]) * 32) == HASH_BITS


def test_hashes_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="8 and 32 bytes"):
        hamming(bytes(8), bytes(32))
