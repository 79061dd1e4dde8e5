"""Walking the table: the addresses that the resolver knows, and one request for each rule and actor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import URLResolver, get_resolver

from tests.security.rules import METHODS, NO_METHOD, SAFE, Rule, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.security.actors import Actor
    from tests.security.library import Library

PART = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
MISSING = 999_999_999
"""The number of nothing."""


def known_urls(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every address that the site answers, as its patterns spell it."""
    for entry in (resolver or get_resolver()).url_patterns:
        spelled = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from known_urls(entry, spelled)
        else:
            yield spelled


def path_of(rule: Rule, library: Library, *, number: object = None) -> str:
    """The address of a rule's thing in this library, or of another `number`."""
    thing = getattr(library, rule.thing).pk if rule.thing else ""
    wanted = str(thing if number is None else number)
    filled = PART.sub(lambda found: rule.parts.get(found[1] or found[2], wanted), rule.url)
    path = "/" + filled.replace("^", "").removesuffix("$")
    return f"{path}?{rule.query}" if rule.query else path


def other_methods(rules: Iterable[Rule], methods: Iterable[str] = METHODS) -> list[Rule]:
    """For each address the methods that no rule names: nobody gets an answer to them."""
    first: dict[str, Rule] = {}
    named: dict[str, set[str]] = {}
    for rule in rules:
        first.setdefault(rule.url, rule)
        named.setdefault(rule.url, set()).update(rule.known_methods)
    left = {url: [method for method in methods if method not in named[url]] for url in first}
    return [
        Rule(" ".join(left[url]), url, NO_METHOD, thing=rule.thing, parts=rule.parts)
        for url, rule in first.items()
        if left[url]
    ]


def ask(actor: Actor, method: str, rule: Rule, library: Library, *, number: object = None) -> Any:
    """The answer to a rule's request."""
    body, content_type = rule.body(library).encoded() if rule.body else (b"", "")
    return actor.ask(method, path_of(rule, library, number=number), body, content_type, rule.headers)


def content_of(response: Any) -> bytes:
    """The body of an answer; a file is read to its end, which closes it."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def ask_and_forget(actor: Actor, method: str, rule: Rule, library: Library) -> Any:
    """The answer to a request; what it changed is taken back, so that the next one finds the same library."""
    with transaction.atomic():
        response = ask(actor, method, rule, library)
        content_of(response)
        transaction.set_rollback(True)
    return response


def ask_to_the_end(actor: Actor, method: str, rule: Rule, library: Library) -> Any:
    """The answer to a request that changes nothing, so that there is nothing to take back."""
    response = ask(actor, method, rule, library)
    content_of(response)
    return response


def the_way(method: str, rule: Rule) -> Callable[[Actor, str, Rule, Library], Any]:
    """How to ask: what others prove to change nothing costs half as much where it need not be taken back."""
    return ask_to_the_end if method in SAFE.split() or rule.door == NO_METHOD else ask_and_forget


def deviations(
    rules: Iterable[Rule], actors: Iterable[Actor], library: Library, *, public_gallery: bool = False
) -> list[str]:
    """A line for each answer that is not the table's."""
    found = []
    for rule in rules:
        for method in rule.known_methods:
            for actor in actors:
                wanted = rule.expected(actor.name, public_gallery=public_gallery)
                came = outcome(the_way(method, rule)(actor, method, rule, library))
                if came != wanted:
                    path = path_of(rule, library)
                    found.append(f"{method} {path} ({rule.door}) as {actor.name}: {came}, not {wanted}")
    return found


def told(lines: list[str]) -> str:
    """All deviations, one below the other."""
    return "\n".join(["", *lines])
