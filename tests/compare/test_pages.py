import pytest
from PIL import Image, ImageDraw

from dedup.compare.overlap import Canvas, Preview, lay_over
from dedup.compare.pages import may_be_page, read_page
from dedup.compare.turns import TURNS
from tests.compare.drawing import pixels, recompressed, resized
from tests.pictures import flat, scene, screenshot, text_page


def _canvas(low: Image.Image, high: Image.Image, side_px: int = 640) -> Canvas:
    canvas = lay_over(Preview(pixels(low)), Preview(pixels(high)), TURNS[0].relative_affine(), side_px)
    assert canvas is not None
    return canvas


@pytest.mark.parametrize("draw", [text_page, screenshot])
def test_pages_and_screens_are_told_from_scenes(draw: object) -> None:
    for seed in range(3):
        page = text_page(seed) if draw is text_page else screenshot(seed)
        assert may_be_page(_canvas(page, page, 128))
        assert read_page(_canvas(page, page)) is not None
        assert read_page(_canvas(scene(seed), scene(seed))) is None


def test_a_compressed_page_shows_no_other_text() -> None:
    page = text_page(1)
    read = read_page(_canvas(page, recompressed(resized(page, 0.8), 60)))
    assert read is not None
    assert read.changed_share == 0
    assert read.text


def test_one_other_line_is_noticed_in_one_place() -> None:
    page, other = text_page(1), text_page(1)
    other.paste(text_page(2).crop((0, 334, 600, 364)), (0, 334))
    read = read_page(_canvas(page, other))
    assert read is not None
    assert 0.01 < read.changed_share < 0.2


def test_two_changes_are_not_together() -> None:
    low, high = screenshot(1), screenshot(1)
    for y in (100, 500):
        ImageDraw.Draw(high).text((700, y), "new words here", fill=(20, 20, 20), font_size=24)
    read = read_page(_canvas(low, high))
    assert read is not None
    assert not read.together


def test_a_page_of_other_text_differs_almost_everywhere() -> None:
    read = read_page(_canvas(text_page(1), text_page(2)))
    assert read is not None
    assert read.changed_share > 0.5


def test_a_flat_picture_is_no_page() -> None:
    blank = flat((600, 800), (255, 255, 255))
    assert read_page(_canvas(blank, blank)) is None
