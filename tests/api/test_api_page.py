"""docs/api.md names every operation of the API, and its examples are requests that the API takes."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from gallery.api import api

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
ROOT = "/api/v1/"
SCHEMA: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
EXAMPLES = re.findall(r"^curl .*$", PAGE, re.MULTILINE)


@dataclass
class Sent:
    """What a command line of curl sends."""

    method: str = ""
    path: str = ""
    headers: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)

    @property
    def sends_json(self) -> bool:
        return "Content-Type: application/json" in self.headers


def read(line: str) -> Sent:
    """The command line, understood as curl does."""
    sent, words = Sent(), iter(shlex.split(line)[1:])
    as_query = False
    for word in words:
        match word:
            case "-X":
                sent.method = next(words)
            case "-H":
                sent.headers.append(next(words))
            case "-d" | "--data-urlencode":
                sent.data.append(next(words))
            case "-F":
                sent.fields.append(next(words).partition("=")[0])
            case "-G":
                as_query = True
            case _:
                sent.path = word.removeprefix("$SITE")
    has_body = bool(sent.data or sent.fields) and not as_query
    sent.method = sent.method or ("POST" if has_body else "GET")
    return sent


def operation(sent: Sent) -> dict[str, Any]:
    """The operation of the description that the request is for. Fixed addresses go before patterns."""
    address = sent.path.partition("?")[0]
    for path, methods in sorted(SCHEMA["paths"].items(), key=lambda item: item[0].count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, address) and sent.method.lower() in methods:
            found: dict[str, Any] = methods[sent.method.lower()]
            return found
    raise AssertionError(f"There is no {sent.method} {sent.path}.")


def body_schema(found: dict[str, Any], media_type: str) -> dict[str, Any]:
    schema: dict[str, Any] = found["requestBody"]["content"][media_type]["schema"]
    return {**schema, "components": SCHEMA["components"]}


def test_the_table_names_every_operation_and_no_other() -> None:
    named = re.findall(r"^\| `([A-Z]+ \S+)` \|", PAGE, re.MULTILINE)
    published = [
        f"{method.upper()} {path.removeprefix(ROOT)}"
        for path, methods in SCHEMA["paths"].items()
        for method in methods
    ]
    assert sorted(named) == sorted(published)


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_is_a_request_that_the_description_allows(line: str) -> None:
    sent = read(line)
    found = operation(sent)

    if sent.sends_json:
        jsonschema_rs.validator_for(body_schema(found, "application/json")).validate(json.loads(sent.data[0]))
    elif sent.fields:
        assert set(sent.fields) <= set(body_schema(found, "multipart/form-data")["properties"])
    else:
        names = {parameter["name"] for parameter in found["parameters"]}
        assert {part.partition("=")[0] for part in sent.data} <= names


@pytest.mark.parametrize("status", sorted(re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)))
def test_a_status_of_the_page_is_one_that_the_description_knows(status: str) -> None:
    answers = {
        code
        for methods in SCHEMA["paths"].values()
        for found in methods.values()
        for code in found["responses"]
    }
    assert status in answers | {"405"}


def test_every_operation_and_every_field_is_described_in_words() -> None:
    silent = [
        f"{method} {path}"
        for path, methods in SCHEMA["paths"].items()
        for method, found in methods.items()
        if not found.get("description") or not all(each.get("description") for each in found["parameters"])
    ]
    silent += [
        f"{name}.{key}"
        for name, shape in SCHEMA["components"]["schemas"].items()
        for key, each in shape.get("properties", {}).items()
        if not each.get("description")
    ]
    assert silent == []
