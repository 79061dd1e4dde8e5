"""The stack of the compose file, started once for the tests that look at it from outside."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.deploy.stack import Person, Stack
from tests.live import EndsEarly


@pytest.fixture(scope="session")
def stack(servers: None, ends_early: EndsEarly) -> Iterator[Stack]:
    """The whole stack behind nginx, with TLS."""
    running = Stack(settings.GALLERY_DATA / "deployed", "deployed", redis_number=2)
    try:
        running.start()
        with ends_early("the stack behind nginx", running.stop):
            yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def people(stack: Stack) -> dict[str, Person]:
    """Two who upload."""
    return stack.people(anna="uploader", ben="uploader")


@pytest.fixture
def anna(people: dict[str, Person]) -> Person:
    return people["anna"]


@pytest.fixture
def ben(people: dict[str, Person]) -> Person:
    return people["ben"]
