"""How a query is understood, over the API and with every field that is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gallery.search.parsing import parse_for
from tests.api.client import ApiClient
from tests.factories import make_user
from tests.search.library import photo_with

pytestmark = pytest.mark.django_db

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "query_cases.json").read_text()
)


def test_the_reference_cases_hold_over_the_api() -> None:
    api = ApiClient(make_user())
    for case in CASES:
        answer = api.get("search/parse", q=case["query"], words="tags").json()
        found = (answer["tree"], answer["warnings"], answer["controls"])
        assert found == (case["ast"], case["warnings"], case["controls"]), case["query"]
        assert len(answer["positions"]) == len(answer["warnings"])


def test_without_the_switch_the_tags_that_the_asker_may_see_are_known() -> None:
    owner, other = make_user(), make_user()
    photo_with(owner, tags=["blue_sky"], visibility="private")
    assert parse_for(owner, "blue sky dog")["tree"] == '(and blue_sky (describe "dog"))'
    assert parse_for(other, "blue sky dog")["tree"] == '(describe "blue sky dog")'


def test_chips_come_with_the_tree() -> None:
    answer = ApiClient(make_user()).get("search/parse", q="beach width:>5", words="tags").json()
    assert [chip["text"] for chip in answer["understood"]] == ["tag beach", "width above 5"]


@pytest.mark.parametrize("query", ["", "\x00", "\ud800", "(" * 3_000, '"' * 99])
def test_any_query_is_answered(query: str) -> None:
    encoded = query.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert ApiClient(make_user()).get("search/parse", q=encoded).status_code == 200
