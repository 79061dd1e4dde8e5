"""The query language: what texts parse to."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.search import values
from gallery.search.grammar import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, Parsed, parse
from gallery.search.syntax import CHOICES, FIELDS, FieldSyntax
from gallery.search.tree import to_sexp
from gallery.search.vocabulary import EveryWord

CASES = json.loads((Path(__file__).parents[1] / "data" / "query_cases.json").read_text())

# The fields that the app for duplicates adds, so that the grammar is tested without it.
WITH_COPIES = FIELDS | {
    "dupes": FieldSyntax("dupes", values.number, "copies", "a number", ordered=True),
    "has": FieldSyntax("has", values.choice(CHOICES["has"] | {"dupes"}, "known"), "has", "tags"),
}


class NoTags:
    """A library without tags."""

    def find(self, name: str, *, words: int = 1, aliases: bool = True) -> str | None:
        return None


def read(text: str) -> Parsed:
    return parse(text, EveryWord(), WITH_COPIES)


def read_untagged(text: str) -> Parsed:
    return parse(text, NoTags())


def sexp(text: str) -> str:
    return to_sexp(read(text).tree)


@pytest.mark.parametrize("case", CASES, ids=[case["query"] for case in CASES])
def test_it_parses_the_reference_cases(case: dict[str, Any]) -> None:
    parsed = read(case["query"])
    assert to_sexp(parsed.tree) == case["ast"]
    assert [warned.message for warned in parsed.warnings] == case["warnings"]
    assert [[control.name, control.value] for control in parsed.controls] == case["controls"]


def test_there_are_as_many_reference_cases_as_the_specification_has() -> None:
    assert len(CASES) == 54


FRAGMENTS = [
    *'ab ~-!(){}",&|:=<>.*\\12\t_\x00\ud800é\U0001f600',
    "or ", "and ", "NOT ", "width:", "id:1,2", "like:", '"x y"', "order:", "rating:>3,", "&&", "||", "blue sky",
    ":)", "tag:a", "()", "\\\\", "..", "colour:", "similar:1@",
]  # fmt: skip


@pytest.mark.slow
def test_200_000_random_strings_neither_crash_nor_hang() -> None:
    source = random.Random(20_000)
    slowest = 0.0
    for _ in range(200_000):
        text = "".join(source.choices(FRAGMENTS, k=source.randrange(8)))
        before = time.thread_time()
        parse(text, EveryWord())
        slowest = max(slowest, time.thread_time() - before)
    assert slowest < 1


@given(st.text(max_size=300))
@settings(max_examples=500, deadline=None)
def test_any_text_parses_to_a_tree_that_can_be_written_down(text: str) -> None:
    for parsed in (read(text), read_untagged(text)):
        to_sexp(parsed.tree).encode()  # neither half a surrogate pair
        assert "\x00" not in to_sexp(parsed.tree)  # nor NUL gets through
        assert all(0 <= warned.position <= len(text) for warned in parsed.warnings)


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        "{",
        "-",
        '"',
        "\\",
        ",",
        "~",
        "a ",
        "or ",
        "NOT ",
        "(a ",
        "(-",
        "id:1,",
        "a&",
        "1",
        "width:",
        "()",
    ],
)
def test_the_time_for_a_long_text_is_bounded(piece: str) -> None:
    text = (piece * MAX_LENGTH)[: MAX_LENGTH + 1]
    started = time.thread_time()
    read_untagged(text)
    assert time.thread_time() - started < 2


def test_100_terms_parse_in_under_5_ms() -> None:
    text = " ".join(f"word{number}" for number in range(MAX_TERMS))
    times = []
    for _ in range(20):
        started = time.thread_time()
        parse(text, EveryWord())
        times.append(time.thread_time() - started)
    assert min(times) < 0.005


# --- limits


def test_it_reads_the_first_2_000_characters_and_says_so() -> None:
    parsed = read("a" * 2_500)
    assert [tuple(warned) for warned in parsed.warnings] == [
        ("only the first 2,000 characters were read", 2_000)
    ]
    assert to_sexp(parsed.tree) == "a" * 2_000


def test_it_reads_the_first_100_terms_and_says_so() -> None:
    parsed = read("(" + " ".join(f"t{number}" for number in range(150)))
    assert [warned.message for warned in parsed.warnings] == ["only the first 100 terms were read"]
    assert to_sexp(parsed.tree).count("t") == 100


def test_groups_nest_30_deep_and_deeper_ones_are_read_as_one() -> None:
    deep = MAX_DEPTH + 5
    parsed = read("(" * deep + "a or b" + ")" * deep + " c")
    assert to_sexp(parsed.tree) == "(and (or a b) c)"
    assert [warned.message for warned in parsed.warnings] == ["groups deeper than 30 are read as one"]


# --- tags and descriptions


def test_unknown_words_are_gathered_into_one_description_in_order() -> None:
    parsed = parse("dog on blue sky a beach width:>5", Known("blue_sky"))
    assert to_sexp(parsed.tree) == '(and (describe "dog on a beach") blue_sky (width > 5))'


class Known:
    """A library with these tags, and aliases for them."""

    def __init__(self, *names: str, **aliases: str) -> None:
        self.names = names
        self.aliases = aliases

    def find(self, name: str, *, words: int = 1, aliases: bool = True) -> str | None:
        if aliases and name in self.aliases:
            return self.aliases[name]
        return name if name in self.names else None


def test_the_longest_run_of_words_that_is_a_tag_wins() -> None:
    assert to_sexp(parse("new york city", Known("new", "new_york", "new_york_city")).tree) == "new_york_city"


def test_tags_compare_without_case_and_a_space_equals_an_underscore() -> None:
    assert (
        to_sexp(parse('Blue  SKY, BLUE_sky, "blue sky"', Known("blue_sky")).tree)
        == "(and blue_sky blue_sky blue_sky)"
    )


def test_aliases_apply_unless_bypassed() -> None:
    known = Known("cat", kitty="cat")
    assert to_sexp(parse("kitty", known).tree) == "cat"
    assert to_sexp(parse("unaliased:kitty", known).tree) == "kitty"


def test_a_field_forces_a_tag() -> None:
    assert to_sexp(read_untagged("tag:dog").tree) == "dog"
    assert to_sexp(read_untagged('tag:"dog on a beach"').tree) == "dog_on_a_beach"


def test_a_negated_unknown_word_is_a_description_to_avoid() -> None:
    assert (
        to_sexp(read_untagged("beach -people").tree) == '(and (describe "beach") (not (describe "people")))'
    )


def test_unknown_words_under_or_look_at_text_fields_and_say_so() -> None:
    parsed = read_untagged("dog or cat")
    assert to_sexp(parsed.tree) == "(or (text = dog) (text = cat))"
    assert [warned.position for warned in parsed.warnings] == [0, 7]
    assert 'like:"dog"' in parsed.warnings[0].message


def test_words_that_are_operators_can_be_part_of_a_tag() -> None:
    assert (
        to_sexp(parse("salt and pepper or sugar", Known("salt_and_pepper", "sugar")).tree)
        == "(or salt_and_pepper sugar)"
    )


# --- operators and groups


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "all"),
        ("   ", "all"),
        ("a AND b Or c", "(or (and a b) c)"),
        ("NOT (a b)", "(not (and a b))"),
        ("NOT NOT a", "a"),
        ("- a", "(and - a)"),
        ("--", "--"),
        ("~a c ~b", "(and a c b)"),
        ("a ~b ~c d", "(and a d (or b c))"),
        ("{a b ~ c}", "(or (and a b) c)"),
        ("{a, b && c}", "(or a (and b c))"),
        ("re\\:zero \\-a", "(and re:zero -a)"),
        ("(a}", '"a}"'),
        ('"a', "a"),
    ],
)
def test_operators(text: str, expected: str) -> None:
    assert sexp(text) == expected.replace('"a}"', "a}")


def test_a_warning_names_the_place() -> None:
    assert read("abc (def").warnings == (("unclosed '(' closed at end", 4),)
    assert read("abc width:x").warnings == (("width: 'x' is not a number", 10),)


# --- fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("width:5..", "(width >= 5)"),
        ("width:..5", "(width <= 5)"),
        ("width!=5", "(width != 5)"),
        ("rating:>3,forest", "(and (rating > 3) forest)"),
        ("rating:>3,1", "(rating in >3,1)"),
        ("id:1, 2", "(and (id = 1) 2)"),
        ("user:anna,width:5", "(and (user = anna) (width = 5))"),
        ("user:anna,-forest", "(and (user = anna) (not forest))"),
        ("WIDTH:5", "(width = 5)"),
        ("widths:5", "widths:5"),
        ("type>jpeg", "type>jpeg"),
        ("colour:teal,#f80", "(colour in teal,#f80)"),
        ("similar:12@colour", "(similar = 12@colour)"),
        ("filesize:1.5MiB", "(filesize = 1.5MiB)"),
        ('source:"a \\"b\\""', '(source = a "b")'),
    ],
)
def test_fields(text: str, expected: str) -> None:
    assert sexp(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("width:5..x", "width: 'x' is not a number"),
        ("date:2024-13", "date: '2024-13' is not a date that exists"),
        ("date:99999", "date: '99999' is not a date such as 2024-06"),
        ("age:5", "age: '5' is not an age such as 2w (s mi h d w mo y)"),
        ("ratio:16:0", "ratio: '16:0' is not a ratio such as 16:9"),
        ("sha256:abc", "sha256: 'abc' is not at least 8 digits of a checksum (0-9, a-f)"),
        ("colour:blurple", "colour: 'blurple' is not a colour such as #ff8800 or teal"),
        (
            "similar:x",
            "similar: 'x' is not a photo's number, with @look, @colour, @tags, @structure or nothing behind it",
        ),
        ("id:-5", "id: '-5' is not a whole number"),
    ],
)
def test_an_invalid_value_matches_nothing_even_negated_and_says_so(text: str, complaint: str) -> None:
    for sign in ("", "-"):
        parsed = read(sign + text)
        assert to_sexp(parsed.tree) == "none"
        assert [warned.message for warned in parsed.warnings] == [complaint]


def test_a_field_without_a_value_is_passed_over() -> None:
    parsed = read("forest width:")
    assert to_sexp(parsed.tree) == "forest"
    assert parsed.warnings == (("width: a value is missing", 13),)


@pytest.mark.parametrize(
    ("text", "value"),
    [("order:newest", "newest"), ("sort:width:asc", "width_asc"), ("order:random:Seed", "random:seed")],
)
def test_orders_are_controls_not_filters(text: str, value: str) -> None:
    parsed = read(f"forest {text}")
    assert to_sexp(parsed.tree) == "forest"
    assert parsed.control("order") == value


def test_an_unknown_order_is_left_out_with_a_warning() -> None:
    parsed = read("order:sideways")
    assert parsed.controls == ()
    assert parsed.warnings[0].message.startswith("order: 'sideways' is not an order; known are newest")
