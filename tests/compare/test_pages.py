from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from dedup.compare.finding import Kind
from dedup.compare.overlap import Canvas, Preview, lay_over
from dedup.compare.pages import may_be_page, read_page
from dedup.compare.turns import TURNS
from dedup.compare.verdict import Verdict
from tests.compare.drawing import captioned, grey, pixels, recompressed, resized, verdict, watermarked
from tests.pictures import WORDS, flat, scene, screenshot, text_page


def _canvas(low: Image.Image, high: Image.Image, side_px: int = 640) -> Canvas:
    canvas = lay_over(Preview(pixels(low)), Preview(pixels(high)), TURNS[0].relative_affine(), side_px)
    assert canvas is not None
    return canvas


def _written(picture: Image.Image, text: str, y: int, x: int = 880) -> Image.Image:
    result = picture.copy()
    ImageDraw.Draw(result).text((x, y), text, fill="black", font_size=20)
    return result


def _drawing(seed: int) -> Image.Image:
    """A line drawing on white: loops and strokes in all directions."""
    random = np.random.default_rng(seed)
    picture = flat((600, 500), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = random.uniform(60, 480), random.uniform(110, 330)
        wide, tall = random.uniform(30, 120, 2)
        start, end = sorted(random.uniform(0, 700, 2))
        draw.arc((x, y, x + wide, y + tall), start, end, fill=(20, 20, 20), width=4)
        draw.line((x, y, x + random.uniform(-80, 80), y + random.uniform(20, 90)), fill=(20, 20, 20), width=3)
    return picture


def _outlined(picture: Image.Image, text: str) -> Image.Image:
    result = picture.copy()
    font = ImageFont.load_default(size=44)
    place = picture.width / 2, 20
    ImageDraw.Draw(result).text(
        place, text, fill="white", font=font, anchor="ma", stroke_width=3, stroke_fill="black"
    )
    return result


def _table(seed: int, other: str = "") -> Image.Image:
    """Rows of words between lines; `other` stands for one of them."""
    random = np.random.default_rng(seed)
    picture = flat((720, 540), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    for row in range(13):
        draw.line((30, 40 + 36 * row, 690, 40 + 36 * row), fill=(200, 203, 210))
        for column in range(4):
            word = str(random.choice(WORDS))
            text = other if other and (row, column) == (6, 2) else word
            draw.text((40 + 165 * column, 48 + 36 * row), text, fill=(30, 30, 36), font_size=18)
    return picture


def _colour_chart(seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    picture = flat((580, 400), (24, 24, 26))
    draw = ImageDraw.Draw(picture)
    for place in range(15):
        left, top = 25 + 110 * (place % 5), 25 + 120 * (place // 5)
        red, green, blue = (int(level) for level in random.integers(0, 256, 3))
        draw.rectangle((left, top, left + 92, top + 92), fill=(red, green, blue))
    draw.text((30, 378), "lantern orchard", fill=(210, 210, 210))
    return picture


def _held(page: Image.Image, turn: float) -> Image.Image:
    """The page seen so far from the right, as a share of its width that the far side loses."""
    width, height = page.size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = corners + np.array(
        [(0, 0), (-turn * width, turn * height), (-turn * width, -turn * height), (0, 0)], np.float32
    )
    warp = cv2.getPerspectiveTransform(corners, seen)
    shot = cv2.warpPerspective(np.asarray(page), warp, page.size, borderMode=cv2.BORDER_REPLICATE)
    return Image.fromarray(np.asarray(shot, np.uint8))


def _is_copy(found: Verdict | None) -> bool:
    return found is not None and found.kind is not Kind.NEAR_SHOT


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


@pytest.mark.parametrize(("y", "is_clock"), [(8, True), (300, False), (576, True)])
def test_only_at_the_top_or_bottom_a_small_change_is_a_clock(y: int, is_clock: bool) -> None:
    read = read_page(_canvas(*(_written(screenshot(1), "12:41", y), _written(screenshot(1), "17:58", y))))
    assert read is not None
    assert 0 < read.changed_share < 0.01
    assert read.clock is is_clock


def test_two_small_changes_are_no_clock() -> None:
    low, high = screenshot(1), screenshot(1)
    for x in (300, 880):
        low, high = _written(low, "12:41", 8, x), _written(high, "17:58", 8, x)
    read = read_page(_canvas(low, high))
    assert read is not None
    assert not read.clock


def test_a_page_of_other_text_differs_almost_everywhere() -> None:
    read = read_page(_canvas(text_page(1), text_page(2)))
    assert read is not None
    assert read.changed_share > 0.5


def test_a_caption_over_a_screen_is_lettering_and_other_rows_are_not() -> None:
    plain = screenshot(3)
    captioned_one = read_page(_canvas(plain, captioned(plain, "lantern in the harbour")))
    other = read_page(_canvas(plain, screenshot(4)))
    assert captioned_one is not None
    assert other is not None
    assert captioned_one.lettering
    assert not other.lettering


@pytest.mark.parametrize(
    "change", [lambda image: resized(image, 0.5), lambda image: recompressed(image, 30), grey]
)
@pytest.mark.parametrize("draw", [_drawing, _table, _colour_chart])
def test_copies_of_flat_pictures_are_found(
    draw: Callable[[int], Image.Image], change: Callable[[Image.Image], Image.Image]
) -> None:
    found = verdict(draw(1), change(draw(1)))
    assert found is not None
    assert found.kind in (Kind.SAME_PICTURE, Kind.EDITED)


def test_one_drawn_template_with_other_text_is_edited() -> None:
    first, second = _outlined(_drawing(1), "LANTERN HARBOUR"), _outlined(_drawing(1), "WINTER GARDEN")
    for low, high in ((_drawing(1), first), (first, second), (second, recompressed(resized(first, 0.7), 60))):
        found = verdict(low, high)
        assert found is not None
        assert found.kind is Kind.EDITED


def test_other_drawings_with_the_same_text_are_no_pair() -> None:
    assert verdict(_outlined(_drawing(1), "LANTERN"), _outlined(_drawing(2), "LANTERN")) is None


def test_a_table_with_one_other_value_is_no_copy() -> None:
    assert not _is_copy(verdict(_table(1), _table(1, other="meadow")))


def test_a_colour_chart_with_other_colours_is_no_copy() -> None:
    assert not _is_copy(verdict(_colour_chart(1), _colour_chart(2)))


def test_two_shots_of_one_page_are_no_copies() -> None:
    page = screenshot(5)
    assert not _is_copy(verdict(_held(page, 0.0), _held(page, 0.02)))
    assert _is_copy(verdict(_held(page, 0.0), _held(page, 0.0)))


def test_a_watermark_over_a_chart_is_an_edit_and_a_line_that_went_is_none() -> None:
    chart = _colour_chart(1)
    page = read_page(_canvas(chart, watermarked(chart)))
    assert page is not None and page.veiled
    found = verdict(chart, watermarked(chart))
    assert found is not None and found.kind is Kind.EDITED
    for one, other in ((_table(1), _table(1, "917")), (text_page(1), text_page(2))):
        page = read_page(_canvas(one, other))
        assert page is not None and page.changed_share > 0 and not page.veiled


def test_a_flat_picture_is_no_page() -> None:
    blank = flat((600, 800), (255, 255, 255))
    assert read_page(_canvas(blank, blank)) is None
