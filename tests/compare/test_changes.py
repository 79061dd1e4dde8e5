import pytest
from PIL import Image, ImageDraw, ImageFont

from dedup.compare.changes import Changes, Owner, find_changes
from dedup.compare.overlap import Preview, compare_blocks, lay_over
from dedup.compare.turns import TURNS
from tests.compare.drawing import captioned, grey, pixels, recompressed, watermarked, with_ball
from tests.pictures import flat, scene


def _changes(low: Image.Image, high: Image.Image) -> Changes:
    canvas = lay_over(Preview(pixels(low)), Preview(pixels(high)), TURNS[0].relative_affine(), 320)
    assert canvas is not None
    return find_changes(canvas, compare_blocks(canvas))


def _with_text(image: Image.Image, text: str) -> Image.Image:
    result = image.copy()
    font = ImageFont.load_default(size=44)
    ImageDraw.Draw(result).text((60, 40), text, fill="white", font=font, stroke_width=2, stroke_fill="black")
    return result


@pytest.mark.parametrize("seed", range(4))
def test_compression_and_grey_change_nothing(seed: int) -> None:
    picture = scene(seed)
    assert _changes(picture, recompressed(grey(picture), 30)).share == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_caption_is_an_overlay_on_the_picture_that_has_it(seed: int) -> None:
    picture = scene(seed)
    found = _changes(picture, captioned(picture, "lantern in the harbour"))
    assert found.overlay_share == pytest.approx(0.15, abs=0.05)
    assert found.content_share < 0.01
    assert found.overlay_on in (Owner.HIGH, Owner.BOTH)


@pytest.mark.parametrize("seed", range(4))
def test_a_watermark_is_an_overlay(seed: int) -> None:
    picture = scene(seed)
    found = _changes(watermarked(picture), picture)
    assert found.overlay_share > 0
    assert found.content_share < 0.004


@pytest.mark.parametrize("seed", range(4))
def test_other_text_on_one_picture_is_an_overlay(seed: int) -> None:
    picture = scene(seed)
    found = _changes(_with_text(picture, "lantern river"), _with_text(picture, "thunder bridge"))
    assert found.overlay_share > 0
    assert found.content_share < 0.004


@pytest.mark.parametrize("seed", range(4))
def test_a_thing_that_moved_is_other_content(seed: int) -> None:
    picture = scene(seed)
    found = _changes(with_ball(picture, 0.3, 0.6), with_ball(picture, 0.7, 0.55))
    assert found.content_share > 0.02


def test_a_thing_of_one_colour_that_moved_is_no_overlay() -> None:
    low, high = scene(5), scene(5)
    ImageDraw.Draw(low).rectangle((150, 250, 230, 330), fill=(230, 20, 200))
    ImageDraw.Draw(high).rectangle((400, 240, 480, 320), fill=(230, 20, 200))
    found = _changes(low, high)
    assert found.content_share > 0.02
    assert found.overlay_share == 0


def test_pictures_without_anything_in_them_have_no_changes() -> None:
    found = _changes(flat((300, 200), (50, 60, 70)), flat((300, 200), (50, 60, 70)))
    assert found == Changes(0.0, 0.0, None)
