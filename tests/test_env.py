"""Settings from the environment, and the sentences for wrong ones."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from gallery import env


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "secret"))

    assert env.text("THING") == "hidden"


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING_FILE", "/nowhere/secret")

    with pytest.raises(ImproperlyConfigured, match="THING_FILE points to /nowhere/secret"):
        env.text("THING")


@pytest.mark.parametrize(("raw", "value"), [("1", True), ("Yes", True), ("off", False), ("", False)])
def test_booleans_have_several_spellings(monkeypatch: pytest.MonkeyPatch, raw: str, value: bool) -> None:
    monkeypatch.setenv("THING", raw)

    assert env.boolean("THING", not value) is value


@pytest.mark.parametrize("raw", ["maybe", "2"])
def test_a_wrong_boolean_stops_the_start(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv("THING", raw)

    with pytest.raises(ImproperlyConfigured, match="THING must be 1 or 0"):
        env.boolean("THING", False)


@pytest.mark.parametrize(("raw", "words"), [("many", "whole number"), ("0", "between 1 and 9")])
def test_a_wrong_number_stops_the_start(monkeypatch: pytest.MonkeyPatch, raw: str, words: str) -> None:
    monkeypatch.setenv("THING", raw)

    with pytest.raises(ImproperlyConfigured, match=words):
        env.integer("THING", 5, minimum=1, maximum=9)


def test_a_wrong_choice_lists_the_right_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "purple")

    with pytest.raises(ImproperlyConfigured, match="red, blue"):
        env.choice("THING", "red", ("red", "blue"))


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING", "a, b,,c ")

    assert env.listing("THING", []) == ["a", "b", "c"]
