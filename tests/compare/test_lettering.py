import numpy as np
from PIL import Image, ImageDraw

from dedup.compare.lettering import lettering, rows_of_letters
from tests.pictures import flat


def _with_text(text: str, fill: str, ground: tuple[int, int, int]) -> Image.Image:
    picture = flat((640, 480), ground)
    ImageDraw.Draw(picture).text((100, 200), text, fill=fill, font_size=40)
    return picture


def test_black_and_white_letters_make_a_row() -> None:
    for fill, ground in (("black", (240, 240, 240)), ("white", (30, 60, 140))):
        rows = [
            row
            for row in rows_of_letters(np.asarray(_with_text("LANTERN", fill, ground)))
            if row.letters >= 5
        ]
        assert len(rows) == 1
        (row,) = rows
        assert row.letters == 7
        assert 95 <= row.left < row.right <= 320
        assert 200 <= row.top < row.bottom <= 250
        assert 24 <= row.letter_px <= 36


def test_two_lines_are_two_rows() -> None:
    picture = _with_text("lantern", "black", (250, 250, 250))
    ImageDraw.Draw(picture).text((100, 300), "harbour", fill="black", font_size=40)
    assert len([row for row in rows_of_letters(np.asarray(picture)) if row.letters >= 5]) == 2


def test_what_is_no_row_of_like_shapes_has_no_letters() -> None:
    picture = flat((640, 480), (250, 250, 250))
    draw = ImageDraw.Draw(picture)
    for x, y, side in ((50, 50, 20), (200, 300, 90), (420, 120, 50)):
        draw.rectangle((x, y, x + side, y + side), fill="black")
    assert rows_of_letters(np.asarray(picture)) == []


def test_lettering_covers_the_letters_and_their_bar_but_not_what_is_far_off() -> None:
    picture = flat((640, 480), (90, 140, 60))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 180, 640, 270), fill="white")
    draw.text((100, 200), "LANTERN", fill="black", font_size=40)
    pixels = np.asarray(picture)
    covered = lettering(pixels, [row for row in rows_of_letters(pixels) if row.letters >= 5])
    assert covered[225, 110]
    assert covered[225, 600]
    assert not covered[225 + 150, 110]
    assert not covered[20, 600]
