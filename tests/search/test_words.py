"""Trees say themselves in words, and as queries that mean the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gallery.search.grammar import parse
from gallery.search.tree import to_sexp
from gallery.search.vocabulary import EveryWord
from gallery.search.words import chips, in_words, order_choices, to_query

PIECES = [
    *'ab ~-!(){}",&|:=<>.*\\1_é', "or ", "and ", "NOT ", "width:", "id:1,2", "like:", '"x y"', "rating:>3,", "&&", "||",
    "blue sky", ":)", "tag:a", "()", " foo ", " bar", "not", "tag:_", "like:<", "text:", ",=", "\\:",
]  # fmt: skip


class ShortOddWords:
    """Takes single words of one or three characters for tags, so that the rest is described."""

    def find(self, name: str, *, words: int = 1, aliases: bool = True) -> str | None:
        return name if words == 1 and len(name) in {1, 3} else None


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("like:rating:>3,:(")
@example("*\\\\~")
@example("*\\\\*")
@example("*\\")
@example('width:1" c{\\')
@settings(max_examples=1_500, deadline=None)
def test_a_tree_written_as_a_query_parses_to_the_same_tree(text: str) -> None:
    for vocabulary in (EveryWord(), ShortOddWords()):
        tree = parse(text, vocabulary).tree
        again = parse(to_query(tree), vocabulary)
        assert again.tree == tree, (to_sexp(tree), to_query(tree), to_sexp(again.tree))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "all photos"),
        ("holiday", "tag holiday"),
        ("width:>=1920", "width at least 1920"),
        ("width:800..900", "width 800 to 900"),
        ("rating:>3,1", "rating above 3 or 1"),
        ("width:!=5", "width not 5"),
        ("date:<2024", "date below 2024"),
        ("-(a or b)", "not (tag a or tag b)"),
        ("cat_*", "tags like cat_*"),
        ("light~", "tags spelled like light"),
        ('like:"a dog"', "described as “a dog”"),
        ("has:location", "has location"),
        ("user:anna", "uploaded by anna"),
        ("width:x", "nothing, as width:x is not valid"),
        ("similar:12@colour", "similar to photo 12@colour"),
    ],
)
def test_a_tree_says_itself_in_words(text: str, words: str) -> None:
    assert in_words(parse(text, EveryWord()).tree) == words


def test_each_chip_covers_its_place_in_the_text_sign_included() -> None:
    text = "beach -dog width:>5 (a or b)"
    places = [text[chip.start : chip.end] for chip in chips(parse(text, EveryWord()))]
    assert places[:3] == ["beach", "-dog", "width:>5"]
    assert places[3] in "(a or b)"


def test_taking_each_chip_out_leaves_the_others() -> None:
    parsed = parse("beach, -dog width:>5 (a or b) limit:9 ~x ~y", EveryWord())
    made = chips(parsed)
    assert [chip.kind for chip in made] == ["tag", "tag", "field", "group", "group", "control"]
    assert made[1].is_negative
    for chip in made:
        rest = chips(parse(chip.removed, EveryWord()))
        assert [other.text for other in rest] == [other.text for other in made if other is not chip]


def test_switching_a_chip_twice_leads_back() -> None:
    chip = chips(parse("-blue_sky width:>5", EveryWord()))[0]
    assert (chip.switched, chip.switch_to) == ('-like:"blue sky", width:>5', "description")
    back = chips(parse(chip.switched, EveryWord()))[0]
    assert parse(back.switched, EveryWord()).tree == parse("-blue_sky width:>5", EveryWord()).tree


def test_each_order_of_the_menu_asks_for_the_same_photos() -> None:
    parsed = parse("(sea or lake) -dog order:rating limit:9", EveryWord())
    made = order_choices(parsed, is_ranked=False)
    assert [choice.label for choice in made if choice.holds] == ["Best rated first"]
    assert made[0].query == "(sea or lake), -dog, limit:9"
    for choice in made:
        asked = parse(choice.query, EveryWord())
        assert (asked.tree, asked.control("limit"), asked.warnings) == (parsed.tree, "9", ())
    orders = [parse(choice.query, EveryWord()).control("order") for choice in made[1:]]
    assert orders == ["oldest", "rating", "mpixels", "filesize", "unusual", "random"]


def test_what_goes_by_fit_can_go_by_an_order_and_back() -> None:
    made = order_choices(parse("like:boats", EveryWord()), is_ranked=True)
    assert made[0].holds
    assert made[0].query == "like:boats"
    assert made[1].query == "like:boats, order:newest"
    shuffled = order_choices(parse("order:random:7", EveryWord()), is_ranked=False)
    assert [choice.label for choice in shuffled if choice.holds] == ["Shuffled"]
    assert shuffled[0].query == ""
