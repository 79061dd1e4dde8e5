"""The published description of the API holds: nothing that can be asked gets an answer that it does not name.

Schemathesis makes up requests from the description, right ones and wrong ones, for each operation; each goes through
the whole site in this process and is forgotten with its transaction.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from gallery.api import api
from gallery.describe import PictureAnswer
from tests.api.known import Known, aimed, make_library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    Case = schemathesis.Case[Any]

pytestmark = pytest.mark.django_db

#: More of them, for a thorough search: SCHEMA_EXAMPLES=300 with --hypothesis-seed.
EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "3"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
BRIEF = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
#: And each field wrong once, each method that is not there, each field left out.
THOROUGH = settings(BRIEF, phases=[Phase.explicit, Phase.generate])
SCHEMA = schemathesis.openapi.from_dict(
    dict(api.get_openapi_schema()),
    config=SchemathesisConfig.from_dict({"generation": {"mode": "all", "with-security-parameters": False}}),
)
SITE = get_wsgi_application()


def ended(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """The site, whose answers are read and closed, as a web server does: else each upload would leave its file."""
    answer: Any = SITE(environ, start_response)
    try:
        return list(answer)
    finally:
        answer.close()


SCHEMA.app = ended


@pytest.fixture
def known(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Known]:
    """The library, and a query worker that has nothing to say about pictures.

    As with Django's own test client, a request leaves the connection of the test's transaction open.
    """
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    monkeypatch.setattr("gallery.api.search.picture_answer", lambda *_: PictureAnswer(None, "", "", 8, 8))
    yield make_library()
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def unfair(case: Case) -> list[Any]:
    """The checks that this request cannot be held against.

    In a form all is text, so a field "of the wrong type" is one of the right type. `health` says by 503 what is broken.
    """
    if case.media_type == "multipart/form-data":
        return [negative_data_rejection]
    return [not_a_server_error] if case.operation.path.endswith("/health") else []


def aim(case: Case, known: Known) -> None:
    """Let most numbers and names in the request stand for things that are there."""
    path = {name: aimed(name, value, known) for name, value in case.path_parameters.items()}
    if path != case.path_parameters:
        case.path_parameters = path
    if case.media_type == "application/json":
        body = aimed("", case.body, known)
        if body != case.body:
            case.body = body


def ask(case: Case, known: Known, who: str) -> None:
    """Send the request, forget what it did, and check the answer."""
    aim(case, known)
    headers = {"Authorization": f"Bearer {known.tokens[who]}"} if who in known.tokens else {}
    with transaction.atomic():
        response = case.call(headers=headers)
        transaction.set_rollback(True)
    case.validate_response(response, checks=CHECKS, excluded_checks=unfair(case))


@SCHEMA.parametrize()
@THOROUGH
def test_an_admin_gets_what_the_description_names(case: Case, known: Known) -> None:
    ask(case, known, "admin")


@SCHEMA.parametrize()
@BRIEF
def test_a_viewer_gets_what_the_description_names(case: Case, known: Known) -> None:
    ask(case, known, "viewer")


@SCHEMA.parametrize()
@BRIEF
def test_a_stranger_gets_what_the_description_names(case: Case, known: Known) -> None:
    ask(case, known, "stranger")
