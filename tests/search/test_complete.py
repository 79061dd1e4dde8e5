"""Completing a query while it is typed."""

import pytest

from gallery.search.complete import FoundName, complete, quoted, token_at

TAGS = [FoundName("sea", 12), FoundName("blue_sky", 3), FoundName("foo_(bar)", 1)]
ALBUMS = [FoundName("Sea 2024", 7)]


def find(kind: str, start: str) -> list[FoundName]:
    names = {"tag": TAGS, "album": ALBUMS}[kind]
    return [name for name in names if name.name.lower().startswith(start.lower())]


def completed(text: str, caret: int | None = None) -> list[str]:
    """The whole query after taking each suggestion."""
    place = len(text) if caret is None else caret
    return [text[: one["start"]] + one["insert"] + text[one["end"] :] for one in complete(text, place, find)]


@pytest.mark.parametrize(
    ("text", "caret", "expected"),
    [
        ("sea boat", 3, "sea"),
        ("sea boat", 8, "boat"),
        ("sea boat", 6, "boat"),
        ("-boat", 5, "boat"),
        ("!boat", 5, "boat"),
        ("(sea", 4, "sea"),
        ("{a ~ b", 6, "b"),
        ("sea,", 4, ""),
        ("", 0, ""),
        ('"blue sk', 8, "blue sk"),
        ('"blue sky" bo', 13, "bo"),
        ("width:>1", 8, "width:>1"),
    ],
)
def test_the_operand_at_the_caret_is_found(text: str, caret: int, expected: str) -> None:
    assert token_at(text, caret).text == expected


def test_a_tag_replaces_the_word_and_leaves_the_rest() -> None:
    assert completed("boat se -people", 7) == ["boat sea  -people"]


def test_a_sign_stays_before_the_tag() -> None:
    assert completed("-se") == ["-sea "]


def test_a_name_that_the_grammar_would_take_apart_is_quoted() -> None:
    assert completed("foo") == ['"foo_(bar)" ']


def test_an_open_quote_is_replaced_as_a_whole() -> None:
    assert completed('boat "blue_s') == ["boat blue_sky "]


def test_fields_are_offered_by_their_beginning() -> None:
    assert "width:" in completed("wid")


def test_values_of_a_field_are_offered_after_its_colon() -> None:
    assert "boat ratio:16:9 " in completed("boat ratio:16")


def test_a_field_that_names_tags_offers_tags() -> None:
    assert completed("tag:blu") == ["tag:blue_sky "]


def test_an_album_with_spaces_is_quoted() -> None:
    assert completed("album:se") == ['album:"Sea 2024" ']


def test_what_is_no_field_is_taken_as_a_tag() -> None:
    assert completed("nofield:x") == []


@pytest.mark.parametrize(
    ("name", "expected"), [("sea", "sea"), ('a"b', '"a\\"b"'), ("-x", '"-x"'), ("a:b", '"a:b"')]
)
def test_names_are_quoted_where_they_must_be(name: str, expected: str) -> None:
    assert quoted(name) == expected
