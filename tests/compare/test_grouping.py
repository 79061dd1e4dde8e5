import itertools
import random

import pytest

from dedup.compare.grouping import Edge, group
from dedup.compare.kinds import Kind


def _edges(*pairs: str, kind: Kind = Kind.SAME_PICTURE) -> list[Edge[str]]:
    return [Edge(pair[0], pair[1], kind, 0.9) for pair in pairs]


def test_every_member_was_verified_against_the_keeper() -> None:
    groups = group(_edges("ab", "bc", "cd"), "abcd")
    assert [(one.keeper, one.others) for one in groups] == [("a", ("b",)), ("c", ("d",))]


def test_chains_do_not_join() -> None:
    chain = [f"{one}{other}" for one, other in itertools.pairwise("abcdefgh")]
    for one in group(_edges(*chain), "hgfedcba"):
        assert len(one.others) == 1


def test_the_best_photo_leads_and_the_others_follow_in_order() -> None:
    (only,) = group(_edges("ab", "ac", "bc"), "cab")
    assert only.keeper == "c"
    assert only.others == ("a", "b")


def test_a_photo_stands_in_one_group_of_copies_only() -> None:
    groups = group(_edges("ax", "bx", "ay", "by"), "abxy")
    members = [key for one in groups for key in (one.keeper, *one.others)]
    assert sorted(members) == ["a", "x", "y"]


def test_near_shots_never_mix_with_copies() -> None:
    edges = _edges("ab") + _edges("ac", "bc", "cd", kind=Kind.NEAR_SHOT)
    copies, shots = group(edges, "abcd")
    assert (copies.keeper, copies.others, copies.kind) == ("a", ("b",), Kind.SAME_PICTURE)
    assert (shots.keeper, shots.others, shots.kind) == ("a", ("c",), Kind.NEAR_SHOT)


def test_a_group_is_as_weak_as_its_weakest_pair() -> None:
    edges = [Edge("a", "b", Kind.IDENTICAL_PIXELS, 1.0), Edge("c", "a", Kind.CROP, 0.93)]
    (only,) = group(edges, "abc")
    assert only.kind is Kind.CROP
    assert only.confidence == 0.93


def test_the_order_in_which_pairs_were_found_does_not_matter() -> None:
    chance = random.Random(1)
    keys = [f"photo {number}" for number in range(30)]
    pairs = chance.sample(list(itertools.combinations(keys, 2)), 60)
    edges = [Edge(one, other, chance.choice(list(Kind)), 0.9) for one, other in pairs]
    expected = group(edges, keys)
    for _ in range(5):
        shuffled = [
            edge if chance.random() < 0.5 else Edge(edge.second, edge.first, edge.kind, edge.confidence)
            for edge in chance.sample(edges, len(edges))
        ]
        found = group(shuffled, keys)
        assert [(one.keeper, one.others, one.kind) for one in found] == [
            (one.keeper, one.others, one.kind) for one in expected
        ]


def test_a_photo_without_a_place_in_the_order_is_an_error() -> None:
    with pytest.raises(KeyError):
        group(_edges("ab"), "a")


def test_nothing_verified_gives_no_group() -> None:
    assert group([], "abc") == []
