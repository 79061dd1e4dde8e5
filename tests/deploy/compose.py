"""docker-compose.yml as Docker reads it: values filled in from the environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).resolve().parent.parent.parent
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
REFERENCE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Z_]+)(?:(?P<kind>:-|:\?)(?P<rest>[^}]*))?\}|(?P<other>.))"
)


def compose(environment: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with `environment` filled in. Raises ValueError as Docker would."""
    filled: dict[str, Any] = _fill(yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8")), environment)
    return filled


def names_in_compose() -> set[str]:
    """Every variable that the compose file reads from .env."""
    text = COMPOSE_FILE.read_text(encoding="utf-8")
    return {found["name"] for found in REFERENCE.finditer(text) if found["name"]}


def _fill(node: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _fill(value, environment) for name, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, environment) for value in node]
    if isinstance(node, str):
        return REFERENCE.sub(lambda found: _value(found, environment), node)
    return node


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if found["dollar"]:
        return "$"
    if found["other"]:
        raise ValueError(f"A dollar sign that means itself is written twice: {found.string}")
    value = environment.get(found["name"], "")
    if value or found["kind"] is None:
        return value
    if found["kind"] == ":?":
        raise ValueError(found["rest"])
    return str(found["rest"])
