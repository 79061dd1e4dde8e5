"""Who gets in where: every address x every method x everybody who may ask. A new address needs a row in the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.security.admin_routes import ADMIN
from tests.security.api_routes import API
from tests.security.page_routes import PAGES
from tests.security.tables import changed, digests
from tests.security.walk import deviations, known_urls, other_methods, told

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.security.actors import Actor
    from tests.security.library import Library

ALL_RULES = [*PAGES, *API, *ADMIN]


def test_every_address_has_its_rows_and_every_row_an_address() -> None:
    known, named = set(known_urls()), {rule.url for rule in ALL_RULES}

    assert known - named == set(), "addresses without a row in tests/security/*_routes.py"
    assert named - known == set(), "rows that name no address"


def test_the_pages_let_in_whom_they_should(library: Library, actors: dict[str, Actor]) -> None:
    lines = deviations(PAGES, actors.values(), library)
    assert not lines, told(lines)


def test_the_api_lets_in_whom_it_should(library: Library, actors: dict[str, Actor]) -> None:
    lines = deviations(API, actors.values(), library)
    assert not lines, told(lines)


def test_the_admin_lets_in_admins_only(library: Library, actors: dict[str, Actor]) -> None:
    lines = deviations(ADMIN, actors.values(), library)
    assert not lines, told(lines)


def test_no_other_method_is_answered(library: Library, actors: dict[str, Actor]) -> None:
    before = digests()
    lines = deviations(other_methods([*PAGES, *API]), actors.values(), library)
    assert not lines, told(lines)
    assert not changed(before, digests())


def test_a_public_gallery_opens_to_strangers_what_is_public_and_no_more(
    library: Library, actors: dict[str, Actor], settings: Settings
) -> None:
    settings.PUBLIC_GALLERY = True
    lines = deviations([*PAGES, *API], [actors["anonymous"]], library, public_gallery=True)
    assert not lines, told(lines)
