"""Words from strangers' files."""

from hypothesis import given
from hypothesis import strategies as st

from gallery.imaging.text import clean_text, decoded_text


def test_nul_and_other_controls_are_dropped_and_lines_kept() -> None:
    assert clean_text("a\x00b\x1b[31mc\r\nd\te", limit_characters=50) == "ab[31mc\nd\te"


def test_direction_overrides_and_lone_surrogates_are_dropped() -> None:
    assert clean_text("photo\u202egnp.exe \ud800", limit_characters=50) == "photognp.exe"


def test_text_is_composed_and_cut() -> None:
    assert clean_text("Cre\u0301mieux", limit_characters=50) == "Crémieux"
    assert clean_text("x" * 10_000_000, limit_characters=7) == "x" * 7


def test_bytes_are_utf_8_where_they_can_be_and_latin_1_otherwise() -> None:
    assert decoded_text("Crémieux".encode(), limit_characters=50) == "Crémieux"
    assert decoded_text("Crémieux".encode("latin-1"), limit_characters=50) == "Crémieux"
    assert decoded_text(b"Canon\x00rubbish", limit_characters=50) == "Canon"


def test_utf_8_that_is_cut_inside_a_character_stays_utf_8() -> None:
    assert decoded_text("é".encode() * 100, limit_characters=3) == "ééé"


@given(st.binary(max_size=400), st.integers(1, 60))
def test_whatever_comes_in_can_be_stored(content: bytes, limit: int) -> None:
    text = decoded_text(content, limit_characters=limit)
    assert len(text) <= limit
    assert "\x00" not in text
    text.encode("utf-8")
