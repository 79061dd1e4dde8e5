"""An answer that fails says what is away, to people and to programs."""

from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from gallery.models import User
from gallery.storage_url import storages_for
from tests.factories import make_photo, make_user
from tests.live import free_port
from tests.s3_server import KEYS

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return make_user("anna")


@pytest.fixture
def browser(anna: User) -> Client:
    """Anna's browser, which shows failed answers instead of raising what made them fail."""
    client = Client(raise_request_exception=False)
    client.force_login(anna)
    return client


def as_if_away(*call: Any) -> Any:
    """What psycopg raises when the server has gone."""
    raise OperationalError("the connection is closed")


def test_without_the_database_a_page_says_so(browser: Client) -> None:
    with connection.execute_wrapper(as_if_away):
        answer = browser.get("/")

    assert answer.status_code == 503
    assert "The database does not answer." in answer.content.decode()
    assert answer.headers["Retry-After"] == "30"


def test_without_the_database_the_api_says_so(browser: Client) -> None:
    with connection.execute_wrapper(as_if_away):
        answer = browser.get("/api/v1/photos")

    assert (answer.status_code, answer.json()["code"]) == (503, "database-away")


def test_without_the_store_a_download_says_so(browser: Client, anna: User, settings: Settings) -> None:
    photo = make_photo(anna)
    away = f"s3://photos?endpoint=http://127.0.0.1:{free_port()}&region=eu-central-1"
    found = storages_for(away, data=Path("/nowhere"), access_key=KEYS[0], secret_key=KEYS[1])
    settings.STORAGES = {**settings.STORAGES, **found}

    answer = browser.get(f"/media/originals/{photo.pk}")

    assert answer.status_code == 503
    assert "The store of the photos does not answer." in answer.content.decode()


def test_a_fault_of_the_program_keeps_the_shape_of_the_api(browser: Client) -> None:
    def broken(*call: Any) -> Any:
        raise ZeroDivisionError

    with connection.execute_wrapper(broken):
        answer = browser.get("/api/v1/photos")

    assert (answer.status_code, answer.json()["code"]) == (500, "server-error")
