"""What all tests share: their own PostgreSQL and Redis, and a clean Redis between tests."""

import os
from collections.abc import Iterator

import django
import hypothesis
import pytest
from pytest_django import DjangoDbBlocker

from tests.environment import TestWorld

# The same examples with every run, since what a change is judged by must not depend on chance: new ones are tried with
# `make test ARGS=--hypothesis-profile=new`. And no limit on time, as a loaded machine may take any.
PATIENT = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("new", PATIENT)
hypothesis.settings.register_profile("repeatable", PATIENT, derandomize=True)
hypothesis.settings.load_profile("repeatable")

WORLD = TestWorld()
WORLD.enter()
django.setup()

from django.conf import settings  # noqa: E402 - the environment has to be set first
from django.core.cache import cache  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import override_settings  # noqa: E402

from gallery import marker  # noqa: E402
from gallery.embedded import database_url, redis_url  # noqa: E402
from gallery.embedded.servers import Servers  # noqa: E402
from gallery.models import Job, SharedState  # noqa: E402
from tests.live import NO_MODEL, EndsEarly, LiveSite, wait_until  # noqa: E402

pytest_plugins = ["tests.browser", "tests.marked", "tests.backups", "tests.sharing"]

POSTGRES_OPTIONS = {
    # What a test session writes need not outlive a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
}


def pytest_xdist_setupnodes() -> None:
    """Let each process of a parallel run make a world of its own: it would read its settings from this one's."""
    os.environ.pop("DJANGO_SETTINGS_MODULE")


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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database; what is left of a killed process's connections does not keep it from being removed."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> Iterator[None]:
    """Serve static files under their own names: the manifest is made at start, for the real site."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords at once: the slow hash of the real site takes a quarter of a second for each person made."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def clean_redis() -> Iterator[None]:
    """Start every test with an empty Redis."""
    yield
    if LAZY_SERVERS.started:
        cache.clear()


@pytest.fixture(autouse=True)
def no_known_instance() -> None:
    """Let no test know the id of a library that another test has made."""
    marker.forget()


@pytest.fixture(scope="session")
def site_processes(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, ends_early: EndsEarly
) -> Iterator[LiveSite]:
    """The whole site on the test database: web, workers and beat under the real supervisor."""
    environment = {
        "DATABASE_URL": database_url(WORLD.data, settings.DATABASES["default"]["NAME"]),
        # Another number than the tests' own, which is emptied after each test.
        "REDIS_URL": redis_url(WORLD.data).replace("db=0", "db=1"),
        "GALLERY_ADMIN_PASSWORD": "only for the start",
        "WORKER_PROCESSES": "2",
        "CLIP_PRETRAINED": NO_MODEL,
    }
    site = LiveSite(data=WORLD.data, environment=environment)

    def end() -> None:
        site.stop()
        with django_db_blocker.unblock():
            SharedState.objects.all().delete()

    try:
        site.start()
        with django_db_blocker.unblock():
            # Tests put other stores in place of the marked one; those about the mark make their own.
            SharedState.objects.filter(key=marker.STATE_KEY).delete()
        # Its workers write into the tables of all tests.
        with ends_early("the site", end):
            yield site
    finally:
        site.stop()


@pytest.fixture
def live_site(transactional_db: None, site_processes: LiveSite) -> Iterator[LiveSite]:
    """The running site with an empty library; what its workers hold is finished before the next test."""
    yield site_processes
    wait_until("the workers have finished", _no_work_in_hand)


def _no_work_in_hand() -> bool:
    """Drop what nobody has taken up, also what finished work has just owed; whether no worker holds anything."""
    Job.objects.filter(worker="").delete()
    return not Job.objects.exclude(worker="").exists()
