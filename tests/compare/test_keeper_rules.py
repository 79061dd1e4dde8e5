"""Rules by which photos are kept, as texts."""

import pytest

from dedup.compare.keeper_rules import (
    DEFAULT_RULES,
    RULES_MAX,
    BadRules,
    Criterion,
    Preference,
    Trait,
    read_rule,
    read_rules,
    text_of,
)

USUAL = [text_of(rule) for rule in DEFAULT_RULES]


def test_the_usual_rules_are_all_criteria_detail_first() -> None:
    assert USUAL == ["detail", "whole", "unedited", "compression", "size", "metadata", "date"]
    assert read_rules(USUAL) == DEFAULT_RULES


@pytest.mark.parametrize("text", ["format:png", "album:Lisbon 2019", "folder:2019/Rome", "uploader:mira"])
def test_a_preference_comes_back_as_it_was_written(text: str) -> None:
    assert text_of(read_rule(text)) == text


def test_names_are_tidied() -> None:
    assert read_rule("format:JPG") == Preference(Trait.FORMAT, "jpeg")
    assert read_rule("folder:/2019/Rome/") == Preference(Trait.FOLDER, "2019/Rome")
    assert read_rule("album:  My   trip ") == Preference(Trait.ALBUM, "My trip")
    assert read_rule("album:a:b") == Preference(Trait.ALBUM, "a:b")


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (USUAL[1:], "missing: detail"),
        ([*USUAL, "date"], "twice"),
        ([*USUAL, "format:png", "format:PNG"], "twice"),
        ([*USUAL, "beauty"], "beauty"),
        ([*USUAL, "camera:Leica"], "camera"),
        ([*USUAL, "format:bmp"], "bmp"),
        ([*USUAL, "album:"], "album:name"),
        ([*USUAL, "album:" + "x" * 256], "too long"),
        ([*USUAL, "album:a\0b"], "NUL"),
        ([*USUAL, *(f"album:{number}" for number in range(RULES_MAX))], f"{RULES_MAX} rules"),
    ],
)
def test_rules_that_cannot_be_used_say_why(texts: list[str], word: str) -> None:
    with pytest.raises(BadRules, match=word):
        read_rules(texts)


def test_every_rule_has_words() -> None:
    assert {criterion.words for criterion in Criterion} >= {"shows the most detail", "is the earliest"}
    assert Preference(Trait.FORMAT, "webp").words == "is a WebP file"
