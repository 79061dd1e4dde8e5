"""What the tests of uploads in parts share."""

from __future__ import annotations

import pytest

from gallery.models import User
from tests.factories import make_user
from tests.tus import TusClient, leftovers


@pytest.fixture
def person() -> User:
    return make_user()


@pytest.fixture
def tus(person: User) -> TusClient:
    """Speaks as `person`, and no bytes lie about: rows of other tests were rolled back, their files were not."""
    for file in leftovers():
        file.unlink()
    return TusClient(person)
