"""What holds for every address: looking changes nothing, changing needs the CSRF token, hidden is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import Client

from tests.security.actors import Actor
from tests.security.admin_routes import ADMIN
from tests.security.api_routes import API
from tests.security.page_routes import PAGES
from tests.security.rules import Rule
from tests.security.tables import changed, digests
from tests.security.walk import MISSING, ask, ask_and_forget, content_of, path_of, told

if TYPE_CHECKING:
    from tests.security.library import Library

RULES = [*PAGES, *API, *ADMIN]
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
HIDDEN = [rule for rule in [*PAGES, *API] if rule.thing and rule.door.endswith(("private", "404", "alone"))]
PASSING = re.compile(rb'nonce(-|=")[^"\';]+|name="csrf[^>]+>|[?&;]part=panel|\d+')
"""What differs between two answers that say the same: nonces, CSRF tokens, and the number that was asked for."""


def looked_and_changed(
    rules: list[Rule], actors: dict[str, Actor], method: str, library: Library
) -> list[str]:
    """The tables that changed while everybody looked; the change is taken back."""
    before = digests()
    with transaction.atomic():
        for rule in rules:
            for actor in actors.values():
                content_of(ask(actor, method, rule, library))
        tables = changed(before, digests())
        transaction.set_rollback(bool(tables))
    return tables


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(library: Library, actors: dict[str, Actor], method: str) -> None:
    looked = [rule for rule in RULES if method in rule.known_methods]
    assert len(looked) > 50
    if looked_and_changed(looked, actors, method, library):
        # All once more, one by one, to say which it was.
        by_path = {
            path_of(rule, library): looked_and_changed([rule], actors, method, library) for rule in looked
        }
        lines = [f"{method} {path} changed {', '.join(tables)}" for path, tables in by_path.items() if tables]
        pytest.fail(told(lines))


def test_a_change_shows_in_the_digests(library: Library, actors: dict[str, Actor]) -> None:
    before = digests()
    ask(actors["owner"], "POST", next(rule for rule in RULES if rule.url == "photos/<int:pk>/edit"), library)

    assert "gallery_photo" in changed(before, digests())


def changing(rules: list[Rule]) -> list[tuple[str, Rule]]:
    """Everything that somebody may do, by the methods that change things."""
    return [
        (method, rule)
        for rule in rules
        for method in rule.known_methods
        if method in CHANGING and rule.status < 400 and not rule.door.endswith(("nobody", "api everyone"))
    ]


def test_a_session_changes_nothing_without_the_csrf_token(library: Library) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(library.people["admin"], backend="django.contrib.auth.backends.ModelBackend")
    strict, lines = Actor("admin", client, {}), []
    before = digests()
    for method, rule in changing(RULES):
        status = ask(strict, method, rule, library).status_code
        if status != 403:
            lines.append(f"{method} {path_of(rule, library)}: {status}, not 403")
    assert not lines, told(lines)
    assert not changed(before, digests())


def test_a_token_changes_things_without_a_csrf_token(library: Library, actors: dict[str, Actor]) -> None:
    strict = Actor("upload", Client(enforce_csrf_checks=True), actors["upload"].headers)
    wanted = [(method, rule) for method, rule in changing(API) if rule.expected("upload") == str(rule.status)]
    statuses = {
        (method, rule.url): ask_and_forget(strict, method, rule, library).status_code
        for method, rule in wanted
    }
    assert len(statuses) > 10
    assert all(status < 400 for status in statuses.values()), statuses


def said(response: Any) -> tuple[int, str, bytes]:
    """An answer without what differs each time."""
    return (
        response.status_code,
        response.headers.get("Content-Type", ""),
        PASSING.sub(b"", content_of(response)),
    )


@pytest.mark.parametrize("name", ["viewer", "other"])
def test_what_is_hidden_is_answered_as_what_does_not_exist(
    library: Library, actors: dict[str, Actor], name: str
) -> None:
    lines, compared = [], 0
    for rule in HIDDEN:
        for method in rule.known_methods:
            if rule.expected(name) != "404":
                continue
            compared += 1
            hidden = said(ask(actors[name], method, rule, library))
            missing = said(ask(actors[name], method, rule, library, number=MISSING))
            if hidden != missing:
                lines.append(f"{method} {path_of(rule, library)}: {hidden} is not {missing}")
    assert compared > 30
    assert not lines, told(lines)
