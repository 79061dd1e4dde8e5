"""ThumbHash against the package for Python, where that is right: pictures without alpha."""

import numpy as np
import pytest
from thumbhash import rgba_to_thumb_hash, thumb_hash_to_average_rgba

from gallery.imaging.thumbhash import thumbhash
from tests.pictures import flat, gradient, scene, sticker


def rgba(image: object) -> np.ndarray:
    return np.asarray(image.convert("RGBA"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(48, 36), (36, 48), (40, 40), (64, 9), (3, 64)])
def test_it_equals_the_reference(size: tuple[int, int]) -> None:
    for picture in (scene(5, size), gradient(size, (250, 120, 10), (10, 40, 90))):
        width, height = size
        pixels = rgba(picture)
        reference = bytes(rgba_to_thumb_hash(width, height, pixels.flatten().tolist()))
        mine = thumbhash(pixels)
        assert len(mine) == len(reference)
        # Sums in another order may round one nibble to its neighbour.
        nibbles = [(value & 15, value >> 4) for value in mine[5:]]
        expected = [(value & 15, value >> 4) for value in reference[5:]]
        assert mine[:5] == reference[:5]
        assert np.abs(np.subtract(nibbles, expected)).max() <= 1


def test_it_keeps_the_average_colour_of_a_flat_picture() -> None:
    average = thumb_hash_to_average_rgba(list(thumbhash(rgba(flat((20, 20), (200, 100, 50))))))
    assert [round(part * 255) for part in average] == pytest.approx([200, 100, 50, 255], abs=6)


def test_alpha_is_marked_and_measured() -> None:
    packed = thumbhash(rgba(sticker(2, (60, 60))))
    assert packed[2] & 0x80
    covered = np.asarray(sticker(2, (60, 60)).getchannel("A")).mean() / 255
    assert (packed[5] & 15) / 15 == pytest.approx(covered, abs=0.05)


def test_an_invisible_picture_has_a_hash_too() -> None:
    assert len(thumbhash(np.zeros((10, 10, 4), np.uint8))) > 5
