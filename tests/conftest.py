"""What all tests share: their own PostgreSQL and Redis, and a clean Redis between tests."""

from collections.abc import Iterator

import django
import pytest

from tests.environment import TestWorld

WORLD = TestWorld()
WORLD.enter()
django.setup()

from django.conf import settings  # noqa: E402 - the environment has to be set first
from django.core.cache import cache  # noqa: E402
from django.test import override_settings  # noqa: E402

from gallery.embedded.servers import Servers  # noqa: E402

POSTGRES_OPTIONS = {
    # What a test session writes need not outlive a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
}


def pytest_unconfigure() -> None:
    """Leave no process and no file behind."""
    WORLD.leave()


class LazyServers:
    """The session's servers, started by the first test that needs them."""

    def __init__(self) -> None:
        self.servers = Servers(settings.GALLERY_DATA, postgres_options=POSTGRES_OPTIONS)
        self.started = False

    def start(self) -> None:
        """Start PostgreSQL and Redis unless they run."""
        if not self.started:
            self.servers.acquire()
            self.started = True

    def stop(self) -> None:
        """Stop them."""
        if self.started:
            self.servers.release()


LAZY_SERVERS = LazyServers()


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Redis for this session."""
    LAZY_SERVERS.start()
    yield
    LAZY_SERVERS.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None) -> None:
    """Start the servers before the test database is made."""


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> Iterator[None]:
    """Serve static files under their own names: the manifest is made at start, for the real site."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(autouse=True)
def clean_redis() -> Iterator[None]:
    """Start every test with an empty Redis."""
    yield
    if LAZY_SERVERS.started:
        cache.clear()
