"""The worked example of docs/first-change.md does what the page says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.models import Photo
from gallery.search import fields, search
from gallery.search.syntax import FIELDS
from tests.factories import make_photo, make_user

PAGE = Path(__file__).resolve().parents[2] / "docs" / "first-change.md"

pytestmark = pytest.mark.django_db


@pytest.fixture
def documented_field() -> Iterator[None]:
    """The field `sharpness:`, registered by the code on the page, for one test."""
    known_fields, known_checks = dict(FIELDS), dict(fields._CHECKS)
    (example,) = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    names: dict[str, object] = {}
    exec(compile(example, str(PAGE), "exec"), names)  # noqa: S102 - the page's own code
    register = names["register_sharpness"]
    assert callable(register)
    register()
    yield
    FIELDS.clear()
    FIELDS.update(known_fields)
    fields._CHECKS.clear()
    fields._CHECKS.update(known_checks)


@pytest.mark.usefixtures("documented_field")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sharpness:>20", {"sharp.jpg"}),
        ("sharpness:3..10", {"soft.jpg"}),
        ("-sharpness:>20", {"soft.jpg", "unknown.jpg"}),
    ],
)
def test_the_example_of_a_search_field_works(text: str, found: set[str]) -> None:
    anna = make_user("anna")
    for name, sharpness in {"sharp.jpg": 31.5, "soft.jpg": 4.0, "unknown.jpg": None}.items():
        photo = make_photo(anna, file_name=name)
        Photo.objects.filter(pk=photo.pk).update(sharpness=sharpness)

    page = search(anna, text)

    assert page.warnings == []
    assert {photo.file_name for photo in page.photos} == found
